//! A minute in the background, in each state: WeChat stops the mini program, and time goes on.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use super::support::{MiniProgram, scanned, signed_in};
use crate::support::{
    TestServer,
    phone::{CAMERA, FORWARDED},
};

/// What times out in a minute is another test's.
const PATIENT: (&str, &str) = ("SAOMA_CONFIRM_TTL", "180s");

/// The phone's clock and the server's are a little more than a minute further on.
async fn a_minute_away(server: &Arc<TestServer>, mini: &mut MiniProgram) {
    mini.act(&json!(["background"]));
    away(server, mini).await;
    mini.act(&json!(["foreground"]));
}

async fn away(server: &Arc<TestServer>, mini: &mut MiniProgram) {
    mini.act(&json!(["clock", 61_000]));
    server.advance(Duration::from_secs(61)).await;
}

#[actix_web::test]
async fn a_scan_that_found_no_network_is_made_again_by_itself() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let attempt = server.pending().await;
    let mut mini = MiniProgram::of(&server, &phone, "en");
    mini.act(&json!(["network", {"errno": 600_001, "errMsg": "request:fail"}]));
    mini.act(&json!(["scan", attempt.scene, CAMERA]));
    mini.expect("no_network").await;
    mini.act(&json!(["network", null]));
    a_minute_away(&server, &mut mini).await;
    mini.expect("confirm").await;
}

#[actix_web::test]
async fn a_confirm_that_has_timed_out_says_so() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (_attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    a_minute_away(&server, &mut mini).await;
    mini.expect("expired").await;
    // And goes on saying so.
    a_minute_away(&server, &mut mini).await;
    mini.act(&json!(["scan", server.pending().await.scene, CAMERA]));
    mini.expect("confirm").await;
}

#[actix_web::test]
async fn a_confirm_that_still_counts_is_pressed() {
    let server = TestServer::start_with(&[PATIENT]).await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    a_minute_away(&server, &mut mini).await;
    mini.tap("Sign in");
    mini.expect("waiting").await;
    attempt.browser.expect("scanned").await;
    attempt.browser.expect("login_succeeded").await;
}

#[actix_web::test]
async fn the_number_is_still_asked_for() {
    let server = TestServer::start_with(&[PATIENT]).await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", FORWARDED).await;
    let number = attempt.browser.expect("scanned").await["number"].clone();
    a_minute_away(&server, &mut mini).await;
    mini.type_number(number.as_str().unwrap());
    mini.tap("Sign in");
    mini.expect("waiting").await;
    attempt.browser.expect("login_succeeded").await;
}

#[actix_web::test]
async fn a_newcomer_still_registers() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    mini.tap("Sign in");
    mini.expect("not_registered").await;
    a_minute_away(&server, &mut mini).await;
    mini.act(&json!(["submit", ".form", {"nickname": "Ming"}]));
    mini.expect("waiting").await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
    mini.expect("done").await;
}

#[actix_web::test]
async fn a_login_that_came_about_meanwhile_is_told_and_stays() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    mini.tap("Sign in");
    mini.expect("waiting").await;
    mini.act(&json!(["background"]));
    attempt.browser.redeem(&attempt.id).await.expect(200);
    away(&server, &mut mini).await;
    mini.act(&json!(["foreground"]));
    mini.expect("done").await;
    // The page that is over is still there, with its buttons.
    a_minute_away(&server, &mut mini).await;
    mini.tap("Send to computer");
    mini.act(&json!(["follow"]));
    mini.expect_words("The page on the computer is closed")
        .await;
}

#[actix_web::test]
async fn a_login_that_nobody_fetched_meanwhile_is_told_as_such() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (_attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    mini.tap("Sign in");
    mini.expect("waiting").await;
    a_minute_away(&server, &mut mini).await;
    mini.expect("not_redeemed").await;
}

#[actix_web::test]
async fn the_six_digits_are_still_good() {
    let server = TestServer::start_with(&[("SAOMA_CHECK", "code")]).await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    mini.tap("Sign in");
    let code = mini.expect("waiting").await["checkCode"].clone();
    a_minute_away(&server, &mut mini).await;
    let typed = json!({"type": "check_code", "code": code});
    attempt.browser.send(typed).await;
    attempt.browser.expect("scanned").await;
    attempt.browser.expect("code_needed").await;
    attempt.browser.expect("login_succeeded").await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
    mini.expect("done").await;
}

#[actix_web::test]
async fn the_list_of_devices_and_the_chat_go_on() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    signed_in(&mut mini, &mut attempt, "Sign in").await;
    let mut dashboard = attempt.browser.tab();
    dashboard.open_session().await;
    mini.tap("Send to computer");
    mini.act(&json!(["follow"]));
    mini.expect_words("The page on the computer is open").await;
    assert_eq!(dashboard.expect("peer").await["present"], true);
    mini.act(&json!(["background"]));
    assert_eq!(dashboard.expect("peer").await["present"], false);
    away(&server, &mut mini).await;
    mini.act(&json!(["foreground"]));
    assert_eq!(dashboard.expect("peer").await["present"], true);
    dashboard.say("Still there?").await;
    mini.expect_words("Still there?").await;

    mini.open("pages/index/index");
    mini.expect("list").await;
    a_minute_away(&server, &mut mini).await;
    mini.tap("Not me");
    mini.expect_words("keeps a note").await;
}
