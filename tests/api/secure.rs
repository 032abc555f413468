//! Behind TLS the cookies are bound to the host and to https.

use actix_web::http::Method;

use crate::support::{Browser, TestServer};

const HTTPS: &[(&str, &str)] = &[
    ("SAOMA_PUBLIC_URL", "https://login.example.com"),
    ("SAOMA_WECHAT_TRUST_BASE_URL", "true"),
];

#[actix_web::test]
async fn behind_https_both_cookies_have_the_host_prefix_and_are_secure() {
    let server = TestServer::start_with(HTTPS).await;
    let phone = server.registered_phone("Ming").await;
    let mut browser = Browser::new(&server.url);
    browser.origin = "https://login.example.com".to_owned();
    let page = browser.open_login_page().await;
    let secret = &page.cookies()[0];
    assert_eq!(secret.name(), "__Host-saoma_browser");
    assert_eq!(
        (secret.secure(), secret.http_only()),
        (Some(true), Some(true))
    );
    assert_eq!(
        (secret.path(), secret.max_age(), secret.expires()),
        (Some("/"), None, None)
    );
    assert_eq!(secret.value().len(), 43);
    assert!(
        page.header("strict-transport-security")
            .starts_with("max-age=")
    );
    assert!(
        page.header("content-security-policy")
            .contains("wss://login.example.com")
    );

    let ticket = browser.open_socket().await;
    assert!(
        ticket["code_url"]
            .as_str()
            .unwrap()
            .starts_with("https://login.example.com/codes/")
    );
    let scene = browser.scene(&ticket).await;
    let scanned = phone.scan(&scene).await.expect(200);
    assert_eq!(scanned["site"]["host"], "login.example.com");
    phone.confirm(&scanned["nonce"]).await.expect(200);
    let answer = browser.redeem(&ticket["attempt"]).await;
    answer.expect(200);
    for cookie in answer.cookies() {
        assert!(cookie.name().starts_with("__Host-saoma_"), "{cookie}");
        assert_eq!(
            (cookie.secure(), cookie.path(), cookie.domain()),
            (Some(true), Some("/"), None)
        );
    }
    browser.get("/api/me").await.expect(200);
    // The development's names open nothing here.
    let token = browser.cookies.remove("__Host-saoma_session").unwrap();
    browser.cookies.insert("saoma_session".to_owned(), token);
    browser
        .get("/api/me")
        .await
        .expect_problem(401, "session_missing");
}

#[actix_web::test]
async fn the_host_header_decides_nothing() {
    let server = TestServer::start_with(HTTPS).await;
    let browser = Browser::new(&server.url);
    let page = browser
        .raw(Method::GET, "/login", &[("host", "evil.example")], "")
        .await;
    assert!(!String::from_utf8_lossy(&page.bytes).contains("evil.example"));
    let headers = [("host", "evil.example"), ("origin", "https://evil.example")];
    let answer = browser
        .raw(Method::POST, "/api/login/attempts", &headers, "")
        .await;
    answer.expect_problem(403, "origin_refused");
}
