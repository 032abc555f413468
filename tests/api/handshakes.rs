//! How a connection passes from HTTP to a socket, and how it does not.

use saoma::session::transport::Transport;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

use crate::support::{
    Browser, RawSocket, TestServer,
    raw::{BINARY, CLOSE, PING, PONG, TEXT, masked, upgrade_request},
    server::transport,
};

fn asks(browser: &Browser) -> Vec<u8> {
    upgrade_request(browser, "/ws/login", &[("origin", &browser.origin)])
}

async fn message(socket: &mut RawSocket) -> Value {
    let (first, text) = socket.read().await.unwrap();
    assert_eq!(first, TEXT);
    serde_json::from_slice(&text).unwrap()
}

#[actix_web::test]
async fn frames_that_come_with_the_request_are_read() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    let mut socket = RawSocket::connect(&browser).await;
    let mut bytes = asks(&browser);
    bytes.extend(masked(PING, b"early"));
    bytes.extend(masked(TEXT, br#"{"type":"dance"}"#));
    // And a half, whose rest follows.
    let half = masked(TEXT, br#"{"type":"cancel"}"#);
    bytes.extend(&half[..9]);
    socket.send(&bytes).await;
    assert_eq!(socket.answer().await.status, 101);
    // The ticket comes when its row is written, before or after.
    let (mut pongs, mut kinds) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        match socket.read().await.unwrap() {
            (PONG, bytes) => pongs.push(bytes),
            (_, text) => {
                let message: Value = serde_json::from_slice(&text).unwrap();
                kinds.push(message["type"].clone());
            }
        }
    }
    kinds.sort_by_key(Value::to_string);
    assert_eq!(
        (pongs, kinds),
        (
            vec![b"early".to_vec()],
            vec![json!("error"), json!("ticket")]
        )
    );
    socket.send(&half[9..]).await;
    assert_eq!(message(&mut socket).await["type"], "cancelled");
}

#[actix_web::test]
async fn a_frame_may_come_byte_by_byte() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    let mut socket = RawSocket::open(&browser, "/ws/login").await;
    assert_eq!(message(&mut socket).await["type"], "ticket");
    socket.stream.set_nodelay(true).unwrap();
    for byte in masked(
        TEXT,
        json!({"type": "cancel", "more": "a".repeat(200)})
            .to_string()
            .as_bytes(),
    ) {
        socket.send(&[byte]).await;
    }
    assert_eq!(message(&mut socket).await["type"], "cancelled");
}

#[actix_web::test]
async fn requests_before_the_upgrade_are_answered_in_their_order() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    let mut socket = RawSocket::connect(&browser).await;
    let mut bytes = b"GET /login HTTP/1.1\r\nhost: a\r\n\r\n".to_vec();
    bytes.extend(b"GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n");
    bytes.extend(asks(&browser));
    socket.send(&bytes).await;
    for status in [200, 404, 101] {
        assert_eq!(socket.answer().await.status, status);
    }
    assert_eq!(message(&mut socket).await["type"], "ticket");
}

#[actix_web::test]
async fn a_refused_upgrade_has_its_answer_and_the_connection_ends() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    let mut socket = RawSocket::connect(&browser).await;
    let mut bytes = upgrade_request(&browser, "/ws/login", &[("origin", "https://evil.example")]);
    // What a client has sent already must not cost it the answer.
    bytes.extend(masked(TEXT, &[b' '; 4_000]));
    socket.send(&bytes).await;
    let refused = socket.answer().await;
    assert_eq!(refused.status, 403);
    let problem: Value = serde_json::from_slice(&refused.body).unwrap();
    assert_eq!(problem["code"], "origin_refused");
    for line in [
        "connection: close",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
    ] {
        assert!(
            refused.head.lines().any(|known| known == line),
            "{}",
            refused.head
        );
    }
    assert_eq!(socket.stream.read(&mut [0]).await.unwrap(), 0);
}

#[actix_web::test]
async fn an_upgrade_at_any_other_address_is_an_ordinary_request() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    for (path, status, body) in [
        ("/login", 200, "<!doctype html>"),
        ("/healthz", 200, ""),
        ("/nowhere", 404, r#"{"type":"about:blank""#),
    ] {
        let mut socket = RawSocket::connect(&browser).await;
        socket.send(&upgrade_request(&browser, path, &[])).await;
        let answer = socket.answer().await;
        assert_eq!(answer.status, status, "{path}");
        let text = String::from_utf8(answer.body).unwrap().to_lowercase();
        assert!(text.starts_with(body), "{path}: {text}");
    }
}

#[actix_web::test]
async fn a_handshake_with_a_mistake_is_refused() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    let good = String::from_utf8(asks(&browser)).unwrap();
    for (part, other) in [
        ("version: 13", "version: 8"),
        ("sec-websocket-version: 13\r\n", ""),
        ("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="),
        ("connection: Upgrade", "connection: keep-alive"),
        ("GET ", "POST "),
    ] {
        let mut socket = RawSocket::connect(&browser).await;
        let bad = good.replace(part, other);
        assert_ne!(bad, good);
        socket.send(bad.as_bytes()).await;
        let status = socket.answer().await.status;
        assert!(matches!(status, 400 | 405), "{other}: {status}");
    }
    let mut socket = RawSocket::connect(&browser).await;
    socket.send(good.as_bytes()).await;
    assert_eq!(socket.answer().await.status, 101);
}

#[actix_web::test]
async fn an_upgrade_that_brings_a_body_is_refused() {
    if transport() == Transport::Actors {
        // There the request is a socket whose client has nothing to say.
        return;
    }
    let server = TestServer::start().await;
    let browser = server.browser().await;
    for (name, value) in [("content-length", "5"), ("transfer-encoding", "chunked")] {
        let mut socket = RawSocket::connect(&browser).await;
        let headers = [("origin", browser.origin.as_str()), (name, value)];
        socket
            .send(&upgrade_request(&browser, "/ws/login", &headers))
            .await;
        assert_eq!(socket.answer().await.status, 400, "{name}");
    }
}

#[actix_web::test]
async fn after_a_close_nothing_more_is_said_and_nothing_more_is_heard() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    let mut socket = RawSocket::open(&browser, "/ws/login").await;
    assert_eq!(message(&mut socket).await["type"], "ticket");
    let mut bytes = masked(BINARY, b"no");
    bytes.extend(masked(PING, b"still there?"));
    bytes.extend(masked(TEXT, br#"{"type":"cancel"}"#));
    socket.send(&bytes).await;
    assert_eq!(
        socket.read().await.unwrap(),
        (CLOSE, 1003_u16.to_be_bytes().to_vec())
    );
    assert_eq!(socket.read().await, None);
    let states = "select count(*) from login_attempts where state = 'pending'";
    assert_eq!(server.database.count(states).await, 1);
}
