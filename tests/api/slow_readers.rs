//! Clients that read, but too little. There the kernel takes a few kilobytes and
//! the server has to keep the rest.

use std::{sync::Arc, time::Duration};

use actix_web::rt::time::sleep;
use saoma::session::transport::Transport;
use tokio::io::AsyncReadExt as _;

use crate::support::{
    Browser, RawSocket, TestServer,
    raw::{TEXT, masked, upgrade_request},
    server::transport,
};

const AGAIN: &[u8] = br#"{"type":"refresh","version":0,"silent":true}"#;

/// Tickets of two kilobytes each.
async fn server() -> Arc<TestServer> {
    let codes = format!("https://codes.example/{}", "a".repeat(1_800));
    TestServer::start_narrow(&[("SAOMA_CODE_BASE_URL", codes.as_str())]).await
}

/// A client that asks for its ticket so many times and has read nothing yet.
async fn asks(browser: &Browser, tickets: usize) -> RawSocket {
    let mut socket = RawSocket::connect_narrow(browser).await;
    let origin = [("origin", browser.origin.as_str())];
    let asked = upgrade_request(browser, "/ws/login", &origin);
    socket.send(&asked).await;
    assert_eq!(socket.answer().await.status, 101);
    socket.send(&masked(TEXT, AGAIN).repeat(tickets - 1)).await;
    socket
}

/// All that it hears when it reads so many bytes at a time.
async fn heard(mut socket: RawSocket, bytes: usize, pause: Duration) -> Vec<u8> {
    let (mut heard, mut some) = (Vec::new(), vec![0; bytes]);
    while let Ok(count @ 1..) = socket.stream.read(&mut some).await {
        heard.extend_from_slice(&some[..count]);
        sleep(pause).await;
    }
    heard
}

fn expect_too_slow(heard: &[u8]) {
    let close = [&[0x88, 2][..], &4008_u16.to_be_bytes()].concat();
    let end = &heard[heard.len().saturating_sub(200)..];
    assert!(heard.ends_with(&close), "{}", String::from_utf8_lossy(end));
}

#[actix_web::test]
async fn w7_a_client_for_which_more_than_16_kib_would_wait_is_told_so() {
    if transport() == Transport::Actors {
        // There it is the mailbox that fills; see the hub's own tests.
        return;
    }
    let server = server().await;
    let browser = server.browser().await;
    let slow = asks(&browser, 21).await;
    // When another, who asked later and each time waits for its answer, has all that it asked
    // for, so would this one.
    let mut other = RawSocket::open(&browser, "/ws/login").await;
    other.read().await.unwrap();
    for _ in 0..20 {
        other.send(&masked(TEXT, AGAIN)).await;
        other.read().await.unwrap();
    }
    let heard = heard(slow, 1_000, Duration::from_millis(1)).await;
    expect_too_slow(&heard);
    // Half of it was not kept for it.
    assert!(heard.len() < 32 * 1024, "{}", heard.len());
}
