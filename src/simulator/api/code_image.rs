//! `POST /wxa/getwxacodeunlimit`: a code that carries a scene, as an image.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::super::drawing::Drawing;
use super::super::quotas::Endpoint;
use super::super::reply::ApiError;
use super::super::world::{MiniProgram, World};
use super::Success;
use super::request::ApiRequest;

const LONGEST_SCENE: usize = 32;
/// What a scene may hold beside letters and digits.
const SCENE_MARKS: &str = "!#$&'()*+,/:;=?@-._~";
const WIDTHS: std::ops::RangeInclusive<u64> = 280..=1280;
const DEFAULT_WIDTH: u16 = 430;

/// The token first, then the body, then scene, page and version.
pub(super) fn decide(
    world: &mut World,
    request: &ApiRequest,
    now: DateTime<Utc>,
) -> Result<Success, ApiError> {
    request.require_post()?;
    let token = request.query.get("access_token").map(String::as_str);
    let app_id = world.app_of_token(token, now)?.app_id.clone();
    // The text of 40169 names both of its causes: the scene's length, and a body that is not JSON.
    let body = request.json().ok_or_else(|| ApiError::new(40169))?;
    let scene = scene(&body)?;
    check_page(&body, world.app_mut(&app_id)?)?;
    check_env_version(&body)?;
    let drawing = Drawing {
        scene,
        width: width(&body)?,
        line_color: line_color(&body)?,
        transparent: body
            .get("is_hyaline")
            .and_then(Value::as_bool)
            .unwrap_or(false),
    };
    world.quotas.count(&app_id, Endpoint::CodeImage, now)?;
    Ok(Success::Image(drawing))
}

fn scene(body: &Map<String, Value>) -> Result<String, ApiError> {
    let scene = body.get("scene").and_then(Value::as_str).unwrap_or("");
    if scene.is_empty() || scene.chars().count() > LONGEST_SCENE {
        return Err(ApiError::new(40169));
    }
    if !scene
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || SCENE_MARKS.contains(c))
    {
        return Err(ApiError::new(40129));
    }
    Ok(scene.to_owned())
}

fn check_page(body: &Map<String, Value>, app: &MiniProgram) -> Result<(), ApiError> {
    let page = match body.get("page") {
        None | Some(Value::Null) => "",
        Some(page) => page.as_str().ok_or_else(|| ApiError::new(41030))?,
    };
    if page.contains("scancode_time") || body.contains_key("scancode_time") {
        return Err(ApiError::new(85096));
    }
    let refused = Err(ApiError::new(41030));
    if page.starts_with('/') || page.contains(['?', '#']) {
        return refused;
    }
    let unchecked = body.get("check_path").and_then(Value::as_bool) == Some(false);
    let known = page.is_empty() || app.pages.iter().any(|published| published == page);
    if unchecked || (app.published && known) {
        Ok(())
    } else {
        refused
    }
}

fn check_env_version(body: &Map<String, Value>) -> Result<(), ApiError> {
    match body.get("env_version") {
        None => Ok(()),
        Some(Value::String(version))
            if ["release", "trial", "develop"].contains(&version.as_str()) =>
        {
            Ok(())
        }
        Some(_) => Err(ApiError::new(40097)),
    }
}

/// What `WeChat` does with a width out of its range is not known; here the nearest one is drawn.
fn width(body: &Map<String, Value>) -> Result<u16, ApiError> {
    let Some(width) = body.get("width") else {
        return Ok(DEFAULT_WIDTH);
    };
    let width = width.as_u64().ok_or_else(|| ApiError::new(40097))?;
    let width = width.clamp(*WIDTHS.start(), *WIDTHS.end());
    Ok(u16::try_from(width).unwrap_or(DEFAULT_WIDTH))
}

/// Black, unless `line_color` says otherwise, in numbers or in strings as the documentation's
/// example has them. `auto_color` means black here.
fn line_color(body: &Map<String, Value>) -> Result<[u8; 3], ApiError> {
    let auto = body
        .get("auto_color")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let Some(color) = body.get("line_color").filter(|_| !auto) else {
        return Ok([0, 0, 0]);
    };
    let channel = |name| {
        let value = color.get(name).unwrap_or(&Value::Null);
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        number
            .and_then(|number| u8::try_from(number).ok())
            .ok_or_else(|| ApiError::new(40097))
    };
    Ok([channel("r")?, channel("g")?, channel("b")?])
}
