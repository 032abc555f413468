//! The way down by a signal: told to all, soon over, nothing left.

use std::time::Duration;

use actix_http::ws::Frame;
use chrono::{DateTime, TimeDelta};
use futures_util::future::join_all;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::{
    Browser, Cluster, Phone, Server,
    server::status,
    soak,
    wait::{PATIENCE, eventually},
};

/// Requests under way may take 10 s; with none there is nothing to wait for.
const QUIET: Duration = Duration::from_secs(8);

#[actix_web::test]
async fn a_terminated_server_says_so_to_its_sockets_and_ends_well() {
    let mut server = Server::start().await;
    let mut waiting = server.browser().await;
    let ticket = waiting.open_socket().await;
    let mut signed_in = signed_in(&server).await;
    signed_in.open_session().await;
    let mut phone = server.phone().await.try_socket().await.unwrap();
    phone.told().await;

    server.program.signal(Signal::SIGTERM);
    assert_eq!(waiting.expect_close().await, 4012);
    assert_eq!(signed_in.expect_close().await, 4012);
    assert_eq!(phone.expect_close().await, 4012);
    // Draining, or already gone: ready it is not.
    for url in [&server.url, &server.admin_url] {
        let ready = status(&format!("{url}/readyz")).await;
        assert!(matches!(ready, None | Some(503)), "{ready:?}");
    }
    waiting.drop_socket();
    signed_in.drop_socket();
    let ended = server.program.ends_within(QUIET).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(server.place.processes(), Vec::<String>::new());

    // And the browser's login goes on with the next one.
    server.kill_and_start_again().await;
    assert_eq!(waiting.resume(&ticket["attempt"]).await["type"], "ticket");
}

/// Confirms at the first of two instances that takes it: one may be gone by now.
pub async fn confirm(phone: &Phone, urls: [&str; 2], nonce: &Value) {
    let body = json!({"nonce": nonce, "number": null});
    for url in urls {
        let request = awc::Client::default()
            .post(format!("{url}/api/phone/confirm"))
            .timeout(PATIENCE)
            .bearer_auth(&phone.token);
        match request.send_json(&body).await.map(|answer| answer.status()) {
            Ok(status) if status == 200 => return,
            Ok(status) => assert_eq!(status, 503),
            Err(_) => {}
        }
    }
    panic!("no instance takes the confirm");
}

/// When the log says this for the first time.
fn logged(log: &str, text: &str) -> DateTime<chrono::FixedOffset> {
    let line = log.lines().find(|line| line.contains(text));
    let line = line.unwrap_or_else(|| panic!("no {text:?} in {log}"));
    DateTime::parse_from_rfc3339(line.split(' ').next().unwrap()).unwrap()
}

