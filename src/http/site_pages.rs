//! PROTOCOL, section 4: the pages that a person opens.

use actix_web::{HttpRequest, HttpResponse, http::header, web::Path};

use super::{
    assets,
    cookies::Kind,
    extract::{language, placed, query, site},
    language::Language,
    pages::{self, DashboardPage, LoginPage},
    return_to, session,
    user_agent::{self, Device},
};
use crate::{error::Error, login::ids::Secret};

/// `GET /`
pub async fn home(request: HttpRequest) -> Result<HttpResponse, Error> {
    let target = match session::current(site(&request)?, &request).await {
        Ok(_) => "/dashboard",
        Err(Error::SessionMissing) => "/login",
        Err(error) => return Err(error),
    };
    Ok(found(target))
}

/// `GET /login`: sets the browser's secret if it is missing.
pub async fn login(request: HttpRequest) -> Result<HttpResponse, Error> {
    let site = site(&request)?;
    let settings = site.settings();
    let asked = query(&request, "return_to");
    let checked = asked
        .as_deref()
        .and_then(|text| return_to::check(text, &settings.return_origins));
    let language = language(&request);
    let page = pages::login(&LoginPage {
        language,
        site_name: &settings.site_name,
        public_url: &settings.public_url,
        return_to: checked.unwrap_or("/dashboard"),
        device: shown_on(&request, settings.opens_by_link),
    });
    let mut response = html(&request, language, page)?;
    let secure = settings.secure();
    if Kind::Browser.read(&request, secure).is_none() {
        let cookie = Kind::Browser.set(&Secret::random(), secure);
        response
            .add_cookie(&cookie)
            .map_err(|error| Error::Internal(error.into()))?;
    }
    Ok(response)
}

/// How the page's phone opens the mini program, if the page is on a phone.
fn shown_on(request: &HttpRequest, opens_by_link: bool) -> &'static str {
    let agent = request.headers().get(header::USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok());
    match user_agent::device(agent.unwrap_or_default()) {
        Device::Screen => "",
        Device::Wechat => "wechat",
        Device::Phone if opens_by_link => "link",
        Device::Phone => "phone",
    }
}

/// `GET /dashboard`
pub async fn dashboard(request: HttpRequest) -> Result<HttpResponse, Error> {
    let site = site(&request)?;
    let session = match session::current(site, &request).await {
        Ok(session) => session,
        Err(Error::SessionMissing) => return Ok(found("/login?return_to=/dashboard")),
        Err(error) => return Err(error),
    };
    let language = language(&request);
    let known = |text: &'static str, value: &'_ str| (value != text).then(|| value.to_owned());
    let browser = placed(&site.login, language, &session.browser);
    let (name, os) = (known("?", &browser.name), known("?", &browser.os));
    let user = site.login.public_user(session.user);
    let page = pages::dashboard(&DashboardPage {
        language,
        site_name: &site.settings().site_name,
        nickname: user.nickname.as_deref(),
        avatar_url: user.avatar_url.as_deref(),
        browser: name.as_deref(),
        os: os.as_deref(),
        ip: Some(&browser.ip),
        place: browser.place.as_deref(),
        created_at: &session.created_at.to_rfc3339(),
    });
    html(&request, language, page)
}

/// `GET /static/{digest}/{name}`
pub async fn asset(path: Path<String>) -> Result<HttpResponse, Error> {
    let asset = assets::lookup(&path).ok_or(Error::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, asset.cache_control))
        .content_type(asset.content_type)
        .body(asset.bytes))
}

/// `GET /favicon.ico`, which browsers ask for on their own.
pub async fn favicon() -> HttpResponse {
    found(&assets::address("icon.svg"))
}

fn found(target: &str) -> HttpResponse {
    HttpResponse::Found()
        .insert_header((header::LOCATION, target))
        .finish()
}

/// A page, which remembers the language if the person has just chosen it.
fn html(
    request: &HttpRequest,
    language: Language,
    page: Result<String, askama::Error>,
) -> Result<HttpResponse, Error> {
    let page = page.map_err(|error| Error::Internal(error.into()))?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_LANGUAGE, language.tag()));
    if query(request, "lang").is_some() {
        response.insert_header((header::SET_COOKIE, language.set_cookie()));
    }
    Ok(response.content_type("text/html; charset=utf-8").body(page))
}
