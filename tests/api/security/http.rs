//! H: abuse of HTTP. H4, which needs nginx, is in `tests/browser`.

use std::time::{Duration, Instant};

use actix_web::http::Method;
use saoma::hub::messages::ListAttempts;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

use crate::{
    fallback::{begin, poll},
    support::{Browser, TestServer, answer::PATIENCE},
};

#[actix_web::test]
async fn h5_a_proxy_that_nobody_declared_cannot_choose_the_address() {
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

#[actix_web::test]
async fn h5_a_chain_of_fifty_addresses_is_still_one_visitor() {
    let forwarded = |last: u8| -> String {
        let hops = (0..49).map(|hop| format!("203.0.113.{hop}, "));
        hops.chain([format!("198.51.100.{last}")]).collect()
    };
    for (trusted, another) in [("127.0.0.0/8", 201), ("10.0.0.0/8", 429)] {
        let options = [
            ("SAOMA_TRUSTED_PROXIES", trusted),
            ("SAOMA_MAX_STARTS_PER_ADDRESS", "1"),
        ];
        let server = TestServer::start_with(&options).await;
        let browser = server.browser().await;
        let begin = async |forwarded: &str| {
            let headers = [
                ("origin", server.url.as_str()),
                ("x-forwarded-for", forwarded),
            ];
            let path = "/api/login/attempts";
            browser.raw(Method::POST, path, &headers, "").await
        };
        begin(&forwarded(7)).await.expect(201);
        // What stands further left is whatever the visitor wrote there.
        let chain = forwarded(7).replace("203.0.113.", "192.0.2.");
        begin(&chain).await.expect_problem(429, "slow_down");
        let reversed = format!("198.51.100.9, {}", forwarded(7));
        begin(&reversed).await.expect_problem(429, "slow_down");
        // Another visitor is one only where the proxy's word counts.
        assert_eq!(begin(&forwarded(8)).await.status, another);
    }
}

#[actix_web::test]
async fn the_server_speaks_http_1_1_and_answers_no_http_2() {
    let server = TestServer::start().await;
    let address = server.url.trim_start_matches("http://");
    for hello in [
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        format!("GET /healthz HTTP/2.0\r\nhost: {address}\r\n\r\n"),
    ] {
        assert_eq!(
            first_line(address, &hello).await,
            "HTTP/1.1 400 Bad Request"
        );
    }
    // An offer to change over is not taken up.
    let upgrade = format!(
        "GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: Upgrade, HTTP2-Settings\r\n\
         upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n"
    );
    assert_eq!(first_line(address, &upgrade).await, "HTTP/1.1 200 OK");
}

/// What the server answers to bytes that no client library would send.
async fn first_line(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut line = String::new();
    let read = BufReader::new(stream);
    timeout(PATIENCE, { read }.read_line(&mut line))
        .await
        .unwrap()
        .unwrap();
    line.trim_end().to_owned()
}

#[actix_web::test]
async fn h9_a_newer_poll_ends_the_older_and_a_third_in_two_seconds_is_too_many() {
    let server = TestServer::start().await;
    let (attempt, _) = begin(server.browser().await, json!({})).await;
    let query = "after_version=1&wait=25";
    let began = Instant::now();
    let older = actix_web::rt::spawn({
        let (mut tab, path) = (attempt.browser.tab(), attempt.path());
        async move { tab.get(&format!("{path}?{query}")).await }
    });
    let waits = async || {
        let listed = server.recheck.hub.send(ListAttempts {
            after: None,
            some: 1,
            many: 1,
        });
        !listed.await.unwrap().attempts.is_empty()
    };
    while !waits().await {
        tokio::task::yield_now().await;
    }
    let newer = poll(&attempt, query);
    let rest = async {
        older.await.unwrap().expect(204);
        let refused = poll(&attempt, query).await;
        let problem = refused.expect_problem(429, "slow_down");
        assert!(problem["retry_in"].is_u64(), "{problem}");
        assert_eq!(
            refused.header("retry-after"),
            problem["retry_in"].to_string()
        );
        let cancelled = format!("{}/cancel", attempt.path());
        attempt
            .browser
            .tab()
            .post(&cancelled, json!({}))
            .await
            .expect(204);
    };
    let (newer, ()) = tokio::join!(newer, rest);
    assert_eq!(newer.expect(200)["type"], "cancelled");
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[actix_web::test]
async fn h9_who_polls_too_fast_is_slowed_down_and_still_logs_in() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (attempt, _) = begin(server.browser().await, json!({})).await;
    let mut slowed = 0;
    for _ in 0..10 {
        let answer = poll(&attempt, "after_version=1&wait=0").await;
        if answer.status == 429 {
            let problem = answer.expect_problem(429, "slow_down");
            assert_eq!(
                answer.header("retry-after"),
                problem["retry_in"].to_string()
            );
            slowed += 1;
        }
    }
    let nonce = phone.scan(&attempt.scene).await.expect(200)["nonce"].clone();
    phone.confirm(&nonce).await.expect(200);
    let mut tab = attempt.browser.tab();
    tab.redeem(&attempt.id).await.expect(200);
    assert!(slowed > 0);
}
