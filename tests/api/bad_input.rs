//! Requests that no client of ours sends.

use actix_web::http::Method;
use serde_json::json;

use crate::support::{Answer, Browser, TestServer};

async fn begin(browser: &Browser, kind: &str, body: &str) -> Answer {
    let headers = [("origin", browser.url.as_str()), ("content-type", kind)];
    browser
        .raw(Method::POST, "/api/login/attempts", &headers, body)
        .await
}

#[actix_web::test]
async fn a_body_that_is_no_json_object_is_a_bad_request() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    let deep = "[".repeat(10_000);
    for body in [
        "{",
        "[]",
        "7",
        "null",
        "\"x\"",
        "\u{0}",
        r#"{"return_to":7}"#,
        &deep,
    ] {
        begin(&browser, "application/json", body)
            .await
            .expect_problem(400, "bad_request");
    }
    begin(&browser, "application/json", r#"{"more":[1]}"#)
        .await
        .expect(201);
    begin(&browser, "application/json; charset=utf-8", "{}")
        .await
        .expect(201);
}

#[actix_web::test]
async fn a_body_that_is_too_large_or_of_another_kind_is_refused() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    let large = format!(r#"{{"return_to":"{}"}}"#, "a".repeat(64 * 1024));
    begin(&browser, "application/json", &large)
        .await
        .expect_problem(413, "too_large");
    for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
        begin(&browser, kind, "{}")
            .await
            .expect_problem(415, "unsupported_media_type");
    }
}

#[actix_web::test]
async fn a_refresh_without_its_fields_is_a_bad_request_and_changes_nothing() {
    let server = TestServer::start().await;
    let mut attempt = server.pending().await;
    let path = format!("{}/refresh", attempt.path());
    for body in [
        json!({}),
        json!({"version": 1}),
        json!({"silent": true}),
        json!({"version": "1", "silent": true}),
        json!({"version": 1, "silent": 1}),
        json!({"version": 1_u64 << 40, "silent": true}),
    ] {
        attempt
            .browser
            .post(&path, body)
            .await
            .expect_problem(400, "bad_request");
    }
    assert_eq!(
        attempt.browser.get(&attempt.path()).await.expect(200)["version"],
        1
    );
}

#[actix_web::test]
async fn every_address_answers_other_methods_with_405_and_names_the_right_ones() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    for (method, path, allowed) in [
        (Method::POST, "/login", "GET"),
        (Method::DELETE, "/api/me", "GET"),
        (Method::GET, "/api/logout", "POST"),
        (Method::GET, "/api/login/attempts", "POST"),
        (Method::PATCH, "/api/phone/me", "PUT"),
        (Method::PUT, "/healthz", "GET"),
        (Method::GET, "/api/phone/session", "POST"),
    ] {
        let answer = browser.raw(method, path, &[], "").await;
        answer.expect_problem(405, "method_not_allowed");
        assert!(
            answer.header("allow").contains(allowed),
            "{path}: {}",
            answer.header("allow")
        );
    }
}

#[actix_web::test]
async fn what_can_be_got_can_be_asked_for_by_head() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    for path in ["/login", "/healthz", "/readyz", "/.well-known/jwks.json"] {
        let (head, get) = (
            browser.raw(Method::HEAD, path, &[], "").await,
            browser.raw(Method::GET, path, &[], "").await,
        );
        assert_eq!((head.status, get.status), (200, 200), "{path}");
        assert!(head.bytes.is_empty());
        for name in ["content-type", "cache-control", "content-security-policy"] {
            assert_eq!(head.header(name), get.header(name), "{path}");
        }
    }
    let missing = browser.raw(Method::HEAD, "/nothing", &[], "").await;
    assert_eq!((missing.status, missing.bytes.len()), (404, 0));
}

#[actix_web::test]
async fn paths_that_lead_nowhere_are_404_and_show_nothing_of_the_machine() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    for path in [
        "/nothing",
        "/api/nothing",
        "/ws/nothing",
        "/static/../Cargo.toml",
        "/static/x/%2e%2e/%2e%2e/Cargo.toml",
        "/%ff",
        "/metrics",
    ] {
        let problem = browser
            .raw(Method::GET, path, &[], "")
            .await
            .expect_problem(404, "not_found");
        assert!(!problem.to_string().contains("/work"), "{problem}");
    }
    for name in [
        "x.jpg",
        "..%2fsecret.key",
        &format!("{}.jpg", "0".repeat(64)),
        "%00",
    ] {
        let answer = browser
            .raw(Method::GET, &format!("/codes/{name}"), &[], "")
            .await;
        answer.expect_problem(404, "code_unknown");
    }
}
