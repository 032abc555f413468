//! What other instances of this site say, on the admin address only.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Payload},
};
use tokio::time::timeout;

use crate::{
    broker::{Inbox, key::NewsKey, news},
    error::Error,
};

/// A message that takes longer to come is none of ours.
const LIMIT: Duration = Duration::from_secs(2);

/// Where other instances' news go, and by what they are known.
#[derive(Debug, Clone)]
pub struct FromOthers {
    /// Takes them.
    pub inbox: Inbox,
    /// What they present.
    pub key: NewsKey,
}

/// `POST /internal/news`: 204. Whoever has not the key finds nothing here.
pub async fn news(
    request: HttpRequest,
    from_others: Data<FromOthers>,
    body: Payload,
) -> Result<HttpResponse, Error> {
    let authorization = request.headers().get(header::AUTHORIZATION);
    if !authorization.is_some_and(|value| from_others.key.is_bearer(value.as_bytes())) {
        return Err(Error::NotFound);
    }
    let body = timeout(LIMIT, body.to_bytes_limited(news::LONGEST)).await;
    let body = body.map_err(|_| Error::BadRequest("the body took too long".to_owned()))?;
    let body = body.map_err(|_| Error::TooLarge)?;
    let body = body.map_err(|error| Error::BadRequest(error.to_string()))?;
    if !from_others.inbox.receive("direct", &body) {
        return Err(Error::BadRequest("no news".to_owned()));
    }
    Ok(HttpResponse::NoContent().finish())
}
