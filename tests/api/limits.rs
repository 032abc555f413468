//! What one address may ask for.

use serde_json::{Value, json};

use crate::support::{Browser, TestServer};

#[actix_web::test]
async fn codes_of_one_address_are_limited_renewals_included() {
    let server = TestServer::start_with(&[("SAOMA_MAX_STARTS_PER_ADDRESS", "3")]).await;
    let mut browser = server.browser().await;
    browser.open_socket().await;
    browser.refresh(&json!(1), false).await;
    browser.expect("ticket").await;
    browser
        .tab()
        .post("/api/login/attempts", json!({}))
        .await
        .expect(201);
    browser.refresh(&json!(2), false).await;
    let error = browser.expect("error").await;
    assert_eq!(error["code"], "slow_down");
    assert!(
        (1..=20).contains(&error["retry_in"].as_i64().unwrap()),
        "{error}"
    );
    let refused = browser.tab().post("/api/login/attempts", json!({})).await;
    let problem = refused.expect_problem(429, "slow_down");
    assert_eq!(
        refused.header("retry-after"),
        problem["retry_in"].to_string()
    );
    // A state costs no code.
    browser.refresh(&json!(1), false).await;
    assert_eq!(browser.expect("ticket").await["version"], 2);
    // A socket opens, says why there is no code, and stays for the next try.
    let mut tab = browser.tab();
    tab.try_socket("/ws/login").await.unwrap();
    assert_eq!(tab.expect("error").await["code"], "slow_down");
    tab.expect_silence().await;
}

#[actix_web::test]
async fn phone_sessions_of_one_address_are_limited_and_say_when_to_come_back() {
    let server = TestServer::start_with(&[("SAOMA_MAX_STARTS_PER_ADDRESS", "2")]).await;
    let mut phone = server.phone().await;
    phone.sign_in().await.expect(200);
    let refused = phone.sign_in().await;
    let problem = refused.expect_problem(429, "slow_down");
    assert_eq!(
        refused.header("retry-after"),
        problem["retry_in"].to_string()
    );
}

#[actix_web::test]
async fn behind_a_trusted_proxy_each_visitor_counts_and_shows_alone() {
    let options = [
        ("SAOMA_TRUSTED_PROXIES", "127.0.0.0/8"),
        ("SAOMA_MAX_STARTS_PER_ADDRESS", "1"),
    ];
    let server = TestServer::start_with(&options).await;
    let browser = server.browser().await;
    let begin = async |forwarded: &str| {
        let headers = [
            ("origin", server.url.as_str()),
            ("x-forwarded-for", forwarded),
        ];
        browser
            .raw(
                actix_web::http::Method::POST,
                "/api/login/attempts",
                &headers,
                "",
            )
            .await
    };
    let ticket = begin("203.0.113.77").await.expect(201);
    begin("198.51.100.1, 203.0.113.77")
        .await
        .expect_problem(429, "slow_down");
    begin("2001:db8:1:2::3").await.expect(201);
    begin("2001:db8:1:2:ffff::9")
        .await
        .expect_problem(429, "slow_down");
    begin("2001:db8:1:3::3").await.expect(201);
    let phone = server.phone().await;
    let scene = browser.tab().scene(&ticket).await;
    let scanned = phone.scan(&scene).await.expect(200);
    assert_eq!(scanned["browser"]["ip"], "203.0.113.0/24");
    assert_eq!(scanned["browser"]["place"], Value::Null);
}

#[actix_web::test]
async fn a_proxy_that_nobody_declared_cannot_choose_the_address() {
    let server = TestServer::start_with(&[("SAOMA_MAX_STARTS_PER_ADDRESS", "1")]).await;
    let browser = Browser::new(&server.url);
    let mut visitor = server.browser().await;
    let begin = async |forwarded: &str| {
        let headers = [
            ("origin", server.url.as_str()),
            ("x-forwarded-for", forwarded),
        ];
        visitor
            .raw(
                actix_web::http::Method::POST,
                "/api/login/attempts",
                &headers,
                "",
            )
            .await
    };
    begin("203.0.113.77").await.expect(201);
    begin("203.0.113.78").await.expect_problem(429, "slow_down");
    let ready = browser.tab().get("/readyz").await.expect(200);
    assert_eq!(ready["warnings"], json!(["untrusted_proxy"]));
    visitor.get("/login").await.expect(200);
}
