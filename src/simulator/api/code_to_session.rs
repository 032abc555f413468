//! `GET /sns/jscode2session`: who pressed, in exchange for what `wx.login` gave.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::super::quotas::Endpoint;
use super::super::reply::ApiError;
use super::super::world::World;
use super::Success;
use super::request::{ApiRequest, Credentials};

/// A code that cannot be exchanged because of the caller (its secret, its address) stays unused;
/// whether it does so at `WeChat` is not known.
pub(super) fn decide(
    world: &mut World,
    request: &ApiRequest,
    now: DateTime<Utc>,
) -> Result<Success, ApiError> {
    let credentials = Credentials::from_query(&request.query);
    credentials.check(world, "authorization_code")?;
    let code = request.query.get("js_code").filter(|code| !code.is_empty());
    let code = code.ok_or_else(|| ApiError::new(41008))?;
    if !world.switches.ip_allowed_on_sns {
        return Err(ApiError::address_refused(&request.address));
    }
    world
        .quotas
        .count(credentials.app_id, Endpoint::CodeToSession, now)?;
    let identity = world.login_codes.look_up(code, credentials.app_id, now);
    let identity = identity.map_err(|refusal| refusal.of_login_code())?;
    world.login_codes.use_up(code);
    if world.blocked.contains(&identity.openid) {
        return Err(ApiError::new(40226));
    }
    let unionid = identity
        .unionid
        .filter(|_| world.switches.bound_to_open_platform);
    Ok(Success::Json(session(&identity.openid, unionid.as_deref())))
}

/// The fields in the order of real replies, `/` escaped as they do, and no errcode.
fn session(openid: &str, unionid: Option<&str>) -> String {
    let quoted = |text: &str| Value::from(text).to_string().replace('/', "\\/");
    let session_key = STANDARD.encode(rand::random::<[u8; 16]>());
    let unionid = unionid.map_or_else(String::new, |unionid| {
        format!(r#","unionid":{}"#, quoted(unionid))
    });
    let (session_key, openid) = (quoted(&session_key), quoted(openid));
    format!(r#"{{"session_key":{session_key},"openid":{openid}{unionid}}}"#)
}
