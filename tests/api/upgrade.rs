//! What is refused before the upgrade, and how.

use actix_web::http::Method;

use crate::support::{Browser, RawSocket, TestServer, raw::Upgrade};

pub async fn with_origin(browser: &Browser, path: &str) -> Upgrade {
    RawSocket::upgrade(browser, path, &[("origin", &browser.origin)]).await
}

pub fn expect_refused(upgrade: &Upgrade, status: u16, code: &str) {
    assert_eq!(
        (upgrade.status, &upgrade.body["code"]),
        (status, &code.into())
    );
    for line in [
        "content-type: application/problem+json",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
    ] {
        assert!(upgrade.has(line), "{line} is missing:\n{}", upgrade.head);
    }
    for field in ["type", "title", "detail", "request_id"] {
        assert!(upgrade.body[field].is_string(), "{}", upgrade.body);
    }
}

#[actix_web::test]
async fn a_sessions_socket_needs_a_live_session() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    expect_refused(
        &with_origin(&browser, "/ws/session").await,
        401,
        "session_missing",
    );
}

#[actix_web::test]
async fn sockets_of_one_address_are_limited_until_one_closes() {
    let server = TestServer::start_with(&[("SAOMA_MAX_SOCKETS_PER_ADDRESS", "2")]).await;
    let mut browser = server.browser().await;
    browser.open_socket().await;
    let second = with_origin(&browser, "/ws/login").await;
    assert_eq!(second.status, 101);
    let third = with_origin(&browser, "/ws/login").await;
    expect_refused(&third, 429, "slow_down");
    assert!(third.body["retry_in"].is_u64());
    assert!(third.has(&format!("retry-after: {}", third.body["retry_in"])));
    drop(second);
    for _ in 0..100 {
        if with_origin(&browser, "/ws/login").await.status == 101 {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("a closed socket still counts");
}

#[actix_web::test]
async fn a_request_that_is_no_upgrade_gets_a_problem() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    let origin = [("origin", browser.origin.as_str())];
    let answer = browser.raw(Method::GET, "/ws/login", &origin, "").await;
    answer.expect_problem(400, "bad_request");
    let answer = browser.raw(Method::POST, "/ws/login", &origin, "").await;
    answer.expect_problem(405, "method_not_allowed");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[actix_web::test]
async fn a_refusal_speaks_the_browsers_language() {
    let server = TestServer::start().await;
    let browser = Browser::new(&server.url);
    for (asked, tag, text) in [
        ("zh-CN", "zh-cn", "浏览器没有打开登录页，请重新打开登录页。"),
        (
            "fr",
            "en",
            "This browser has no login page open. Please open the login page again.",
        ),
    ] {
        let headers = [
            ("origin", browser.origin.as_str()),
            ("accept-language", asked),
        ];
        let refused = RawSocket::upgrade(&browser, "/ws/login", &headers).await;
        assert_eq!(refused.body["detail"], text);
        assert!(
            refused.has(&format!("content-language: {tag}")),
            "{}",
            refused.head
        );
    }
}
