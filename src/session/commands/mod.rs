//! What sockets ask the rules and the hub for.

mod login;
mod phone;

use actix::Addr;

use super::{
    caller::Caller,
    logic::{Answer, Command},
};
use crate::{
    error::Error,
    hub::{
        LoginHub, ask,
        messages::{Say, SocketId, Unsaid},
    },
    login::Login,
};

/// Runs one command for a socket and returns what became of it.
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
    caller: &Caller,
) -> Result<Answer, Error> {
    match (command, caller) {
        (Command::Login(command), Caller::Browser(requester)) => {
            login::run(command, login, hub, socket, requester)
                .await
                .map(Answer::Tell)
        }
        (Command::Phone(command), Caller::Phone(phone)) => {
            phone::run(command, login, hub, socket, phone).await
        }
        (Command::Say { session, text }, _) => {
            let say = Say {
                socket,
                session,
                text,
            };
            match ask(hub, say).await? {
                Ok(()) => Ok(Answer::Done),
                Err(Unsaid::PeerAbsent) => Err(Error::PeerAbsent),
                Err(Unsaid::TooMuch(rest)) => Err(Error::SlowDown(rest)),
            }
        }
        (Command::Login(_), Caller::Phone(_)) | (Command::Phone(_), Caller::Browser(_)) => Err(
            Error::Internal(anyhow::anyhow!("a command of another kind of socket")),
        ),
    }
}
