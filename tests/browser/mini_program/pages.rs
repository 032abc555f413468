//! In front of a real page: it logs a Chromium in, and manages account and devices.

use serde_json::json;

use super::support::{MiniProgram, opened, other_than};
use crate::{
    chromium::Chromium,
    support::{
        TestServer,
        phone::{CAMERA, FORWARDED},
    },
};

#[actix_web::test]
async fn its_own_pages_log_a_browser_in_and_out_again() {
    let server = TestServer::start().await;
    let (browser, mut mini, view) = opened(&server, "en", CAMERA).await;
    let text = view["text"].as_str().unwrap();
    for words in ["Chrome", "Linux", "127.0.0.0/24", "just now"] {
        assert!(text.contains(words), "{words} in {text}");
    }
    browser.expect_state("scanned").await;
    mini.tap("Sign in");
    browser.expect_path("/dashboard").await;
    assert_eq!(browser.me().await, "Ming");
    let view = mini.expect("done").await;
    assert_eq!(view["buttons"]["chat"], "Send to computer");

    mini.open("pages/index/index");
    let view = mini.expect("list").await;
    assert_eq!(view["devices"][0]["name"], "Chrome · Linux");
    assert_eq!(view["devices"][0]["isNew"], true);
    mini.tap("Not me");
    mini.expect_words("keeps a note").await;
    mini.tap("Not me");
    mini.expect_words("noted as not yours").await;
    browser.expect_state("ended").await;
    let marked = "SELECT count(*) FROM audit_log WHERE reported_at IS NOT NULL";
    assert!(server.database.count(marked).await > 0);
}

#[actix_web::test]
async fn a_newcomer_registers_changes_his_name_and_deletes_his_account() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    let mut mini = MiniProgram::of(&server, &phone, "zh_CN");
    // The home page's own scanner is a camera as well.
    mini.open("pages/index/index");
    mini.expect_words("扫一扫登录").await;
    mini.act(&json!(["look", browser.scene().await]));
    mini.tap("扫一扫登录");
    mini.act(&json!(["follow"]));
    let view = mini.expect("confirm").await;
    assert_eq!(view["asksNumber"], false);
    mini.tap("确认登录");
    mini.expect("not_registered").await;
    browser.expect_state("not_registered").await;
    // In the background for a while, the page is where it was.
    mini.act(&json!(["background"]));
    mini.act(&json!(["foreground"]));
    mini.act(&json!(["submit", ".form", {"nickname": "小明"}]));
    mini.expect("done").await;
    browser.expect_path("/dashboard").await;
    assert_eq!(browser.me().await, "小明");

    mini.open("pages/profile/profile");
    let view = mini.expect("account").await;
    assert_eq!(view["nickname"], "小明");
    mini.act(&json!(["submit", ".form", {"nickname": "阿明"}]));
    mini.expect_words("昵称已保存").await;
    assert_eq!(browser.me().await, "阿明");
    mini.tap("注销账号");
    mini.expect_words("无法恢复").await;
    mini.tap("确认注销");
    mini.expect("deleted").await;
    browser.expect_state("ended").await;
    let people = "SELECT count(*) FROM users";
    assert_eq!(server.database.count(people).await, 0);
}

#[actix_web::test]
async fn signing_out_ends_the_phones_session_and_leaves_the_browsers() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let browser = server.signed_in(&phone).await;
    let before = "SELECT count(*) FROM phone_sessions";
    let before = server.database.count(before).await;
    let mut mini = MiniProgram::of(&server, &phone, "en");
    mini.open("pages/profile/profile");
    mini.expect("account").await;
    mini.tap("Sign out");
    mini.expect("signed_out").await;
    let after = "SELECT count(*) FROM phone_sessions";
    assert_eq!(server.database.count(after).await, before);
    let mut browser = browser;
    browser.get("/api/me").await.expect(200);
}

#[actix_web::test]
async fn the_number_goes_from_a_real_page_to_the_real_field() {
    let server = TestServer::start().await;
    let (browser, mut mini, _) = opened(&server, "en", FORWARDED).await;
    browser.expect_state("scanned").await;
    let number = browser.text("number").await;
    mini.type_number(other_than(&number));
    mini.tap("Sign in");
    mini.expect_words("Tries left: 2").await;
    mini.type_number(&number);
    mini.tap("Sign in");
    browser.expect_path("/dashboard").await;
    mini.expect("done").await;
}

#[actix_web::test]
async fn the_six_digits_go_from_the_phone_to_a_real_page() {
    let server = TestServer::start_with(&[("SAOMA_CHECK", "code")]).await;
    let (browser, mut mini, _) = opened(&server, "en", CAMERA).await;
    mini.tap("Sign in");
    let view = mini.expect("waiting").await;
    browser.expect_state("code_needed").await;
    let type_it = format!(
        "document.getElementById('digits').value = {}; document.getElementById('check').click()",
        view["checkCode"]
    );
    browser.run(&type_it).await;
    browser.expect_path("/dashboard").await;
    mini.expect("done").await;
}

#[actix_web::test]
async fn refusing_on_the_phone_is_seen_on_a_real_page() {
    let server = TestServer::start().await;
    let (browser, mut mini, _) = opened(&server, "zh_CN", CAMERA).await;
    mini.tap("拒绝");
    mini.expect("refused").await;
    browser.expect_state("cancelled").await;
}
