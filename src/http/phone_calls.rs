//! Scan, confirm, cancel: the same answers by HTTP and over the phone's socket.

use actix_web::{HttpResponse, http::StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{edge, extract::placed, language::Language};
use crate::{
    error::Error,
    login::{
        Login,
        ids::{Scene, Secret},
        phone::{Asking, Phone},
    },
    session::protocol::PhoneCall,
};

/// A status and what comes with it.
#[derive(Debug)]
pub struct Answered {
    /// As HTTP has it.
    pub status: StatusCode,
    /// Null where HTTP has no body.
    pub body: Value,
}

/// What Saoma answers to a call whose fields stand in `body`.
pub async fn answer(
    login: &Login,
    asking: Asking,
    language: Language,
    call: PhoneCall,
    body: &Value,
) -> Result<Answered, Error> {
    let body = match call {
        PhoneCall::Scan => {
            let phone = login.scanning_phone(asking).await?;
            scan(login, &phone, language, body).await?
        }
        PhoneCall::Confirm => confirm(login, asking, body).await?,
        PhoneCall::Cancel => {
            let phone = login.phone(asking).await?;
            login.refuse(&phone, &nonce(body)?).await?;
            return Ok(Answered {
                status: StatusCode::NO_CONTENT,
                body: Value::Null,
            });
        }
    };
    let status = StatusCode::OK;
    Ok(Answered { status, body })
}

/// The same for a call that was refused: the problem document, and a line in the log.
pub fn refused(error: &Error, language: Language) -> Answered {
    let id = Uuid::new_v4().to_string();
    let span = tracing::info_span!("socket", request_id = id, code = tracing::field::Empty);
    span.in_scope(|| edge::log(error));
    Answered {
        status: error.status(),
        body: json!(error.problem(language, &id)),
    }
}

impl From<Answered> for HttpResponse {
    fn from(answered: Answered) -> Self {
        let mut response = Self::build(answered.status);
        match answered.body {
            Value::Null => response.finish(),
            body => response.json(body),
        }
    }
}

async fn scan(
    login: &Login,
    phone: &Phone,
    language: Language,
    body: &Value,
) -> Result<Value, Error> {
    let entry_scene = body.get("entry_scene").and_then(Value::as_i64);
    let entry_scene = entry_scene.and_then(|number| i32::try_from(number).ok());
    let entry_scene = entry_scene.ok_or(Error::EntrySceneMissing)?;
    let scene = body.get("scene").and_then(Value::as_str);
    let scene = scene.and_then(Scene::parse).ok_or(Error::SceneMalformed)?;
    let scanned = login.scan(phone, &scene, entry_scene).await?;
    let (attempt, settings) = (&scanned.attempt, &login.settings);
    Ok(json!({
        "attempt": attempt.id,
        "nonce": scanned.nonce.expose(),
        "site": {"name": settings.site_name, "host": host(&settings.public_url)},
        "browser": placed(login, language, &attempt.browser),
        "requested_at": attempt.requested_at,
        "expires_in": attempt.expires_in,
        "registered": phone.user.is_some(),
        "check": attempt.check.as_str(),
        "warnings": scanned.warnings,
    }))
}

async fn confirm(login: &Login, asking: Asking, body: &Value) -> Result<Value, Error> {
    let confirmed = match (nonce(body), number(body)) {
        (Ok(nonce), Ok(None)) => login.confirm_plainly(asking, &nonce).await?,
        (nonce, number) => {
            // Who it is stands before what it says.
            let phone = login.phone(asking).await?;
            let number = number?;
            login.confirm(&phone, &nonce?, number).await?
        }
    };
    serde_json::to_value(confirmed).map_err(|error| Error::Internal(error.into()))
}

fn number(body: &Value) -> Result<Option<&str>, Error> {
    match body.get("number") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(number)) => Ok(Some(number)),
        Some(_) => Err(Error::BadRequest("number is no text".to_owned())),
    }
}

fn nonce(body: &Value) -> Result<Secret, Error> {
    let text = body.get("nonce").and_then(Value::as_str);
    text.and_then(Secret::parse).ok_or(Error::NonceInvalid)
}

fn host(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
