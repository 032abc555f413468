//! Peers that take their time, say nothing or do not read, while people log in.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::{io::AsyncWriteExt, time::timeout};

use crate::support::{
    Cluster, Peer, Server,
    wait::{PATIENCE, eventually},
};

/// Bad peers of a kind, each from an address of its own.
const PEERS: u16 = 200;

/// Limits so short that a test need not wait long for them.
async fn impatient_server() -> Server {
    let database = Cluster::shared_database().await;
    let limits = [("SAOMA_HEAD_TIMEOUT", "1s"), ("SAOMA_UNREAD_TIMEOUT", "1s")];
    Server::start_with(Some(&database), &limits).await
}

async fn peers(server: &Server) -> Vec<Peer> {
    join_all((0..PEERS).map(|from| Peer::connect(&server.url, from))).await
}

/// Sends a byte now and then until the server has enough of it.
async fn trickle(peer: &mut Peer) {
    let cut = async {
        while peer.stream.write_all(b"a").await.is_ok() {
            let quiet = Duration::from_millis(50);
            let mut answer = [0; 256];
            match timeout(quiet, peer.stream.peek(&mut answer)).await {
                Err(_) => {}
                Ok(Ok(1..)) => return peer.ended().await,
                Ok(_) => return String::new(),
            }
        }
        String::new()
    };
    let answer = timeout(PATIENCE, cut).await.expect("it is not cut");
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
        "{answer}"
    );
}

#[actix_web::test]
async fn h1_slow_heads_are_cut_while_a_login_goes_on() {
    let server = impatient_server().await;
    let phone = server.registered_phone("Li").await;
    let mut slow = peers(&server).await;
    for peer in &mut slow {
        peer.send(b"GET /login HTTP/1.1\r\nx-slow: ").await;
    }
    let cut = join_all(slow.iter_mut().map(trickle));
    tokio::join!(cut, server.log_in(&phone));
}

#[actix_web::test]
async fn h1_a_slow_head_after_a_good_request_is_cut_as_well() {
    let server = impatient_server().await;
    let mut slow = peers(&server).await;
    for peer in &mut slow {
        peer.healthy().await;
        peer.send(b"GET /login HTTP/1.1\r\nx-slow: ").await;
    }
    join_all(slow.iter_mut().map(trickle)).await;
}

#[actix_web::test]
async fn a_connection_that_goes_on_asking_is_not_cut() {
    let server = impatient_server().await;
    let mut peer = Peer::connect(&server.url, 1).await;
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(3) {
        peer.healthy().await;
        actix_web::rt::time::sleep(Duration::from_millis(200)).await;
    }
}

#[actix_web::test]
async fn h2_connections_that_say_nothing_are_cut_while_a_login_goes_on() {
    let server = impatient_server().await;
    let phone = server.registered_phone("Li").await;
    let mut silent = peers(&server).await;
    server.log_in(&phone).await;
    for answer in join_all(silent.iter_mut().map(Peer::ended)).await {
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"));
    }
    eventually("the server has forgotten them", async || {
        server.metric("saoma_connections{server=\"public\"}").await < 10.0
    })
    .await;
}

#[actix_web::test]
async fn w7_a_client_that_does_not_read_is_cut_and_its_attempt_goes_on() {
    let server = impatient_server().await;
    let phone = server.registered_phone("Li").await;
    let mut browser = server.browser().await;
    // So small a window that a few messages fill it.
    let deaf = Peer::connect_with(&server.url, 1, Some(2_048)).await;
    let mut deaf = deaf.open(&browser).await;
    let ticket: serde_json::Value = serde_json::from_slice(&deaf.text().await).unwrap();
    for _ in 0..19 {
        let again = r#"{"type":"refresh","version":0,"silent":true}"#;
        deaf.send_text(again).await;
    }
    eventually("the server has cut it off", async || {
        server.metric("saoma_sockets").await < 1.0
    })
    .await;

    assert_eq!(browser.resume(&ticket["attempt"]).await["type"], "ticket");
    let scene = browser.scene(&ticket).await;
    let scanned = phone.scan(&scene).await.expect(200);
    browser.expect("scanned").await;
    phone.confirm(&scanned["nonce"]).await.expect(200);
    browser.expect("login_succeeded").await;
    browser.redeem(&ticket["attempt"]).await.expect(200);
}

#[actix_web::test]
async fn an_open_socket_is_a_connection_and_one_that_vanishes_leaves_nothing_behind() {
    let server = impatient_server().await;
    let browser = server.browser().await;
    let connections = async || server.metric("saoma_connections{server=\"public\"}").await;
    eventually("the page's connection has gone", async || {
        connections().await < 1.0
    })
    .await;
    let half_a_frame = [0x81, 0xfe, 1, 0, 0, 0, 0, 0, b'a'];
    let close = [0x88, 0x80, 0, 0, 0, 0];
    for last in [&b""[..], &half_a_frame, &close] {
        let mut peers = Vec::new();
        for from in 0..20 {
            let mut peer = Peer::connect(&server.url, from).await.open(&browser).await;
            peer.text().await;
            peers.push(peer);
        }
        let open = (connections().await, server.metric("saoma_sockets").await);
        assert_eq!(open, (20.0, 20.0));
        for mut peer in peers {
            peer.send(last).await;
        }
        eventually("they are forgotten", async || {
            connections().await < 1.0 && server.metric("saoma_sockets").await < 1.0
        })
        .await;
    }
}

#[actix_web::test]
async fn a_client_that_does_not_read_its_page_is_cut() {
    let server = impatient_server().await;
    let mut deaf = Peer::connect_with(&server.url, 1, Some(2_048)).await;
    // More than fits into all buffers on the way, so that the server has to wait.
    let page = "GET /login HTTP/1.1\r\nhost: a\r\n\r\n".repeat(60);
    deaf.send(page.as_bytes()).await;
    eventually("the server has it", async || {
        server.metric("saoma_connections{server=\"public\"}").await > 0.0
    })
    .await;
    eventually("the server has cut it off", async || {
        server.metric("saoma_connections{server=\"public\"}").await < 1.0
    })
    .await;
}
