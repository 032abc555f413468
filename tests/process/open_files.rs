//! More connections than the process may have open files.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use crate::support::{Peer, Server, server::status, wait::eventually};

#[actix_web::test]
async fn h3_with_all_connections_taken_health_answers_and_logins_go_on_when_they_leave() {
    // Half of the files are the public's.
    let mut server = Server::start_with_files(256, &[("SAOMA_HEAD_TIMEOUT", "1h")]).await;
    let phone = server.registered_phone("Li").await;
    let most = server
        .metric("saoma_connections_max{server=\"public\"}")
        .await;
    assert!((100.0..=128.0).contains(&most), "{most}");

    let silent = join_all((0..300).map(|from| Peer::connect(&server.url, from))).await;
    let full = "saoma_connections{server=\"public\"}";
    eventually("all are taken", async || server.metric(full).await >= most).await;
    assert!(server.metric(full).await <= most);
    // The kernel takes one more, which the server does not accept.
    let mut waiting = Peer::connect(&server.url, 999).await;

    let admin = &server.admin_url;
    assert_eq!(status(&format!("{admin}/healthz")).await, Some(200));
    let url = format!("{admin}/readyz");
    let mut ready = awc::Client::default().get(url).send().await.unwrap();
    assert_eq!(ready.status(), 200);
    let ready: serde_json::Value = ready.json().await.unwrap();
    assert_eq!(ready["warnings"], serde_json::json!(["connections_full"]));

    drop(silent);
    waiting.healthy().await;
    server.log_in(&phone).await;
    assert!(server.program.runs());
}

#[actix_web::test]
async fn with_few_connections_left_each_answers_once() {
    let server = Server::start_with_files(256, &[("SAOMA_HEAD_TIMEOUT", "1h")]).await;
    let mut kept = Peer::connect(&server.url, 1).await;
    kept.healthy().await;
    kept.healthy().await;

    let most = server
        .metric("saoma_connections_max{server=\"public\"}")
        .await;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some hundred"
    )]
    let silent = 2..most as u16 - 2;
    let _silent = join_all(silent.map(|from| Peer::connect(&server.url, from))).await;
    eventually("few are left", async || {
        server.metric("saoma_connections{server=\"public\"}").await >= most - 3.0
    })
    .await;
    kept.healthy().await;
    let ended = timeout(Duration::from_secs(10), kept.stream.read(&mut [0])).await;
    assert_eq!(ended.expect("it stays open").unwrap(), 0);
}

#[actix_web::test]
async fn with_few_connections_left_no_page_waits_in_a_poll_and_logins_go_on() {
    let server = Server::start_with_files(256, &[("SAOMA_HEAD_TIMEOUT", "1h")]).await;
    let phone = server.registered_phone("Li").await;
    let mut browser = server.browser().await;
    let begun = browser.post("/api/login/attempts", json!({})).await;
    let begun = begun.expect(201);
    let most = "saoma_connections_max{server=\"public\"}";
    let most = server.metric(most).await;
    let open = "saoma_connections{server=\"public\"}";
    let mut silent = Vec::new();
    for from in 0.. {
        if server.metric(open).await >= most - 5.0 {
            break;
        }
        silent.push(Peer::connect(&server.url, from).await);
    }
    let poll = format!(
        "/api/login/attempts/{}?after_version=1&wait=25",
        begun["attempt"].as_str().unwrap()
    );
    let refused = browser.get(&poll).await;
    let problem = refused.expect_problem(429, "slow_down");
    assert_eq!(problem["retry_in"], 5);
    server.log_in(&phone).await;
}

#[actix_web::test]
async fn one_address_cannot_take_all_connections() {
    let server = Server::start_with_files(256, &[("SAOMA_HEAD_TIMEOUT", "1h")]).await;
    let phone = server.registered_phone("Li").await;
    let mut greedy = join_all((0..200).map(|_| Peer::connect(&server.url, 7))).await;
    let refused = "saoma_connections_refused_total";
    eventually("the rest is refused", async || {
        server.metric(refused).await >= 136.0
    })
    .await;
    // Those beyond the bound are closed without a word, the others wait.
    let mut ended = 0;
    for peer in &mut greedy {
        let _ = peer.stream.write_all(b"G").await;
        let mut byte = [0];
        let read = timeout(Duration::from_millis(5), peer.stream.read(&mut byte));
        ended += u32::from(read.await.is_ok());
    }
    assert_eq!(ended, 136);
    server.log_in(&phone).await;
}
