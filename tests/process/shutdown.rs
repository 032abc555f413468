//! The way down by a signal: told to all, soon over, nothing left.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::{Browser, Server, server::status};

/// Requests under way may take 10 s; with none there is nothing to wait for.
const QUIET: Duration = Duration::from_secs(8);

#[actix_web::test]
async fn a_terminated_server_says_so_to_its_sockets_and_ends_well() {
    let mut server = Server::start().await;
    let mut waiting = server.browser().await;
    let ticket = waiting.open_socket().await;
    let mut signed_in = signed_in(&server).await;
    signed_in.try_socket("/ws/session").await.unwrap();

    server.program.signal(Signal::SIGTERM);
    assert_eq!(waiting.expect_close().await, 4012);
    assert_eq!(signed_in.expect_close().await, 4012);
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
        .post("/api/login/attempts", serde_json::json!({}))
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
