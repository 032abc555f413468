//! A request as the endpoints' rules see it.

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::Bytes;
use serde_json::{Map, Value};

use super::super::reply::ApiError;
use super::super::world::{MiniProgram, World};

pub(super) struct ApiRequest {
    /// The query's fields; the last of several with one name counts.
    pub(super) query: HashMap<String, String>,
    /// The caller's address, for the allowlist's refusal.
    pub(super) address: String,
    method: Method,
    body: Bytes,
}

impl ApiRequest {
    pub(super) fn new(request: &HttpRequest, body: &Bytes) -> Self {
        let query = url::form_urlencoded::parse(request.query_string().as_bytes());
        Self {
            query: query.into_owned().collect(),
            address: request
                .peer_addr()
                .map_or_else(String::new, |peer| peer.ip().to_string()),
            method: request.method().clone(),
            body: body.clone(),
        }
    }

    pub(super) fn require_post(&self) -> Result<(), ApiError> {
        if self.method == Method::POST {
            Ok(())
        } else {
            Err(ApiError::new(43002))
        }
    }

    /// The body's JSON object whatever its Content-Type; `None` if it is not one.
    pub(super) fn json(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Who calls, by app id and secret.
pub(super) struct Credentials<'a> {
    pub(super) app_id: &'a str,
    pub(super) secret: &'a str,
    pub(super) grant_type: &'a str,
}

impl Credentials<'_> {
    /// The app id is checked before all else; that the grant type comes before the secret is an
    /// assumption.
    pub(super) fn check<'w>(
        &self,
        world: &'w mut World,
        grant_type: &str,
    ) -> Result<&'w mut MiniProgram, ApiError> {
        if self.app_id.is_empty() {
            return Err(ApiError::new(41002));
        }
        let app = world.app_mut(self.app_id)?;
        if self.grant_type != grant_type {
            return Err(ApiError::new(40002));
        }
        if self.secret.is_empty() {
            return Err(ApiError::new(41004));
        }
        if self.secret != app.app_secret {
            return Err(ApiError::new(40125));
        }
        Ok(app)
    }
}

impl<'a> Credentials<'a> {
    pub(super) fn from_query(query: &'a HashMap<String, String>) -> Self {
        let field = |name| query.get(name).map_or("", String::as_str);
        Self {
            app_id: field("appid"),
            secret: field("secret"),
            grant_type: field("grant_type"),
        }
    }

    pub(super) fn from_json(body: &'a Map<String, Value>) -> Self {
        let field = |name| body.get(name).and_then(Value::as_str).unwrap_or("");
        Self {
            app_id: field("appid"),
            secret: field("secret"),
            grant_type: field("grant_type"),
        }
    }
}
