//! The server starts again while the mini program is open, in each state in which somebody waits.

use std::sync::Arc;

use serde_json::json;

use super::support::{MiniProgram, signed_in};
use crate::{
    proxy::Proxy,
    support::{Attempt, Phone, TestServer, phone::CAMERA, server::Options},
};

/// A site whose address stays while its server is another process's.
struct Restarting {
    proxy: Proxy,
    server: Arc<TestServer>,
    /// What was there before: another process would not take its database along.
    before: Vec<Arc<TestServer>>,
    options: Vec<(&'static str, &'static str)>,
}

impl Restarting {
    async fn start(options: Options<'static>) -> Self {
        let proxy = Proxy::start().await;
        let server = TestServer::start_with(options).await;
        proxy.lead_to(&server.url);
        Self {
            proxy,
            server,
            before: Vec::new(),
            options: options.to_vec(),
        }
    }

    /// A login page, and the mini program that has scanned its code.
    async fn scanned(&self, phone: &Phone) -> (Attempt, MiniProgram) {
        let mut attempt = self.server.pending().await;
        let mut mini = MiniProgram::at(&self.proxy.url(), &self.server, phone, "en");
        mini.scan(&attempt.scene, CAMERA).await;
        attempt.browser.expect("scanned").await;
        (attempt, mini)
    }

    /// Sockets that nobody reads would keep the old one waiting.
    async fn again(&mut self, attempt: &mut Attempt) {
        attempt.browser.drop_socket();
        self.server.stop().await;
        let again = self.server.beside(&self.options).await;
        self.proxy.lead_to(&again.url);
        let before = std::mem::replace(&mut self.server, again);
        self.before.push(before);
    }

    /// The page finds the new server, and its login in this state.
    async fn resumed(&self, attempt: &mut Attempt, state: &str) {
        attempt.browser.url.clone_from(&self.server.url);
        let found = attempt.browser.resume(&attempt.id.clone()).await;
        assert_eq!(found["type"], state, "{found}");
    }
}

#[actix_web::test]
async fn after_the_scan_the_confirm_is_pressed_as_if_nothing_had_been() {
    let mut site = Restarting::start(&[]).await;
    let phone = site.server.registered_phone("Ming").await;
    let (mut attempt, mut mini) = site.scanned(&phone).await;
    site.again(&mut attempt).await;
    site.resumed(&mut attempt, "scanned").await;
    mini.tap("Sign in");
    mini.expect("waiting").await;
    attempt.browser.expect("login_succeeded").await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
    mini.expect("done").await;
}

#[actix_web::test]
async fn a_confirm_whose_answer_the_restart_took_is_pressed_again() {
    let mut site = Restarting::start(&[]).await;
    let phone = site.server.registered_phone("Ming").await;
    let (mut attempt, mut mini) = site.scanned(&phone).await;
    mini.act(&json!(["lose", "/api/phone/confirm"]));
    mini.tap("Sign in");
    mini.until("a word of it", |view| {
        view["screen"] == "confirm" && view["notice"] != ""
    })
    .await;
    site.again(&mut attempt).await;
    site.resumed(&mut attempt, "login_succeeded").await;
    signed_in(&mut mini, &mut attempt, "Sign in").await;
}

#[actix_web::test]
async fn a_newcomer_registers_after_it() {
    let mut site = Restarting::start(&[]).await;
    let phone = site.server.phone().await;
    let (mut attempt, mut mini) = site.scanned(&phone).await;
    mini.tap("Sign in");
    mini.expect("not_registered").await;
    site.again(&mut attempt).await;
    site.resumed(&mut attempt, "not_registered").await;
    mini.act(&json!(["submit", ".form", {"nickname": "Ming"}]));
    mini.expect("waiting").await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
    mini.expect("done").await;
}

#[actix_web::test]
async fn whoever_waits_for_the_computer_hears_of_the_login_after_it() {
    let mut site = Restarting::start(&[]).await;
    let phone = site.server.registered_phone("Ming").await;
    let (mut attempt, mut mini) = site.scanned(&phone).await;
    mini.tap("Sign in");
    mini.expect("waiting").await;
    site.again(&mut attempt).await;
    site.resumed(&mut attempt, "login_succeeded").await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
    // Nobody taps anything.
    mini.expect("done").await;
}

#[actix_web::test]
async fn the_six_digits_are_good_after_it() {
    let mut site = Restarting::start(&[("SAOMA_CHECK", "code")]).await;
    let phone = site.server.registered_phone("Ming").await;
    let (mut attempt, mut mini) = site.scanned(&phone).await;
    mini.tap("Sign in");
    let code = mini.expect("waiting").await["checkCode"].clone();
    site.again(&mut attempt).await;
    site.resumed(&mut attempt, "code_needed").await;
    let typed = json!({"type": "check_code", "code": code});
    attempt.browser.send(typed).await;
    attempt.browser.expect("login_succeeded").await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
    mini.expect("done").await;
}

#[actix_web::test]
async fn the_chat_comes_back_by_itself() {
    let mut site = Restarting::start(&[]).await;
    let phone = site.server.registered_phone("Ming").await;
    let (mut attempt, mut mini) = site.scanned(&phone).await;
    signed_in(&mut mini, &mut attempt, "Sign in").await;
    mini.tap("Send to computer");
    mini.act(&json!(["follow"]));
    mini.expect_words("The page on the computer is closed")
        .await;
    site.again(&mut attempt).await;
    let mut dashboard = attempt.browser.tab();
    dashboard.url.clone_from(&site.server.url);
    dashboard.open_session().await;
    mini.expect_words("The page on the computer is open").await;
    assert_eq!(dashboard.expect("peer").await["present"], true);
    mini.act(&json!(["type", ".text", "Back again"]));
    mini.tap("Send");
    assert_eq!(dashboard.expect("message").await["text"], "Back again");
    dashboard.say("So am I").await;
    mini.expect_words("So am I").await;
}
