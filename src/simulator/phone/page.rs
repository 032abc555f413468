//! The phone page and its files.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::{Value, json};

use super::super::state::SharedState;
use super::language::Language;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// The scene in the page's address names somebody's login, so it goes into no Referer.
const HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (CACHE_CONTROL, "no-store"),
    (VARY, "Accept-Language"),
];

#[derive(Template)]
#[template(path = "simulator/phone.html")]
struct Page {
    language: &'static str,
    chinese: bool,
    users: String,
}

/// The page itself; the scene and all else that changes is the script's business.
pub(super) async fn show(state: web::Data<SharedState>, request: HttpRequest) -> HttpResponse {
    let language = Language::of(&request);
    let users = state.users();
    // Only what the page shows: openids stay between the phone and WeChat.
    let users = users
        .iter()
        .map(|user| json!({ "id": user.id, "nickname": user.nickname }));
    let page = Page {
        language: language.tag(),
        chinese: language == Language::Chinese,
        users: users.collect::<Value>().to_string(),
    };
    let mut response = HttpResponse::Ok();
    for header in HEADERS {
        response.insert_header(header);
    }
    match page.render() {
        Ok(html) => response.content_type("text/html; charset=utf-8").body(html),
        Err(error) => {
            tracing::error!(%error, "the phone page could not be rendered");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// A file of the page, compiled in.
pub(super) async fn asset(name: web::Path<String>) -> HttpResponse {
    let (content_type, content) = match name.as_str() {
        "phone.css" => (CSS, include_str!("../../../static/simulator/phone.css")),
        "frame.css" => (CSS, include_str!("../../../static/simulator/frame.css")),
        "phone.js" => (
            JAVASCRIPT,
            include_str!("../../../static/simulator/phone.js"),
        ),
        "screens.js" => (
            JAVASCRIPT,
            include_str!("../../../static/simulator/screens.js"),
        ),
        "endings.js" => (
            JAVASCRIPT,
            include_str!("../../../static/simulator/endings.js"),
        ),
        "bench.js" => (
            JAVASCRIPT,
            include_str!("../../../static/simulator/bench.js"),
        ),
        "devices.js" => (
            JAVASCRIPT,
            include_str!("../../../static/simulator/devices.js"),
        ),
        "channel.js" => (
            JAVASCRIPT,
            include_str!("../../../static/simulator/channel.js"),
        ),
        "chat.js" => (
            JAVASCRIPT,
            include_str!("../../../static/simulator/chat.js"),
        ),
        "links.js" => (JAVASCRIPT, include_str!("../../../static/links.js")),
        "browser.js" => (
            JAVASCRIPT,
            include_str!("../../../static/simulator/browser.js"),
        ),
        "watch.js" => (
            JAVASCRIPT,
            include_str!("../../../static/simulator/watch.js"),
        ),
        "dom.js" => (JAVASCRIPT, include_str!("../../../static/simulator/dom.js")),
        "saoma.js" => (
            JAVASCRIPT,
            include_str!("../../../static/simulator/saoma.js"),
        ),
        "strings.js" => (
            JAVASCRIPT,
            include_str!("../../../static/simulator/strings.js"),
        ),
        "icon.svg" => (SVG, include_str!("../../../static/simulator/icon.svg")),
        _ => return HttpResponse::NotFound().finish(),
    };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(content)
}
