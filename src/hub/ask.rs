//! How the hub is asked.

use std::time::Duration;

use actix::{Addr, Handler, MailboxError, Message};

use super::LoginHub;

/// A hub that does not answer in this time is broken.
const LIMIT: Duration = Duration::from_secs(2);

/// What the hub answers, within two seconds. `Closed` is no fault: in the standalone server it ends
/// with its worker, on the way down.
pub async fn ask<M>(hub: &Addr<LoginHub>, question: M) -> Result<M::Result, MailboxError>
where
    M: Message<Result: Send> + Send + 'static,
    LoginHub: Handler<M>,
{
    let answer = hub.send(question).timeout(LIMIT).await;
    if matches!(answer, Err(MailboxError::Timeout)) {
        tracing::error!("the hub does not answer");
    }
    answer
}
