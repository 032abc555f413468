//! Another code takes the place of the one that was scanned; and what differs between the phone's
//! ideas of the world and the server's.

use std::time::Duration;

use serde_json::json;

use super::support::{MiniProgram, scanned, signed_in};
use crate::support::{
    TestServer,
    phone::{CAMERA, FORWARDED},
};

#[actix_web::test]
async fn a_page_that_is_told_to_show_another_code_is_told_of_and_its_code_scanned() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    attempt.browser.expect("scanned").await;
    // By this the phone's socket is known to be open.
    attempt.browser.drop_socket();
    mini.expect_words("The sign-in page was closed").await;
    let state = attempt.browser.resume(&attempt.id.clone()).await;
    attempt.browser.refresh(&state["version"], false).await;
    let ticket = attempt.browser.expect("ticket").await;
    // Nobody taps anything on the phone.
    mini.expect("replaced").await;
    let scene = attempt.browser.scene(&ticket).await;
    mini.act(&json!(["scanAgain", scene, CAMERA]));
    mini.expect("confirm").await;
    mini.tap("Sign in");
    mini.expect("waiting").await;
    attempt.browser.expect("scanned").await;
    let news = attempt.browser.expect("login_succeeded").await;
    assert_eq!(news["attempt"], ticket["attempt"]);
}

#[actix_web::test]
async fn the_six_digits_of_a_code_that_was_replaced_are_not_shown_any_more() {
    let server = TestServer::start_with(&[("SAOMA_CHECK", "code")]).await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "zh_CN", CAMERA).await;
    mini.tap("确认登录");
    mini.expect("waiting").await;
    attempt.browser.expect("scanned").await;
    let version = attempt.browser.expect("code_needed").await["version"].clone();
    attempt.browser.refresh(&version, false).await;
    let view = mini.expect("replaced").await;
    assert_eq!(view["checkCode"], "");
    assert!(view["text"].as_str().unwrap().contains("请扫现在显示的码"));
}

#[actix_web::test]
async fn another_scan_takes_the_place_of_each_state() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (mut first, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    mini.tap("Sign in");
    mini.expect("waiting").await;
    // The first goes its way, and the phone shows the second.
    let second = server.pending().await;
    mini.act(&json!(["scanAgain", second.scene, FORWARDED]));
    mini.expect_words("came as a picture").await;
    first.browser.redeem(&first.id).await.expect(200);
    let mut third = server.pending().await;
    mini.act(&json!(["scanAgain", third.scene, CAMERA]));
    let view = mini.expect("confirm").await;
    assert_eq!(view["asksNumber"], false);
    mini.tap("Sign in");
    mini.expect("waiting").await;
    third.browser.redeem(&third.id).await.expect(200);
    mini.expect("done").await;
    // Also of what is over, and of a newcomer's registration.
    let fourth = server.pending().await;
    mini.act(&json!(["scanAgain", fourth.scene, CAMERA]));
    mini.expect("confirm").await;
    let newcomer = server.phone().await;
    let (_attempt, mut mini, _) = scanned(&server, &newcomer, "en", CAMERA).await;
    mini.tap("Sign in");
    mini.expect("not_registered").await;
    let fifth = server.pending().await;
    mini.act(&json!(["scanAgain", fifth.scene, CAMERA]));
    mini.expect("confirm").await;
}

#[actix_web::test]
async fn a_phone_whose_clock_is_hours_off_signs_in_and_sees_no_wrong_age() {
    for hours in [-5, 5] {
        let server = TestServer::start().await;
        let phone = server.registered_phone("Ming").await;
        let mut attempt = server.pending().await;
        let mut mini = MiniProgram::of(&server, &phone, "en");
        mini.act(&json!(["clock", hours * 3_600_000]));
        let view = mini.scan(&attempt.scene, CAMERA).await;
        let text = view["text"].as_str().unwrap();
        assert!(
            !text.contains(" ago") && !text.contains("just now"),
            "{text}"
        );
        assert_eq!(view["notice"], "");
        // What has passed is counted from the scan on.
        server.advance(Duration::from_secs(30)).await;
        signed_in(&mut mini, &mut attempt, "Sign in").await;
        mini.open("pages/index/index");
        mini.expect("list").await;
    }
}

#[actix_web::test]
async fn a_clock_that_is_set_while_the_confirm_is_open_ends_nothing() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (_attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    for hours in [3, -6] {
        mini.act(&json!(["clock", hours * 3_600_000]));
        mini.act(&json!(["background"]));
        mini.act(&json!(["foreground"]));
    }
    mini.tap("Sign in");
    mini.expect("waiting").await;
}
