//! Each way in which a login ends without a browser that is let in.

use std::time::Duration;

use serde_json::json;

use super::support::{other_than, scanned};
use crate::support::{
    TestServer,
    phone::{CAMERA, FORWARDED},
};

#[actix_web::test]
async fn each_way_a_code_can_be_of_no_use_has_its_own_words() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (_attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    server.advance(Duration::from_secs(61)).await;
    mini.tap("Sign in");
    mini.expect("expired").await;

    let attempt = server.pending().await;
    let other = server.registered_phone("Hong").await;
    other.scan(&attempt.scene).await.expect(200);
    mini.act(&json!(["scan", attempt.scene, CAMERA]));
    mini.expect("taken").await;

    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    attempt.browser.expect("scanned").await;
    attempt.browser.send(json!({"type": "cancel"})).await;
    attempt.browser.expect("cancelled").await;
    mini.tap("Sign in");
    mini.expect("cancelled").await;

    let confirmed = server.confirmed(&phone).await;
    let mut browser = confirmed.browser;
    browser.redeem(&confirmed.id).await.expect(200);
    mini.act(&json!(["scan", confirmed.scene, CAMERA]));
    mini.expect("already_used").await;

    mini.act(&json!(["scan", "A".repeat(32), CAMERA]));
    mini.expect("code_unknown").await;
}

#[actix_web::test]
async fn the_third_wrong_number_ends_it() {
    let server = TestServer::start_with(&[("SAOMA_CHECK", "number")]).await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    let news = attempt.browser.expect("scanned").await;
    let wrong = other_than(news["number"].as_str().unwrap());
    for words in ["Tries left: 2", "Tries left: 1", "Too many wrong numbers"] {
        mini.type_number(wrong);
        mini.tap("Sign in");
        mini.expect_words(words).await;
    }
}

#[actix_web::test]
async fn the_six_digits_are_shown_and_wrong_ones_on_the_page_end_it() {
    let server = TestServer::start_with(&[("SAOMA_CHECK", "code")]).await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    mini.tap("Sign in");
    let view = mini.expect("waiting").await;
    let code = view["checkCode"].as_str().unwrap();
    assert_eq!(code.len(), 6);
    attempt.browser.expect("scanned").await;
    attempt.browser.expect("code_needed").await;
    let wrong = if code == "000000" { "111111" } else { "000000" };
    for kind in ["code_needed", "code_needed", "failed"] {
        let message = json!({"type": "check_code", "code": wrong});
        attempt.browser.send(message).await;
        attempt.browser.expect(kind).await;
    }
    mini.expect("code_failed").await;
}

#[actix_web::test]
async fn with_registration_closed_a_stranger_sees_the_reference_under_which_he_waits() {
    let server = TestServer::start_with(&[("SAOMA_REGISTRATION", "closed")]).await;
    let phone = server.phone().await;
    let (_attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    mini.tap("Sign in");
    let view = mini.expect("registration_closed").await;
    let reference = view["reference"].as_str().unwrap();
    let known = format!("SELECT count(*) FROM pending_users WHERE reference = '{reference}'");
    assert_eq!(server.database.count(&known).await, 1);
}

#[actix_web::test]
async fn a_blocked_user_is_told_so() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let user = phone.register(Some("Ming")).await.expect(201);
    let user = user["id"].as_str().unwrap().parse().unwrap();
    server.store.block_user(user).await.unwrap();
    let (_attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    mini.tap("Sign in");
    mini.expect("blocked").await;
}

#[actix_web::test]
async fn a_newcomer_may_withdraw_after_his_confirm() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    mini.tap("Sign in");
    mini.expect("not_registered").await;
    mini.act(&json!(["submit", ".form", {"nickname": "Ming"}]));
    mini.expect("waiting").await;
    mini.tap("Cancel sign-in");
    mini.expect("refused").await;
    for kind in [
        "scanned",
        "not_registered",
        "scanned",
        "login_succeeded",
        "cancelled",
    ] {
        attempt.browser.expect(kind).await;
    }
}

#[actix_web::test]
async fn a_forwarded_picture_is_warned_of_and_asks_for_the_number() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (_attempt, _mini, view) = scanned(&server, &phone, "zh_CN", FORWARDED).await;
    assert_eq!(view["asksNumber"], true);
    let warning = view["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("这个码来自图片"), "{warning}");
    assert!(!view["buttons"]["refuse"].as_str().unwrap().is_empty());
}
