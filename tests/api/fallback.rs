//! PROTOCOL, section 6: the whole login without sockets.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Answer, Attempt, Browser, TestServer};

/// An attempt that a browser began without a socket.
pub async fn begin(browser: Browser, body: Value) -> (Attempt, Value) {
    let mut browser = browser;
    let answer = browser.post("/api/login/attempts", body).await;
    let ticket = answer.expect(201);
    assert!(answer.cookies().is_empty());
    let scene = browser.scene(&ticket).await;
    let id = ticket["attempt"].clone();
    (
        Attempt {
            browser,
            id,
            scene,
            nonce: Value::Null,
        },
        ticket,
    )
}

/// Where it stands.
pub async fn poll(attempt: &Attempt, query: &str) -> Answer {
    attempt
        .browser
        .tab()
        .get(&format!("{}?{query}", attempt.path()))
        .await
}

#[actix_web::test]
async fn a_login_needs_no_socket() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, ticket) = begin(
        server.browser().await,
        json!({"return_to": "/orders?page=2"}),
    )
    .await;
    assert_eq!(
        (&ticket["type"], &ticket["version"]),
        (&"ticket".into(), &1.into())
    );
    assert_eq!(ticket["expires_in"], 120);
    let waiting = poll(&attempt, "after_version=1&wait=25");
    let scan = async { phone.scan(&attempt.scene).await.expect(200) };
    let (scanned, scan) = tokio::join!(waiting, scan);
    assert_eq!(scanned.expect(200)["type"], "scanned");
    let waiting = poll(&attempt, "after_version=2&wait=25");
    let (confirmed, _) = tokio::join!(waiting, phone.confirm(&scan["nonce"]));
    assert_eq!(confirmed.expect(200)["type"], "login_succeeded");
    let done = attempt.browser.redeem(&attempt.id).await.expect(200);
    assert_eq!(done["return_to"], "/orders?page=2");
    attempt.browser.get("/api/me").await.expect(200);
}

#[actix_web::test]
async fn a_poll_answers_at_once_when_the_version_differs_or_is_missing() {
    let server = TestServer::start().await;
    for query in [
        "",
        "wait=25",
        "after_version=0&wait=25",
        "after_version=9&wait=25",
    ] {
        let (attempt, ticket) = begin(server.browser().await, json!({})).await;
        let began = Instant::now();
        let message = poll(&attempt, query).await.expect(200);
        assert_eq!(
            (&message["type"], &message["code_url"]),
            (&"ticket".into(), &ticket["code_url"])
        );
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

#[actix_web::test]
async fn a_poll_with_nothing_new_ends_with_204() {
    let server = TestServer::start().await;
    let (attempt, _) = begin(server.browser().await, json!({})).await;
    let began = Instant::now();
    let answer = poll(&attempt, "after_version=1&wait=1").await;
    answer.expect(204);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(began.elapsed() >= Duration::from_millis(900));
    poll(&attempt, "after_version=1&wait=0").await.expect(204);
}

#[actix_web::test]
async fn a_wait_that_is_no_number_is_a_bad_request() {
    let server = TestServer::start().await;
    let (attempt, _) = begin(server.browser().await, json!({})).await;
    for query in ["after_version=x", "wait=-1", "wait=1e9"] {
        poll(&attempt, query)
            .await
            .expect_problem(400, "bad_request");
    }
}

#[actix_web::test]
async fn polling_and_socket_run_side_by_side() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.pending().await;
    let scan = async { phone.scan(&attempt.scene).await.expect(200) };
    let (polled, _) = tokio::join!(poll(&attempt, "after_version=1&wait=25"), scan);
    assert_eq!(polled.expect(200)["type"], "scanned");
    attempt.browser.expect("scanned").await;
}

#[actix_web::test]
async fn a_refresh_renews_and_a_cancel_ends() {
    let server = TestServer::start().await;
    let (mut attempt, _) = begin(server.browser().await, json!({})).await;
    let (refresh, cancel) = (
        format!("{}/refresh", attempt.path()),
        format!("{}/cancel", attempt.path()),
    );
    let mut silent = async |version: i32, silent: bool| {
        attempt
            .browser
            .post(&refresh, json!({"version": version, "silent": silent}))
            .await
    };
    for version in 1..=5 {
        let ticket = silent(version, true).await.expect(200);
        assert_eq!(
            (&ticket["type"], &ticket["version"]),
            (&"ticket".into(), &(version + 1).into())
        );
        assert_eq!(ticket["attempt"], attempt.id);
    }
    // Waiting would not help, so this is no 429.
    silent(6, true).await.expect_problem(409, "tap_needed");
    assert_eq!(silent(6, false).await.expect(200)["version"], 7);
    for _ in 0..2 {
        attempt.browser.post(&cancel, json!({})).await.expect(204);
    }
    let ticket = attempt
        .browser
        .post(&refresh, json!({"version": 8, "silent": false}))
        .await
        .expect(200);
    assert_ne!(ticket["attempt"], attempt.id);
}
