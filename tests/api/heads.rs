//! Requests that want to cost the server memory.

use std::fmt::Write as _;

use actix_web::http::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{Browser, TestServer, answer::PATIENCE};

/// The answer's status to these bytes; none where the server only hangs up.
async fn status_of(server: &TestServer, request: &[u8]) -> Option<u16> {
    let address = server.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may have enough before it has read all.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let end = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    let _ = end.expect("the server does not end it");
    let answer = String::from_utf8_lossy(&answer);
    Some(answer.split(' ').nth(1)?.parse().unwrap())
}

fn with_headers(count: usize, value: &str) -> Vec<u8> {
    let mut head = "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n".to_owned();
    for number in 2..count {
        write!(head, "x-{number}: {value}\r\n").unwrap();
    }
    (head + "\r\n").into_bytes()
}

#[actix_web::test]
async fn h8_a_97th_header_is_refused() {
    let server = TestServer::start().await;
    assert_eq!(status_of(&server, &with_headers(96, "a")).await, Some(200));
    let refused = status_of(&server, &with_headers(97, "a")).await;
    assert!(matches!(refused, None | Some(400..=499)), "{refused:?}");
}

#[actix_web::test]
async fn h8_a_huge_header_is_refused_before_it_has_come() {
    let server = TestServer::start().await;
    let mut huge = b"GET /healthz HTTP/1.1\r\nhost: a\r\nx-huge: ".to_vec();
    huge.resize(1024 * 1024, b'a');
    let refused = status_of(&server, &huge).await;
    assert!(matches!(refused, None | Some(400..=499)), "{refused:?}");
    Browser::new(&server.url).get("/healthz").await.expect(200);
}

#[actix_web::test]
async fn h8_a_compressed_body_is_never_unpacked() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    // The head of a gzip stream: whoever unpacked it would say something else.
    let packed = "\u{1f}\u{8b}\u{8}\0\0\0\0\0\0\u{3}";
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let headers = [
            ("origin", browser.url.as_str()),
            ("content-type", "application/json"),
            ("content-encoding", encoding),
        ];
        browser
            .raw(Method::POST, "/api/login/attempts", &headers, packed)
            .await
            .expect_problem(400, "bad_request");
    }
    let mut plain = server.browser().await;
    plain
        .post("/api/login/attempts", json!({}))
        .await
        .expect(201);
}
