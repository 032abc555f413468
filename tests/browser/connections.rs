//! Networks that fail, and codes that run out.

use std::{sync::Arc, time::Duration};

use saoma::simulator::FaultMode;

use crate::{
    chromium::Chromium,
    proxy::{Network, Proxy},
    support::{TestServer, server::Options},
};

/// Where WeChat makes codes.
pub const CODES: &str = "/wxa/getwxacodeunlimit";

/// A server behind a network that a test can break.
async fn behind_a_proxy(options: Options<'_>) -> (Arc<TestServer>, Proxy) {
    let proxy = Proxy::start().await;
    let url = proxy.url();
    let mut options = options.to_vec();
    options.push(("SAOMA_PUBLIC_URL", &url));
    let server = TestServer::start_with(&options).await;
    proxy.lead_to(&server.url);
    (server, proxy)
}

#[actix_web::test]
async fn a_lost_connection_comes_back_and_the_same_code_logs_in() {
    let (server, proxy) = behind_a_proxy(&[]).await;
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    browser.open_login(&proxy.url()).await;
    let scene = browser.scene().await;

    // Not by itself: on a page that is there again the button asks for a new code.
    let never = "window.random = Math.random; Math.random = () => 1000";
    browser.run(never).await;
    proxy.set(Network::Down);
    browser.expect_state("offline").await;
    proxy.set(Network::Good);
    browser.press("refresh").await;
    browser.expect_state("pending").await;
    assert_eq!(browser.scene().await, scene);

    browser.run("Math.random = window.random").await;
    proxy.set(Network::Down);
    browser.expect_state("offline").await;
    proxy.set(Network::Good);
    // This time nobody presses anything.
    browser.expect_state("pending").await;
    let scanned = phone.scan(&scene).await.expect(200);
    phone.confirm(&scanned["nonce"]).await.expect(200);
    browser.expect_path("/dashboard").await;
}

#[actix_web::test]
async fn a_scan_and_a_confirm_while_the_connection_is_away_log_in_when_it_is_back() {
    let (server, proxy) = behind_a_proxy(&[]).await;
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    browser.open_login(&proxy.url()).await;
    let scene = browser.scene().await;

    proxy.set(Network::Down);
    browser.expect_state("offline").await;
    let scanned = phone.scan(&scene).await.expect(200);
    phone.confirm(&scanned["nonce"]).await.expect(200);
    proxy.set(Network::Good);
    browser.expect_path("/dashboard").await;
}

/// As on a train: the browser is reloaded while nothing gets through, and again afterwards.
#[actix_web::test]
async fn a_reload_after_the_confirm_still_logs_in() {
    let (server, proxy) = behind_a_proxy(&[]).await;
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    browser.open_login(&proxy.url()).await;
    let scanned = phone.scan(&browser.scene().await).await.expect(200);
    browser.expect_state("scanned").await;

    proxy.set(Network::Down);
    browser.expect_state("offline").await;
    phone.confirm(&scanned["nonce"]).await.expect(200);
    proxy.set(Network::Good);
    browser.refresh().await.unwrap();
    browser.expect_path("/dashboard").await;
}

#[actix_web::test]
async fn an_expired_code_is_hidden_and_refreshed_by_a_tap() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    let scene = browser.scene().await;
    server.advance(Duration::from_secs(121)).await;
    browser.expect_state("expired").await;
    let shown = browser
        .run("return getComputedStyle(document.getElementById('code')).display")
        .await;
    assert_eq!(shown, "none");
    phone
        .scan(&scene)
        .await
        .expect_problem(410, "attempt_expired");

    browser.press("refresh").await;
    browser.expect_state("pending").await;
    let next = browser.scene().await;
    assert_ne!(next, scene);
    phone.scan(&next).await.expect(200);
    browser.expect_state("scanned").await;
}

#[actix_web::test]
async fn a_visible_page_renews_its_code_in_time_and_both_codes_are_good() {
    // The page renews ten seconds before the end.
    let server = TestServer::start_with(&[("SAOMA_SCAN_TTL", "11s")]).await;
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    let address = "return document.getElementById('code').src";
    // A machine that is too busy to scan within these ten seconds gets another code, and another.
    for _ in 0..3 {
        let scene = browser.scene().await;
        let before = browser.run(address).await;
        let renewed = format!("{address} !== {before}");
        browser.until("another code".to_owned(), renewed).await;
        let state = browser
            .run("return document.documentElement.dataset.state")
            .await;
        assert_eq!(state, "pending");
        let scanned = phone.scan(&scene).await;
        if scanned.status == 200 {
            browser.expect_state("scanned").await;
            return;
        }
        scanned.expect_problem(410, "attempt_expired");
    }
    panic!("no code was good after another one had come");
}

#[actix_web::test]
async fn a_page_that_gets_no_code_says_so_and_gets_one_by_itself() {
    let server = TestServer::start().await;
    server.fault(CODES, FaultMode::Error);
    let browser = Chromium::start().await;
    browser
        .goto(&format!("{}/login", server.url))
        .await
        .unwrap();
    browser.expect_state("unavailable").await;
    let reason = browser
        .run("return document.documentElement.dataset.reason")
        .await;
    assert_eq!(reason, "codes_unavailable");
    server.simulator.state().clear_faults();
    browser.expect_state("pending").await;
}
