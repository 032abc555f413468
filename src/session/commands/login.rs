//! What a login page's socket asks the rules for.

use actix::Addr;

use super::super::logic::login::LoginCommand;
use crate::{
    error::Error,
    hub::{
        LoginHub, ask,
        messages::{Register, SocketId},
    },
    login::{Login, attempt::Attempt, begin::Requester, reason::Reason},
    session::protocol::ServerMessage,
};

/// Runs one command and returns the message that answers it. The hub knows the
/// socket before the state is read, so that nothing falls between.
pub(super) async fn run(
    command: LoginCommand,
    login: &Login,
    hub: &Addr<LoginHub>,
    socket: SocketId,
    requester: &Requester,
) -> Result<ServerMessage, Error> {
    let before = match &command {
        LoginCommand::Begin => None,
        LoginCommand::Resume(id) | LoginCommand::Cancel(id) => Some(*id),
        LoginCommand::Refresh { attempt, .. } | LoginCommand::Check { attempt, .. } => {
            Some(*attempt)
        }
    };
    let mut ended = None;
    let attempt = match command {
        LoginCommand::Begin => Box::pin(login.begin(requester)).await?,
        LoginCommand::Resume(id) => {
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
        LoginCommand::Refresh {
            attempt,
            version,
            silent,
        } => {
            let refreshed = Box::pin(login.refresh(attempt, version, silent, requester)).await?;
            ended = refreshed.ended;
            refreshed.attempt
        }
        LoginCommand::Cancel(id) => match Box::pin(login.cancel(id, requester)).await {
            Err(
                Error::AlreadyConfirmed
                | Error::AttemptExpired
                | Error::AttemptFailed
                | Error::AttemptCancelled
                | Error::AlreadyRedeemed,
            ) => Box::pin(login.find(id, requester)).await?,
            outcome => outcome?,
        },
        LoginCommand::Check { attempt, code } => {
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
    Ok(ask(hub, order).await?)
}
