//! `POST /cgi-bin/stable_token`: the same token until it is nearly over.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

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
    request.require_post()?;
    let body = request.json().ok_or_else(|| ApiError::new(47001))?;
    let credentials = Credentials::from_json(&body);
    credentials.check(world, "client_credential")?;
    if !world.switches.ip_allowed {
        return Err(ApiError::address_refused(&request.address));
    }
    world
        .quotas
        .count(credentials.app_id, Endpoint::StableToken, now)?;
    let forced = body
        .get("force_refresh")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let overlap = world.switches.overlap_after_forced_refresh;
    let tokens = &mut world.app_mut(credentials.app_id)?.tokens;
    let (token, expires_in) = if forced {
        // What WeChat answers to the 21st of a day is not known; the daily quota's refusal is the
        // nearest that is.
        tokens
            .forced(now, overlap)
            .map_err(|_| ApiError::new(45009))?
    } else {
        tokens.stable(now)
    };
    Ok(Success::Json(
        json!({ "access_token": token, "expires_in": expires_in }).to_string(),
    ))
}
