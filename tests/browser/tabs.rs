//! Reloading and several tabs.

use std::time::Duration;

use crate::{
    chromium::Chromium,
    support::{Phone, TestServer},
};

/// Opens another tab and goes on in it; gives the first one's handle.
async fn new_tab(browser: &Chromium) -> fantoccini::wd::WindowHandle {
    let first = browser.window().await.unwrap();
    let tab = browser.new_window(true).await.unwrap();
    browser.switch_to_window(tab.handle).await.unwrap();
    first
}

#[actix_web::test]
async fn a_reload_in_every_state_goes_on_with_the_same_attempt() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    let (attempt, scene) = (browser.attempt().await, browser.scene().await);

    browser.refresh().await.unwrap();
    browser.expect_state("pending").await;
    assert_eq!(
        (browser.attempt().await, browser.scene().await),
        (attempt.clone(), scene.clone())
    );

    let scanned = phone.scan(&scene).await.expect(200);
    browser.expect_state("scanned").await;
    browser.refresh().await.unwrap();
    browser.expect_state("scanned").await;

    phone.confirm(&scanned["nonce"]).await.expect(200);
    browser.expect_state("not_registered").await;
    browser.refresh().await.unwrap();
    browser.expect_state("not_registered").await;
    assert_eq!(browser.attempt().await, attempt);

    phone.register(Some("Ming")).await.expect(201);
    browser.expect_state("scanned").await;
    phone.confirm(&scanned["nonce"]).await.expect(200);
    browser.expect_path("/dashboard").await;
    browser.refresh().await.unwrap();
    browser.expect_path("/dashboard").await;
    assert_eq!(browser.text("welcome").await, "Hello, Ming");
}

#[actix_web::test]
async fn a_reload_after_the_end_starts_anew() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    let scene = browser.scene().await;
    let scanned = phone.scan(&scene).await.expect(200);
    phone.refuse(&scanned["nonce"]).await.expect(204);
    browser.expect_state("cancelled").await;

    browser.refresh().await.unwrap();
    browser.expect_state("pending").await;
    let next = browser.scene().await;
    assert_ne!(next, scene);

    server.advance(Duration::from_secs(121)).await;
    browser.expect_state("expired").await;
    browser.refresh().await.unwrap();
    browser.expect_state("pending").await;
    assert_ne!(browser.scene().await, next);
}

#[actix_web::test]
async fn a_second_tab_has_a_code_of_its_own_and_one_scan_logs_both_in() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    let first_scene = browser.scene().await;

    let first = new_tab(&browser).await;
    browser.open_login(&server.url).await;
    assert_ne!(browser.scene().await, first_scene);
    let second = browser.window().await.unwrap();

    confirm(&phone, &first_scene).await;
    browser.switch_to_window(first).await.unwrap();
    browser.expect_path("/dashboard").await;
    browser.switch_to_window(second).await.unwrap();
    browser.expect_path("/dashboard").await;
}

async fn confirm(phone: &Phone, scene: &str) {
    let scanned = phone.scan(scene).await.expect(200);
    phone.confirm(&scanned["nonce"]).await.expect(200);
}

/// A duplicated tab takes the storage along, and with it the attempt.
#[actix_web::test]
async fn a_duplicated_tab_takes_over_and_the_first_can_take_back() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    let first = browser.window().await.unwrap();
    let scene = browser.scene().await;

    browser.run("window.open(location.href)").await;
    let windows = browser.windows().await.unwrap();
    let copy = windows.into_iter().find(|window| *window != first).unwrap();
    browser.switch_to_window(copy.clone()).await.unwrap();
    browser.expect_state("pending").await;
    assert_eq!(browser.scene().await, scene);

    browser.switch_to_window(first.clone()).await.unwrap();
    browser.expect_state("elsewhere").await;
    browser.press("refresh").await;
    browser.expect_state("pending").await;
    browser.switch_to_window(copy).await.unwrap();
    browser.expect_state("elsewhere").await;

    confirm(&phone, &scene).await;
    browser.switch_to_window(first).await.unwrap();
    browser.expect_path("/dashboard").await;
}
