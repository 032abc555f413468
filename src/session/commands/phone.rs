//! What a phone's socket asks for.

use actix::Addr;

use super::super::{
    caller::PhoneCaller,
    logic::{Answer, phone::PhoneCommand},
    protocol::ServerMessage,
};
use crate::{
    error::Error,
    http::phone_calls,
    hub::{
        LoginHub, ask,
        messages::{AwaitToken, RegisterPhone, SocketId, Watch},
    },
    login::Login,
};

pub(super) async fn run(
    command: PhoneCommand,
    login: &Login,
    hub: &Addr<LoginHub>,
    socket: SocketId,
    caller: &PhoneCaller,
) -> Result<Answer, Error> {
    match command {
        PhoneCommand::AwaitToken => {
            ask(hub, AwaitToken(socket)).await?;
            Ok(Answer::Done)
        }
        PhoneCommand::Identify(token) => {
            if token.is_some() {
                caller.token.replace(token);
            }
            let phone = Box::pin(caller.phone(login)).await?;
            let number = login.open_phone_socket(&phone).await?;
            drop(caller.permit.take());
            let order = RegisterPhone {
                socket,
                number,
                phone: phone.session.id,
                person: phone.session.identity,
            };
            ask(hub, order).await?;
            Ok(Answer::Done)
        }
        PhoneCommand::Call { id, call, body } => {
            let done = Box::pin(async {
                let asking = caller.asking()?;
                phone_calls::answer(login, asking, caller.language, call, &body).await
            });
            let answered = done.await;
            let answered =
                answered.unwrap_or_else(|error| phone_calls::refused(&error, caller.language));
            Ok(Answer::Tell(ServerMessage::Reply {
                id,
                status: answered.status.as_u16(),
                body: answered.body,
            }))
        }
        PhoneCommand::View(followed) => {
            let phone = Box::pin(caller.phone(login)).await?;
            let view = Box::pin(login.phone_view(&phone, followed)).await?;
            Ok(Answer::View(Box::new(view)))
        }
        PhoneCommand::Watch { attempt, sessions } => {
            let order = Watch {
                socket,
                attempt,
                sessions,
            };
            ask(hub, order).await?;
            Ok(Answer::Done)
        }
    }
}
