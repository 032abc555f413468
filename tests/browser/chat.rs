//! Texts and links between the dashboard and the phone page.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    chromium::Chromium,
    simulated_phone::PhonePage,
    support::{Phone, PhoneSocket, TestServer, phone::CAMERA},
};

impl Chromium {
    /// Waits until the dashboard says that the phone is there, or is not.
    #[track_caller]
    pub fn expect_phone(&self, there: bool) -> impl Future<Output = ()> {
        let state = if there { "here" } else { "away" };
        let script = format!("return document.getElementById('chat').dataset.peer === '{state}'");
        self.until(format!("a phone that is {state}"), script)
    }

    /// Waits until the newest line of the talk is this text.
    #[track_caller]
    pub fn expect_line(&self, text: &str) -> impl Future<Output = ()> {
        let text = json!(text);
        let script = format!(
            "return document.querySelector('#chat_log .chat-line:last-child .chat-said')\
             ?.textContent === {text}"
        );
        self.until(format!("the line {text}"), script)
    }

    /// Types into the field, and sends it by the Enter key.
    pub async fn say(&self, text: &str) {
        let field = self
            .find(fantoccini::Locator::Id("chat_text"))
            .await
            .unwrap();
        field.send_keys(text).await.unwrap();
        self.key(fantoccini::key::Key::Enter).await;
    }
}

/// A dashboard and the socket of the phone that let it in.
pub async fn pair(
    server: &Arc<TestServer>,
    phone: &Phone,
    language: &str,
) -> (Chromium, PhoneSocket, Value) {
    let browser = Chromium::reading(language).await;
    browser.open_login(&server.url).await;
    let scanned = phone.scan(&browser.scene().await).await.expect(200);
    phone.confirm(&scanned["nonce"]).await.expect(200);
    browser.expect_path("/dashboard").await;
    browser.expect_phone(false).await;
    let mut socket = phone.socket().await;
    // The dashboard may open its socket after the phone.
    let session = loop {
        let peer = socket.expect("peer").await;
        if peer["present"] == true {
            break peer["session"].clone();
        }
    };
    browser.expect_phone(true).await;
    (browser, socket, session)
}

#[actix_web::test]
async fn dashboard_and_phone_page_talk_both_ways() {
    let server = TestServer::start().await;
    let phone = PhonePage::of(&server, "en-US", "alex", CAMERA).await;
    let browser = Chromium::reading("zh-CN,zh,en").await;
    browser.open_login(&server.url).await;
    phone.scan(&browser.scan_screen().await).await;
    phone.expect("confirm").await;
    phone.tap("Sign in").await;
    phone.expect("not_registered").await;
    phone.type_nickname("Alex").await;
    phone.tap("Register").await;
    phone.expect("done").await;
    browser.expect_path("/dashboard").await;

    phone.tap("Send to computer").await;
    phone.expect("chat").await;
    browser.expect_phone(true).await;
    assert_eq!(browser.text("chat_presence").await, "已连接");
    browser.say("你好，手机 <b>!</b>").await;
    browser.expect_line("你好，手机 <b>!</b>").await;
    phone.expect_words("你好，手机 <b>!</b>").await;
    // Addresses can be opened there as well, and nothing else is more than text.
    let text = "见 https://example.com/a(b)。 javascript:alert(1) <img src=x>";
    browser.say(text).await;
    phone.expect_words(text).await;
    let address = "https://example.com/a(b)";
    assert_eq!(phone.links().await, json!([[address, address]]));
    assert_eq!(phone.count("#screen .chat img").await, 0);
    phone.expect_accessible("chat").await;
    phone.type_text("See https://example.com/a?b=c").await;
    phone.tap("Send").await;
    browser.expect_line("See https://example.com/a?b=c").await;
    // The phone goes home, and the dashboard hears of it.
    phone.devices(&server).await;
    browser.expect_phone(false).await;
    browser.say("还在吗？").await;
    let undelivered = "return document.querySelector('#chat_log .chat-line:last-child')\
         .dataset.undelivered === '未送达' \
         && document.getElementById('chat_problem').textContent.includes('对方不在线')";
    browser
        .until("a line that is marked".to_owned(), undelivered.to_owned())
        .await;
}

#[actix_web::test]
async fn what_a_phone_sends_is_text_and_only_real_addresses_are_links() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (browser, mut socket, session) = pair(&server, &phone, "en-US").await;
    for (text, links) in [
        (
            "<img src=x onerror=alert(1)><script>alert(1)</script>",
            json!([]),
        ),
        (
            "javascript:alert(1) data:text/html,x file:///etc/passwd",
            json!([]),
        ),
        (
            "见 https://example.com/路径 和 http://localhost:8080/a(b)。",
            json!([
                ["https://example.com/", "https://example.com/"],
                ["http://localhost:8080/a(b)", "http://localhost:8080/a(b)"],
            ]),
        ),
        (
            "(https://example.com/a?b=c&d#e), HTTPS://EXAMPLE.COM!",
            json!([
                [
                    "https://example.com/a?b=c&d#e",
                    "https://example.com/a?b=c&d#e"
                ],
                ["HTTPS://EXAMPLE.COM", "https://example.com/"],
            ]),
        ),
        ("https://bank.example@evil.example/ https://", json!([])),
        (
            "line one\nline two https://evil.example/\u{202e}moc.elpmaxe",
            json!([["https://evil.example/", "https://evil.example/"]]),
        ),
    ] {
        socket.say(&session, text).await;
        browser.expect_line(text).await;
        let line = "const line = document.querySelector('#chat_log .chat-line:last-child .chat-said'); \
             return [[...line.querySelectorAll('a')].map((a) => [a.textContent, a.href]), \
             [...line.querySelectorAll(':not(a)')].length, \
             [...line.querySelectorAll('a')].every((a) => a.target === '_blank' \
             && a.rel === 'noopener noreferrer nofollow')]";
        assert_eq!(browser.run(line).await, json!([links, 0, true]), "{text}");
    }
}

#[actix_web::test]
async fn a_text_that_is_too_long_is_not_sent_and_the_keyboard_is_enough() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (browser, mut socket, _) = pair(&server, &phone, "en-US").await;
    browser.tab_to("chat_text").await;
    let fill = "document.getElementById('chat_text').value = 'a'.repeat(1001)";
    browser.run(fill).await;
    browser.key(fantoccini::key::Key::Enter).await;
    assert_eq!(
        browser.text("chat_problem").await,
        "A message has at most 1,000 characters."
    );
    let fill = "document.getElementById('chat_text').value = '🎉'.repeat(1000) + '\\u0007'";
    browser.run(fill).await;
    browser.tab_to("chat_send").await;
    browser.key(fantoccini::key::Key::Enter).await;
    let heard = socket.expect("message").await;
    assert_eq!(heard["text"], "🎉".repeat(1_000));
    assert_eq!(browser.text("chat_problem").await, "");
}

#[actix_web::test]
async fn a_phone_that_was_revoked_ends_the_talk_and_not_the_dashboard() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (browser, mut socket, _) = pair(&server, &phone, "en-US").await;
    phone.delete("/api/phone/session").await.expect(204);
    assert_eq!(socket.expect_close().await, 4009);
    browser.expect_phone(false).await;
    assert_eq!(browser.text("chat_presence").await, "Not connected");
    assert_eq!(browser.me().await, "Ming");
}
