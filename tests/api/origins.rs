//! Who may change something: PROTOCOL, the end of section 6.

use actix_web::http::Method;

use crate::support::{Browser, TestServer};

pub const JSON: (&str, &str) = ("content-type", "application/json");

/// The status of a begin with these headers.
async fn begin(browser: &Browser, headers: &[(&'static str, &str)]) -> u16 {
    let headers: Vec<_> = headers.iter().copied().chain([JSON]).collect();
    let answer = browser
        .raw(Method::POST, "/api/login/attempts", &headers, "{}")
        .await;
    if answer.status == 403 {
        answer.expect_problem(403, "origin_refused");
    }
    answer.status
}

#[actix_web::test]
async fn an_origin_that_is_there_decides_alone() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    let same = ("sec-fetch-site", "same-origin");
    let cross = ("sec-fetch-site", "cross-site");
    assert_eq!(begin(&browser, &[("origin", &server.url)]).await, 201);
    assert_eq!(
        begin(&browser, &[("origin", &server.url), cross]).await,
        201
    );
    assert_eq!(
        begin(&browser, &[("origin", "https://evil.example"), same]).await,
        403
    );
    let other = server.url.replace("localhost", "127.0.0.1");
    assert_eq!(begin(&browser, &[("origin", &other), same]).await, 403);
}

#[actix_web::test]
async fn without_an_origin_or_with_null_the_browser_must_say_same_origin() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    for origin in [&[][..], &[("origin", "null")]] {
        for (site, status) in [
            ("same-origin", 201),
            ("same-site", 403),
            ("cross-site", 403),
            ("none", 403),
        ] {
            let headers = [origin, &[("sec-fetch-site", site)]].concat();
            assert_eq!(begin(&browser, &headers).await, status, "{headers:?}");
        }
        assert_eq!(begin(&browser, origin).await, 403);
    }
}

#[actix_web::test]
async fn a_preflight_gets_no_permission() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    let headers = [
        ("origin", "https://evil.example"),
        ("access-control-request-method", "POST"),
    ];
    let answer = browser
        .raw(Method::OPTIONS, "/api/login/attempts", &headers, "")
        .await;
    answer.expect_problem(405, "method_not_allowed");
    assert_eq!(answer.header("access-control-allow-origin"), "");
}
