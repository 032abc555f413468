//! The phone's own session ends while the mini program is open: it is renewed by `wx.login`, and
//! nobody notices; what ended with it is told.

use serde_json::json;

use super::support::{scanned, signed_in};
use crate::support::{TestServer, phone::CAMERA};

const REVOKE: &str = "DELETE FROM phone_sessions";

#[actix_web::test]
async fn whoever_waits_for_the_computer_goes_on_waiting() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    mini.tap("Sign in");
    mini.expect("waiting").await;
    server.database.execute(REVOKE).await;
    server.look_again().await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
    mini.expect("done").await;
}

#[actix_web::test]
async fn a_newcomer_registers_and_a_refusal_refuses() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    mini.tap("Sign in");
    mini.expect("not_registered").await;
    server.database.execute(REVOKE).await;
    mini.act(&json!(["submit", ".form", {"nickname": "Ming"}]));
    mini.expect("waiting").await;
    server.database.execute(REVOKE).await;
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
async fn the_devices_are_listed_and_ended() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    signed_in(&mut mini, &mut attempt, "Sign in").await;
    mini.open("pages/index/index");
    mini.expect("list").await;
    server.database.execute(REVOKE).await;
    mini.tap("Not me");
    mini.expect_words("keeps a note").await;
    mini.tap("Not me");
    mini.expect_words("noted as not yours").await;
}

#[actix_web::test]
async fn a_text_that_reaches_nobody_says_what_to_do() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    signed_in(&mut mini, &mut attempt, "Sign in").await;
    mini.tap("Send to computer");
    mini.act(&json!(["follow"]));
    mini.expect_words("The page on the computer is closed")
        .await;
    mini.act(&json!(["type", ".text", "Anybody?"]));
    mini.tap("Send");
    mini.expect_words("Open Example there. If it is open, sign in once more with this phone")
        .await;
    // The browser signs out: to open its page does not help, to sign in once more does.
    let mut dashboard = attempt.browser.tab();
    dashboard.post("/api/logout", json!({})).await.expect(204);
    mini.act(&json!(["type", ".text", "And now?"]));
    mini.tap("Send");
    mini.until("the second one's fate", |view| {
        let text = view["text"].as_str().unwrap_or_default();
        text.contains("And now?") && text.matches("not delivered").count() == 2
    })
    .await;
}

#[actix_web::test]
async fn the_chat_of_a_revoked_phone_comes_back_without_its_pair() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "zh_CN", CAMERA).await;
    signed_in(&mut mini, &mut attempt, "确认登录").await;
    let mut dashboard = attempt.browser.tab();
    dashboard.open_session().await;
    mini.tap("给电脑发消息");
    mini.act(&json!(["follow"]));
    mini.expect_words("电脑上的页面已打开").await;
    server.database.execute(REVOKE).await;
    server.look_again().await;
    mini.until("another socket", |view| view["presence"] == "已连接。")
        .await;
    mini.act(&json!(["type", ".text", "还在吗？"]));
    mini.tap("发送");
    mini.expect_words("请用这台手机重新扫码登录").await;
}
