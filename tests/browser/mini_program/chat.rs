//! News and texts over the socket.

use serde_json::json;

use super::support::{opened, scanned};
use crate::support::{TestServer, phone::CAMERA};

#[actix_web::test]
async fn its_chat_and_a_real_dashboard_talk_both_ways() {
    let server = TestServer::start().await;
    let (browser, mut mini, _) = opened(&server, "en", CAMERA).await;
    mini.tap("Sign in");
    mini.expect("done").await;
    browser.expect_path("/dashboard").await;
    mini.tap("Send to computer");
    mini.act(&json!(["follow"]));
    mini.expect_words("The page on the computer is open").await;
    browser.expect_phone(true).await;

    mini.act(&json!(["type", ".text", "See https://example.com/a"]));
    mini.tap("Send");
    browser.expect_line("See https://example.com/a").await;
    browser.say("<b>Thanks</b>").await;
    mini.expect_words("<b>Thanks</b>").await;

    // The background cuts the socket, and coming back brings it again.
    mini.act(&json!(["background"]));
    browser.expect_phone(false).await;
    mini.act(&json!(["foreground"]));
    browser.expect_phone(true).await;

    browser.goto("about:blank").await.unwrap();
    mini.expect_words("The page on the computer is closed")
        .await;
    mini.act(&json!(["type", ".text", "Anybody?"]));
    mini.tap("Send");
    mini.expect_words("not delivered").await;
}

#[actix_web::test]
async fn the_confirm_hears_at_once_of_a_page_that_was_closed_and_of_a_cancel() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    attempt.browser.expect("scanned").await;
    attempt.browser.drop_socket();
    mini.expect_words("The sign-in page was closed").await;
    attempt.browser.resume(&attempt.id.clone()).await;
    mini.until("no word of it", |view| view["notice"] == "")
        .await;
    attempt.browser.send(json!({"type": "cancel"})).await;
    mini.expect("cancelled").await;
}
