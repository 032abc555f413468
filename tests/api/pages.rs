//! PROTOCOL, section 4, and the headers of every answer.

use actix_web::http::Method;
use serde_json::json;

use crate::support::{Answer, Browser, TestServer};

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.bytes.to_vec()).unwrap()
}

#[track_caller]
fn expect_headers(answer: &Answer, cache: &str) {
    assert_eq!(answer.header("cache-control"), cache);
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), microphone=(), geolocation=()",
        ),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[actix_web::test]
async fn every_kind_of_answer_has_the_security_headers_and_is_not_stored() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut browser = server.signed_in(&phone).await;
    for path in [
        "/",
        "/login",
        "/dashboard",
        "/api/me",
        "/healthz",
        "/readyz",
        "/nothing",
        "/api/nothing",
    ] {
        expect_headers(&browser.get(path).await, "no-store");
    }
    expect_headers(&browser.post("/api/token", json!({})).await, "no-store");
    expect_headers(&browser.post("/api/me", json!({})).await, "no-store");
    expect_headers(&phone.scan("x").await, "no-store");
    expect_headers(&browser.get("/ws/login").await, "no-store");
    expect_headers(
        &browser.get("/.well-known/jwks.json").await,
        "public, max-age=300",
    );
    let ticket = server.browser().await.open_socket().await;
    let url = url::Url::parse(ticket["code_url"].as_str().unwrap()).unwrap();
    let immutable = "public, max-age=31536000, immutable";
    let code = browser.get(url.path()).await;
    expect_headers(&code, immutable);
    assert_eq!(code.header("content-type"), "image/jpeg");
    let page = text(&browser.get("/login").await);
    let start = page.find("/static/").unwrap();
    let asset = &page[start..start + page[start..].find('"').unwrap()];
    expect_headers(&browser.get(asset).await, immutable);
}

#[actix_web::test]
async fn home_and_dashboard_know_whether_somebody_is_signed_in() {
    let server = TestServer::start().await;
    let mut stranger = Browser::new(&server.url);
    let home = stranger.get("/").await;
    assert_eq!((home.status, home.header("location")), (302, "/login"));
    let dashboard = stranger.get("/dashboard").await;
    let target = "/login?return_to=/dashboard";
    assert_eq!(
        (dashboard.status, dashboard.header("location")),
        (302, target)
    );
    let phone = server.registered_phone("<i>Ming & Co</i>").await;
    let mut browser = server.signed_in(&phone).await;
    let home = browser.get("/").await;
    assert_eq!((home.status, home.header("location")), (302, "/dashboard"));
    let dashboard = text(&browser.get("/dashboard").await);
    assert!(!dashboard.contains("<i>Ming"), "a nickname is no HTML");
    assert!(dashboard.contains("Ming"));
}

#[actix_web::test]
async fn the_login_page_sets_the_browsers_secret_only_if_it_is_missing() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server.url);
    let first = browser.open_login_page().await;
    let cookie = &first.cookies()[0];
    assert_eq!(
        (cookie.name(), cookie.http_only()),
        ("saoma_browser", Some(true))
    );
    assert_eq!((cookie.max_age(), cookie.expires()), (None, None));
    assert!(browser.open_login_page().await.cookies().is_empty());
    browser
        .cookies
        .insert("saoma_browser".to_owned(), "spoilt".to_owned());
    assert_eq!(browser.open_login_page().await.cookies().len(), 1);
}

#[actix_web::test]
async fn a_page_and_a_problem_speak_the_readers_language() {
    let server = TestServer::start().await;
    for (asked, tag) in [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("zh-Hant-TW", "zh-CN"),
        ("en-GB", "en"),
        ("fr", "en"),
        ("", "en"),
    ] {
        let mut browser = Browser::new(&server.url);
        browser.language = asked.to_owned();
        let page = browser.get("/login").await;
        assert_eq!(page.header("content-language"), tag, "{asked}");
        assert!(text(&page).contains(&format!("<html lang=\"{tag}\"")));
        let problem = browser.get("/api/me").await;
        assert_eq!(problem.header("content-language"), tag);
        let detail = problem.expect_problem(401, "session_missing")["detail"].clone();
        let chinese = !detail.as_str().unwrap().is_ascii();
        assert_eq!(chinese, tag == "zh-CN", "{detail}");
    }
    let mut browser = Browser::new(&server.url);
    assert_eq!(
        browser
            .get("/login?lang=zh-CN")
            .await
            .header("content-language"),
        "zh-CN"
    );
    // The choice is remembered.
    assert_eq!(
        browser.get("/login").await.header("content-language"),
        "zh-CN"
    );
}

#[actix_web::test]
async fn a_person_gets_a_page_where_a_program_gets_a_problem() {
    let server = TestServer::start().await;
    let browser = Browser::new(&server.url);
    let page = browser.raw(Method::GET, "/nothing", &[HTML], "").await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (404, "text/html; charset=utf-8")
    );
    expect_headers(&page, "no-store");
    for path in ["/api/nothing", "/ws/login"] {
        let answer = browser.raw(Method::GET, path, &[HTML], "").await;
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{path}"
        );
    }
}

#[actix_web::test]
async fn a_person_whose_dashboard_finds_no_database_gets_a_page_that_tries_again() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let browser = server.signed_in(&phone).await;
    server.database.set_away(true).await;
    let page = browser.raw(Method::GET, "/dashboard", &[HTML], "").await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (503, "text/html; charset=utf-8")
    );
    assert_eq!(page.header("retry-after"), "2");
    assert!(text(&page).contains("unavailable"));
    server.database.set_away(false).await;
    assert_eq!(
        browser
            .raw(Method::GET, "/dashboard", &[HTML], "")
            .await
            .status,
        200
    );
}

#[actix_web::test]
async fn a_code_may_lie_on_another_host() {
    let base = "https://cdn.example.com/codes";
    let server = TestServer::start_with(&[("SAOMA_CODE_BASE_URL", base)]).await;
    let mut browser = server.browser().await;
    let ticket = browser.open_socket().await;
    let url = ticket["code_url"].as_str().unwrap();
    assert!(url.starts_with(&format!("{base}/")), "{url}");
    let name = url.rsplit('/').next().unwrap();
    let answer = browser.get(&format!("/codes/{name}")).await;
    assert_eq!((answer.status, answer.header("location")), (302, url));
}
