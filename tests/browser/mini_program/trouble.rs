//! What passes: networks, servers and sessions that are away for a while.

use std::time::Duration;

use saoma::simulator::FaultMode;
use serde_json::json;

use super::support::{MiniProgram, scanned};
use crate::support::{
    TestServer,
    phone::{CAMERA, FORWARDED},
};

#[actix_web::test]
async fn what_passes_is_told_and_tried_again_by_a_tap() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let attempt = server.pending().await;
    let mut mini = MiniProgram::of(&server, &phone, "en");
    mini.act(&json!(["network", {"errno": 600_001, "errMsg": "request:fail"}]));
    mini.act(&json!(["scan", attempt.scene, CAMERA]));
    mini.expect("no_network").await;
    mini.act(&json!(["network", null]));
    server.fault("/sns/jscode2session", FaultMode::Error);
    mini.tap("Try again");
    mini.expect("wechat_busy").await;
    server.simulator.state().clear_faults();
    let confirm = loop {
        mini.tap("Try again");
        let view = mini
            .until("an answer", |view| view["screen"] != "loading")
            .await;
        if view["screen"] == "confirm" {
            break view;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(confirm["notice"], "");
}

#[actix_web::test]
async fn a_server_whose_database_is_away_is_told_and_found_again() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "zh_CN", CAMERA).await;
    server.database.set_away(true).await;
    mini.tap("确认登录");
    mini.expect_words("网站的服务器没有响应").await;
    server.database.set_away(false).await;
    attempt.browser.expect("scanned").await;
    // The confirm is still there, and may be pressed again.
    let news = loop {
        mini.tap("确认登录");
        let view = mini.until("an answer", |view| view["busy"] == false).await;
        if view["screen"] == "waiting" {
            break attempt.browser.expect("login_succeeded").await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(news["attempt"], attempt.id);
}

#[actix_web::test]
async fn the_background_changes_nothing_in_any_state() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    mini.act(&json!(["background"]));
    server.advance(Duration::from_secs(30)).await;
    mini.act(&json!(["foreground"]));
    mini.tap("Sign in");
    mini.expect("waiting").await;
    attempt.browser.expect("scanned").await;
    attempt.browser.expect("login_succeeded").await;
    mini.act(&json!(["background"]));
    attempt.browser.redeem(&attempt.id).await.expect(200);
    mini.act(&json!(["foreground"]));
    mini.expect("done").await;
}

#[actix_web::test]
async fn a_second_scan_shows_the_second_request() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (_first, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    let mut second = server.pending().await;
    mini.act(&json!(["scanAgain", second.scene, FORWARDED]));
    mini.expect_words("came as a picture").await;
    let number = second.browser.expect("scanned").await["number"].clone();
    mini.type_number(number.as_str().unwrap());
    mini.tap("Sign in");
    second.browser.expect("login_succeeded").await;
}

#[actix_web::test]
async fn a_phone_session_that_was_revoked_is_renewed_unseen() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    server.database.execute("DELETE FROM phone_sessions").await;
    mini.tap("Sign in");
    mini.expect("waiting").await;
    attempt.browser.expect("scanned").await;
    attempt.browser.expect("login_succeeded").await;
}
