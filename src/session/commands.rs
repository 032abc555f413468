//! What a login page's socket asks the rules for.

use std::time::Duration;

use actix::{Addr, MailboxError};

use super::{logic::Command, protocol::ServerMessage};
use crate::{
    error::Error,
    hub::{
        LoginHub,
        messages::{Register, SocketId},
    },
    login::{Login, attempt::Attempt, begin::Requester, reason::Reason},
};

/// A hub that does not take a registration in this time is broken.
const HUB_LIMIT: Duration = Duration::from_secs(2);

/// Runs one command for a socket and returns the message that answers it. The
/// hub knows the socket before the state is read, so that nothing falls between.
///
/// Each use case is in a box of its own. In one piece the future has 18 KB in a
/// release build, and the next connection's two buffers of 8 KB, of which a quiet
/// one needs a page each, land in the hole that it leaves, where every page is in
/// use already.
pub async fn run(
    command: Command,
    login: &Login,
    hub: &Addr<LoginHub>,
    socket: SocketId,
    requester: &Requester,
) -> Result<ServerMessage, Error> {
    let before = match &command {
        Command::Begin => None,
        Command::Resume(id) | Command::Cancel(id) => Some(*id),
        Command::Refresh { attempt, .. } | Command::Check { attempt, .. } => Some(*attempt),
    };
    let mut ended = None;
    let attempt = match command {
        Command::Begin => Box::pin(login.begin(requester)).await?,
        Command::Resume(id) => {
            let Some(found) = Box::pin(login.take_over(id, requester)).await? else {
                let reason = Reason::AttemptUnknown.as_str();
                return Ok(ServerMessage::Failed {
                    attempt: id,
                    version: 0,
                    reason,
                });
            };
            register(hub, socket, &found).await?;
            // Once more: what happened in between was told to nobody here.
            let again = Box::pin(login.take_over(id, requester)).await?;
            again.ok_or(Error::AttemptUnknown)?
        }
        Command::Refresh {
            attempt,
            version,
            silent,
        } => {
            let refreshed = Box::pin(login.refresh(attempt, version, silent, requester)).await?;
            ended = refreshed.ended;
            refreshed.attempt
        }
        Command::Cancel(id) => match Box::pin(login.cancel(id, requester)).await {
            Err(
                Error::AlreadyConfirmed
                | Error::AttemptExpired
                | Error::AttemptFailed
                | Error::AttemptCancelled
                | Error::AlreadyRedeemed,
            ) => Box::pin(login.find(id, requester)).await?,
            outcome => outcome?,
        },
        Command::Check { attempt, code } => {
            Box::pin(login.check(attempt, requester, &code))
                .await?
                .attempt
        }
    };
    if before != Some(attempt.id) {
        register(hub, socket, &attempt).await?;
    }
    // Only now, so that this socket hears of its new attempt and not of the old one's end.
    if let Some(ended) = &ended {
        login.publish(ended);
    }
    Ok(login.message(&attempt))
}

async fn register(hub: &Addr<LoginHub>, socket: SocketId, attempt: &Attempt) -> Result<(), Error> {
    let order = Register {
        socket,
        attempt: attempt.id,
        version: attempt.version,
        over: !attempt.state.is_open(),
    };
    let answer = hub.send(order).timeout(HUB_LIMIT).await;
    answer.map_err(|error: MailboxError| Error::Internal(anyhow::anyhow!("hub: {error}")))
}
