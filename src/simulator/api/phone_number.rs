//! `POST /wxa/business/getuserphonenumber`: a phone number for the phone-number button's code.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::quotas::Endpoint;
use super::super::reply::ApiError;
use super::super::world::World;
use super::Success;
use super::request::ApiRequest;

pub(super) fn decide(
    world: &mut World,
    request: &ApiRequest,
    now: DateTime<Utc>,
) -> Result<Success, ApiError> {
    request.require_post()?;
    let token = request.query.get("access_token").map(String::as_str);
    let app_id = world.app_of_token(token, now)?.app_id.clone();
    let body = request.json().ok_or_else(|| ApiError::new(47001))?;
    world.quotas.count(&app_id, Endpoint::PhoneNumber, now)?;
    let code = body.get("code").and_then(Value::as_str).unwrap_or("");
    let phone = world.phone_codes.look_up(code, &app_id, now);
    let phone = phone.map_err(|refusal| refusal.of_phone_code())?;
    let openid = body.get("openid").and_then(Value::as_str);
    if openid.is_some() && phone.openid.is_some() && openid != phone.openid.as_deref() {
        return Err(ApiError::new(40029));
    }
    world.phone_codes.use_up(code);
    let country_code = if world.switches.country_code_as_number {
        json!(86)
    } else {
        json!("86")
    };
    let reply = json!({
        "errcode": 0,
        "errmsg": "ok",
        "phone_info": {
            "phoneNumber": phone.number,
            "purePhoneNumber": phone.number,
            "countryCode": country_code,
            "watermark": { "timestamp": now.timestamp(), "appid": app_id },
        },
    });
    Ok(Success::Json(reply.to_string()))
}
