//! The phone page and its files.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::{Value, json};
use url::{Host, Url};

use super::super::state::SharedState;
use super::language::Language;
use super::mini_program;

const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../static/simulator/", $name)))),*]
    };
}

const OWN: &[(&str, &str)] = files![
    "bench.js",
    "browser.js",
    "dom.js",
    "frame.css",
    "icon.svg",
    "pages.js",
    "phone.css",
    "phone.js",
    "screens.js",
    "strings.js",
    "wx.js",
];

/// The scene in the page's address names somebody's login, so it goes into no Referer.
const HEADERS: [(HeaderName, &str); 5] = [
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
    site: String,
    saoma: String,
}

/// The page itself; the scene and all else that changes is the script's business.
pub(super) async fn show(state: web::Data<SharedState>, request: HttpRequest) -> HttpResponse {
    let language = Language::of(&request);
    let users = state.users();
    let saoma = saoma_as_seen_by(&request, &state);
    // Only what the page shows: openids stay between the phone and WeChat.
    let users = users
        .iter()
        .map(|user| json!({ "id": user.id, "nickname": user.nickname }));
    let page = Page {
        language: language.tag(),
        chinese: language == Language::Chinese,
        users: users.collect::<Value>().to_string(),
        site: state.site_name(),
        saoma: saoma.as_ref().map(origin).unwrap_or_default(),
    };
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_SECURITY_POLICY, policy(saoma.as_ref())));
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

/// Where the browser that shows the page finds Saoma: the simulator calls it by loopback, but
/// the browser may be on another machine, such as a real phone.
fn saoma_as_seen_by(request: &HttpRequest, state: &SharedState) -> Option<Url> {
    let mut saoma = state.saoma_url()?;
    let is_loopback = match saoma.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let here = Url::parse(&format!("http://{}", request.connection_info().host())).ok()?;
    if is_loopback {
        saoma.set_host(here.host_str()).ok()?;
    }
    Some(saoma)
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The page's own files; calls to the simulator, and a phone's socket and pictures at Saoma.
fn policy(saoma: Option<&Url>) -> String {
    let saoma = saoma.map(origin).unwrap_or_default();
    let socket = saoma.replacen("http", "ws", 1);
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; \
         img-src 'self' data: blob: {saoma}; connect-src 'self' {socket}; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    )
}

/// A file of the page, compiled in.
pub(super) async fn asset(name: web::Path<String>) -> HttpResponse {
    let content_type = match name.rsplit_once('.') {
        Some((_, "css")) => CSS,
        Some((_, "svg")) => SVG,
        _ => JAVASCRIPT,
    };
    let own = || OWN.iter().find(|(known, _)| *known == name.as_str());
    let content = match name.as_str() {
        "mini.js" => Some(mini_program::SCRIPT),
        // The dashboard's own.
        "links.js" => Some(include_str!("../../../static/links.js")),
        _ => own().map(|(_, content)| *content),
    };
    let Some(content) = content else {
        return HttpResponse::NotFound().finish();
    };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(content)
}