#[actix_web::test]
async fn k1_a_terminated_server_sends_its_sockets_away_in_batches_and_loses_no_confirm() {
    let sockets = soak::times(200, 10_000);
    let database = Cluster::shared_database().await;
    let free = [
        ("SAOMA_MAX_SOCKETS_PER_ADDRESS", "0"),
        ("SAOMA_MAX_REDEEMS_PER_ADDRESS", "0"),
        ("SAOMA_MAX_SCANS_PER_USER", "0"),
        ("SAOMA_MAX_CONFIRMS_PER_USER", "0"),
        // In full it takes minutes to open them all.
        ("SAOMA_SCAN_TTL", "1h"),
        ("SAOMA_CONFIRM_TTL", "1h"),
        ("SAOMA_REDEEM_TTL", "1h"),
        ("SAOMA_ATTEMPT_TTL", "3h"),
        ("SAOMA_PING_INTERVAL", "1h"),
    ];
    let mut server = Server::start_with(Some(&database), &free).await;
    let other = server.beside(&[]).await;
    let phone = server.registered_phone("Ming").await;
    let (mut waiting, mut nonces) = (Vec::new(), Vec::new());
    for number in 0..sockets {
        let mut browser = server.browser().await;
        let ticket = browser.open_socket().await;
        if number % 10 == 0 {
            let scene = browser.scene(&ticket).await;
            let scan = phone.scan(&scene).await.expect(200);
            browser.expect("scanned").await;
            nonces.push(scan["nonce"].clone());
        }
        waiting.push((browser, ticket["attempt"].clone()));
    }

    let urls = [&*server.url, &*other.url];
    let confirms = join_all(nonces.iter().map(|nonce| confirm(&phone, urls, nonce)));
    let ready = format!("{}/readyz", server.url);
    let down = async {
        server.program.signal(Signal::SIGTERM);
        eventually("it is not ready", async || {
            status(&ready).await != Some(200)
        })
        .await;
    };
    tokio::join!(confirms, down);
    for (browser, _) in &mut waiting {
        let close = loop {
            match browser.frame_or_end().await {
                Some(Frame::Text(_)) => {}
                other => break other,
            }
        };
        let Some(Frame::Close(Some(reason))) = close else {
            panic!("not a close: {close:?}");
        };
        assert_eq!(u16::from(reason.code), 4012);
        browser.drop_socket();
    }
    let ended = server.program.ends_within(Duration::from_secs(30)).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    // Fifty at once at the most, where they are few, and ten batches a second.
    let told = logged(&ended.err, "told to reconnect") - logged(&ended.err, "stopping");
    assert!(told >= TimeDelta::milliseconds(250), "{told}");

    for (number, (browser, attempt)) in waiting.iter_mut().enumerate() {
        browser.url.clone_from(&other.url);
        let state = browser.resume(attempt).await["type"].clone();
        if number % 10 == 0 {
            assert_eq!(state, "login_succeeded", "browser {number}");
            browser.redeem(attempt).await.expect(200);
        } else {
            assert_eq!(state, "ticket", "browser {number}");
        }
        browser.drop_socket();
    }
}

#[actix_web::test]
async fn a_client_that_does_not_answer_the_close_does_not_hold_the_server() {
    let mut server = Server::start().await;
    let mut browser = server.browser().await;
    browser.open_socket().await;
    server.program.signal(Signal::SIGTERM);
    // The socket stays open on the client's side.
    let ended = server.program.ends_within(Duration::from_secs(15)).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(browser.expect_close().await, 4012);
}

#[actix_web::test]
async fn a_long_poll_does_not_hold_the_server() {
    let mut server = Server::start().await;
    let mut browser = server.browser().await;
    let ticket = browser
        .post("/api/login/attempts", json!({}))
        .await
        .expect(201);
    let attempt = ticket["attempt"].as_str().unwrap();
    let path = format!("/api/login/attempts/{attempt}?after_version=1&wait=25");
    let mut poller = browser.tab();
    let polling = actix_web::rt::spawn(async move { poller.get(&path).await.status });
    // The poll has arrived once a second one of the same attempt ends it; here it is
    // enough that the server has read it, which a later request on another connection shows.
    browser.get("/healthz").await.expect(200);
    server.program.signal(Signal::SIGTERM);
    let ended = server.program.ends_within(Duration::from_secs(15)).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    polling.abort();
}

#[actix_web::test]
async fn an_interrupted_server_takes_its_private_postgres_with_it() {
    let mut server = Server::start_private().await;
    let processes = server.place.processes();
    assert!(
        processes.len() > 3,
        "server, postmaster, backends: {processes:?}"
    );
    server.program.signal(Signal::SIGINT);
    let ended = server.program.ends_within(QUIET).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(server.place.processes(), Vec::<String>::new());
    assert!(!server.place.join("data/postgres/postmaster.pid").exists());
}

#[actix_web::test]
async fn a_signal_to_the_whole_terminal_stops_postgres_in_good_order() {
    let mut server = Server::start_private().await;
    server.program.signal_group(Signal::SIGINT);
    let ended = server.program.ends_within(QUIET).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(!ended.err.contains("ended by itself"), "{}", ended.err);
    assert_eq!(server.place.processes(), Vec::<String>::new());
}

async fn signed_in(server: &Server) -> Browser {
    let phone = server.registered_phone("Ming").await;
    let mut browser = server.browser().await;
    let ticket = browser.open_socket().await;
    let scan = phone.scan(&browser.scene(&ticket).await).await.expect(200);
    phone.confirm(&scan["nonce"]).await.expect(200);
    browser.redeem(&ticket["attempt"]).await.expect(200);
    browser.drop_socket();
    browser
}
