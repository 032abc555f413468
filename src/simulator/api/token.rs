//! `GET /cgi-bin/token`: a new token each call, the one before it good for five minutes more.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::super::quotas::Endpoint;
use super::super::reply::ApiError;
use super::super::world::World;
use super::Success;
use super::request::{ApiRequest, Credentials};

pub(super) fn decide(
    world: &mut World,
    request: &ApiRequest,
    now: DateTime<Utc>,
) -> Result<Success, ApiError> {
    let credentials = Credentials::from_query(&request.query);
    credentials.check(world, "client_credential")?;
    if !world.switches.ip_allowed {
        return Err(ApiError::address_refused(&request.address));
    }
    world
        .quotas
        .count(credentials.app_id, Endpoint::Token, now)?;
    let (token, expires_in) = world.app_mut(credentials.app_id)?.tokens.plain(now);
    Ok(Success::Json(
        json!({ "access_token": token, "expires_in": expires_in }).to_string(),
    ))
}
