//! The HTML pages: data in, text out. They know no request and send no header.

use askama::Template;
use url::Url;

use super::assets;
use super::language::Language;
use super::texts::{self, Texts};

/// Renders `GET /login`. The script fills in the code and everything that follows.
pub fn login(page: &LoginPage<'_>) -> Result<String, askama::Error> {
    let texts = texts::of(page.language);
    let public_url = page.public_url.as_str().trim_end_matches('/');
    let host = host(page.public_url);
    LoginTemplate {
        frame: Frame {
            language: page.language,
            texts,
            site_name: page.site_name,
            switch: address("/login", page.language.other(), page.return_to),
        },
        return_to: page.return_to,
        device: page.device,
        public_url,
        public_login: format!(
            "{public_url}{}",
            address("/login", page.language, page.return_to)
        ),
        heading: fill(
            texts.login.heading,
            "{site}",
            &spaced(page.language, page.site_name),
        ),
        public_link: fill(texts.login.public_link, "{host}", &host),
        host: &host,
        start: &texts.script.states[0],
        script: in_single_quotes(
            &serde_json::to_string(&texts.script).map_err(askama::Error::custom)?,
        ),
    }
    .render()
}

/// What the login page is made from.
#[derive(Clone, Copy, Debug)]
pub struct LoginPage<'a> {
    /// The page's language.
    pub language: Language,
    /// `SAOMA_SITE_NAME`, as people know the site.
    pub site_name: &'a str,
    /// `SAOMA_PUBLIC_URL`: under any other origin the page shows a link instead of a code.
    pub public_url: &'a Url,
    /// Where to go after the login: already checked, `/dashboard` if nothing else was asked for.
    pub return_to: &'a str,
    /// How the phone that shows the page opens the mini program: `wechat` by a long press, `link`
    /// by a link, `phone` by neither; empty where another phone scans.
    pub device: &'a str,
}

/// Renders `GET /dashboard` for a live session.
pub fn dashboard(page: &DashboardPage<'_>) -> Result<String, askama::Error> {
    let texts = texts::of(page.language);
    let words = &texts.dashboard;
    let name = page.nickname.unwrap_or(words.nobody);
    let browser = match (page.browser, page.os) {
        (Some(browser), Some(os)) => fill(&fill(words.on, "{browser}", browser), "{os}", os),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => words.unknown.to_owned(),
    };
    DashboardTemplate {
        frame: Frame {
            language: page.language,
            texts,
            site_name: page.site_name,
            switch: address("/dashboard", page.language.other(), ""),
        },
        welcome: fill(words.welcome, "{name}", name),
        initial: name.chars().take(1).collect(),
        page,
        browser,
    }
    .render()
}

/// What the dashboard is made from; what is not known is left out of the page.
#[derive(Clone, Copy, Debug)]
pub struct DashboardPage<'a> {
    /// The page's language.
    pub language: Language,
    /// `SAOMA_SITE_NAME`.
    pub site_name: &'a str,
    /// The user's nickname, if one is set.
    pub nickname: Option<&'a str>,
    /// The user's picture, on our own origin.
    pub avatar_url: Option<&'a str>,
    /// This session's browser, such as `Chrome 141`.
    pub browser: Option<&'a str>,
    /// This session's operating system, such as `Windows`.
    pub os: Option<&'a str>,
    /// The masked address of the login.
    pub ip: Option<&'a str>,
    /// The place that belongs to the address, if the owner has an address database.
    pub place: Option<&'a str>,
    /// When the session began, RFC 3339 in UTC; the browser shows it in its own time zone.
    pub created_at: &'a str,
}

/// Renders a page for an error that a person meets: 404, 429, 503 and whatever else.
pub fn error_page(page: &ErrorPage<'_>) -> Result<String, askama::Error> {
    let texts = texts::of(page.language);
    let words = match page.status {
        404 => &texts.error.not_found,
        429 => &texts.error.slow_down,
        503 => &texts.error.unavailable,
        _ => &texts.error.other,
    };
    ErrorTemplate {
        frame: Frame {
            language: page.language,
            texts,
            site_name: page.site_name,
            switch: String::new(),
        },
        status: page.status,
        code: page.code,
        request_id: page.request_id,
        retry_in: page.retry_in,
        title: words.title,
        detail: page.detail.unwrap_or(words.detail),
    }
    .render()
}

/// What an error's page is made from.
#[derive(Clone, Copy, Debug)]
pub struct ErrorPage<'a> {
    /// The page's language.
    pub language: Language,
    /// `SAOMA_SITE_NAME`.
    pub site_name: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// The problem's stable word, such as `slow_down`.
    pub code: &'a str,
    /// A sentence for people in the page's language; absent: the one that suits the status.
    pub detail: Option<&'a str>,
    /// The id under which the log knows the request.
    pub request_id: &'a str,
    /// When to try again, in seconds; the page counts down and then does so.
    pub retry_in: Option<u32>,
}

/// Chinese text leaves a space before Latin letters, and none before its own.
fn spaced(language: Language, name: &str) -> String {
    let latin = name.starts_with(|first: char| first.is_ascii());
    if language == Language::Zh && latin {
        format!(" {name}")
    } else {
        name.to_owned()
    }
}

/// JSON as the value of an attribute in single quotes: its many double quotes stay as they are,
/// where escaping each would make the page four kilobytes heavier.
fn in_single_quotes(json: &str) -> String {
    json.replace('&', "&amp;")
        .replace('\'', "&#39;")
        .replace('<', "&lt;")
}

/// What `base.html` needs of every page.
struct Frame<'a> {
    language: Language,
    texts: &'static Texts,
    site_name: &'a str,
    /// The address of the same page in the other language; empty where there is none.
    switch: String,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginTemplate<'a> {
    frame: Frame<'a>,
    return_to: &'a str,
    device: &'a str,
    public_url: &'a str,
    public_login: String,
    heading: String,
    public_link: String,
    host: &'a str,
    start: &'static texts::State,
    /// Escaped already, for single quotes.
    script: String,
}

#[derive(Template)]
#[template(path = "dashboard.html")]
struct DashboardTemplate<'a> {
    frame: Frame<'a>,
    page: &'a DashboardPage<'a>,
    welcome: String,
    initial: String,
    browser: String,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorTemplate<'a> {
    frame: Frame<'a>,
    status: u16,
    code: &'a str,
    request_id: &'a str,
    retry_in: Option<u32>,
    title: &'static str,
    detail: &'a str,
}

fn fill(text: &str, place: &str, with: &str) -> String {
    text.replace(place, with)
}

/// A page's address in a given language, on this site.
fn address(path: &str, language: Language, return_to: &str) -> String {
    let start = format!("{path}?");
    let length = start.len();
    let mut query = url::form_urlencoded::Serializer::for_suffix(start, length);
    query.append_pair("lang", language.tag());
    if !return_to.is_empty() {
        query.append_pair("return_to", return_to);
    }
    query.finish()
}

/// The host as a person reads it in the address bar, with the port where it is not the usual one.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests;
