//! The mini program itself, in Node, before the real server: its pages drawn from their own WXML and
//! tapped, their requests and sockets real. Real browsers are logged in by it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use saoma::simulator::FaultMode;
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::timeout};
use uuid::Uuid;

use crate::{
    chromium::Chromium,
    people::site_that_keeps_the_page,
    support::{
        Attempt, Phone, TestServer,
        phone::{CAMERA, FORWARDED},
        pictures::png,
    },
};

const PATIENCE: Duration = Duration::from_secs(30);

/// The mini program on this phone's person's phone.
struct MiniProgram {
    node: Child,
    input: ChildStdin,
    views: mpsc::UnboundedReceiver<Value>,
}

impl MiniProgram {
    fn of(server: &TestServer, phone: &Phone, language: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("miniprogram");
        assert!(
            folder.join("node_modules").exists(),
            "run `npm ci` in miniprogram/ first"
        );
        let simulator = server.simulator.url();
        let mut node = Command::new("node")
            .arg(folder.join("test/real/phone.js"))
            .args([&server.url, simulator.as_str().trim_end_matches('/')])
            .args([&phone.openid, language])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is needed");
        let (tell, views) = mpsc::unbounded_channel();
        let lines = BufReader::new(node.stdout.take().unwrap()).lines();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = tell.send(serde_json::from_str(&line).unwrap());
            }
        });
        let input = node.stdin.take().unwrap();
        Self { node, input, views }
    }

    /// The user or WeChat does something, such as `["background"]`.
    fn act(&mut self, act: &Value) {
        writeln!(self.input, "{act}").unwrap();
    }

    /// Taps the button that says this.
    fn tap(&mut self, words: &str) {
        self.act(&json!(["tap", words]));
    }

    /// Types into the field for the two digits.
    fn type_number(&mut self, number: &str) {
        self.act(&json!(["type", ".field-number", number]));
    }

    /// Scans, and waits for the confirm.
    async fn scan(&mut self, scene: &str, entry_scene: i32) -> Value {
        self.act(&json!(["scan", scene, entry_scene]));
        self.expect("confirm").await
    }

    /// Opens a page, as from another one.
    fn open(&mut self, page: &str) {
        self.act(&json!(["open", page, {}]));
    }

    /// The next view of this screen on which nothing is under way.
    async fn expect(&mut self, screen: &str) -> Value {
        self.until(screen, |view| view["screen"] == screen).await
    }

    /// The next view that says this.
    async fn expect_words(&mut self, words: &str) -> Value {
        self.until(words, |view| view["text"].as_str().unwrap().contains(words))
            .await
    }

    async fn until(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let mut seen = Vec::new();
        loop {
            let Ok(Some(view)) = timeout(PATIENCE, self.views.recv()).await else {
                panic!("{what} did not come; seen: {seen:#?}");
            };
            if is_it(&view) && view["busy"] != true {
                return view;
            }
            seen.push(view["text"].clone());
        }
    }
}

impl Drop for MiniProgram {
    fn drop(&mut self) {
        let _ = self.node.kill();
        let _ = self.node.wait();
    }
}

/// Another number than this.
fn other_than(number: &str) -> &'static str {
    if number == "00" { "01" } else { "00" }
}

#[actix_web::test]
async fn its_own_pages_log_a_browser_in_and_out_again() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    let mut mini = MiniProgram::of(&server, &phone, "en");
    let view = mini.scan(&browser.scene().await, CAMERA).await;
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

/// The picture that the page shows has come, and has this many pixels a side.
async fn expect_picture(browser: &Chromium, side: u32) {
    let script = format!(
        "const image = document.getElementById('avatar'); \
         return !image.hidden && image.complete && image.naturalWidth === {side}"
    );
    browser.until("the picture".to_owned(), script).await;
}

#[actix_web::test]
async fn a_picture_that_is_chosen_on_the_phone_is_seen_in_the_browser() {
    let site = site_that_keeps_the_page().await;
    let server = TestServer::start_with(&[("SAOMA_RETURN_ORIGINS", &site)]).await;
    let phone = server.registered_phone("Ming").await;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(Uuid::new_v4().to_string());
    fs::create_dir_all(&folder).unwrap();
    let chosen = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        json!(["choose", path])
    };
    let mut mini = MiniProgram::of(&server, &phone, "en");
    mini.open("pages/profile/profile");
    mini.expect("account").await;
    mini.act(&chosen("a.png", &png()));
    let view = mini.expect_words("The picture is changed").await;
    let url = view["picture"].as_str().unwrap().to_owned();
    assert!(
        url.starts_with(&format!("{}/avatars/", server.url)),
        "{url}"
    );
    mini.act(&chosen("a.gif", b"GIF89a"));
    mini.expect_words("choose a JPG or PNG").await;
    mini.act(&chosen("b.png", &png()[..50]));
    let view = mini.expect_words("damaged").await;
    assert_eq!(view["picture"], url);

    let browser = Chromium::start().await;
    let page = format!("{}/login?return_to={site}/welcome", server.url);
    browser.goto(&page).await.unwrap();
    browser.expect_state("pending").await;
    mini.scan(&browser.scene().await, CAMERA).await;
    mini.tap("Sign in");
    browser.expect_state("done").await;
    expect_picture(&browser, 200).await;
    let dashboard = format!("{}/dashboard", server.url);
    browser.goto(&dashboard).await.unwrap();
    expect_picture(&browser, 200).await;
    let shown = "return document.getElementById('avatar').src";
    assert_eq!(browser.run(shown).await, url);
    let _ = fs::remove_dir_all(folder);
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
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    let mut mini = MiniProgram::of(&server, &phone, "en");
    mini.scan(&browser.scene().await, FORWARDED).await;
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
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    let mut mini = MiniProgram::of(&server, &phone, "en");
    mini.scan(&browser.scene().await, CAMERA).await;
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
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    let mut mini = MiniProgram::of(&server, &phone, "zh_CN");
    mini.scan(&browser.scene().await, CAMERA).await;
    mini.tap("拒绝");
    mini.expect("refused").await;
    browser.expect_state("cancelled").await;
}

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

/// A browser that shows a code, and the mini program that has scanned it; the view is the
/// confirm's.
async fn scanned(
    server: &Arc<TestServer>,
    phone: &Phone,
    language: &str,
    entry_scene: i32,
) -> (Attempt, MiniProgram, Value) {
    let attempt = server.pending().await;
    let mut mini = MiniProgram::of(server, phone, language);
    let view = mini.scan(&attempt.scene, entry_scene).await;
    (attempt, mini, view)
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
async fn its_chat_and_a_real_dashboard_talk_both_ways() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    let mut mini = MiniProgram::of(&server, &phone, "en");
    mini.scan(&browser.scene().await, CAMERA).await;
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
