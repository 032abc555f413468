//! The mini program's own logic, in Node, before the real server: what it makes of the answers.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{sync::mpsc, time::timeout};

use crate::support::{
    Attempt, Phone, TestServer,
    phone::{CAMERA, FORWARDED},
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
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("miniprogram/test/real/phone.js");
        let simulator = server.simulator.url();
        let mut node = Command::new("node")
            .arg(script)
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

    /// The user does something, such as `["confirm"]`.
    fn act(&mut self, act: &Value) {
        writeln!(self.input, "{act}").unwrap();
    }

    /// The next view of this screen on which nothing is under way.
    async fn expect(&mut self, screen: &str) -> Value {
        let mut seen = Vec::new();
        loop {
            let Ok(Some(view)) = timeout(PATIENCE, self.views.recv()).await else {
                panic!("{screen} did not come; seen: {seen:?}");
            };
            if view["screen"] == screen && view["busy"] == false {
                return view;
            }
            seen.push(view["screen"].clone());
        }
    }
}

impl Drop for MiniProgram {
    fn drop(&mut self) {
        let _ = self.node.kill();
        let _ = self.node.wait();
    }
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
    mini.act(&json!(["scan", attempt.scene, entry_scene]));
    let view = mini.expect("confirm").await;
    (attempt, mini, view)
}

#[actix_web::test]
async fn a_forwarded_picture_is_warned_of_and_asks_for_the_number() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, view) = scanned(&server, &phone, "zh_CN", FORWARDED).await;
    assert_eq!(view["asksNumber"], true);
    let warning = view["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("这个码来自图片"), "{warning}");
    assert!(!view["buttons"]["refuse"].as_str().unwrap().is_empty());

    let news = attempt.browser.expect("scanned").await;
    let number = news["number"].as_str().unwrap();
    let wrong = if number == "00" { "01" } else { "00" };
    mini.act(&json!(["type", wrong]));
    mini.act(&json!(["confirm"]));
    let view = mini.expect("confirm").await;
    assert!(view["notice"].as_str().unwrap().contains("还可以试 2 次"));
    mini.act(&json!(["type", number]));
    mini.act(&json!(["confirm"]));
    mini.expect("waiting").await;
    attempt.browser.expect("login_succeeded").await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
    mini.expect("done").await;
}

#[actix_web::test]
async fn the_third_wrong_number_ends_it() {
    let server = TestServer::start_with(&[("SAOMA_CHECK", "number")]).await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    let news = attempt.browser.expect("scanned").await;
    let wrong = if news["number"] == "00" { "01" } else { "00" };
    for screen in ["confirm", "confirm", "number_failed"] {
        mini.act(&json!(["type", wrong]));
        mini.act(&json!(["confirm"]));
        mini.expect(screen).await;
    }
}

#[actix_web::test]
async fn the_six_digits_are_shown_and_wrong_ones_on_the_page_end_it() {
    let server = TestServer::start_with(&[("SAOMA_CHECK", "code")]).await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    mini.act(&json!(["confirm"]));
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
    mini.act(&json!(["confirm"]));
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
    mini.act(&json!(["confirm"]));
    mini.expect("blocked").await;
}

#[actix_web::test]
async fn a_newcomer_registers_and_a_refusal_is_final() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let (mut attempt, mut mini, _) = scanned(&server, &phone, "en", CAMERA).await;
    mini.act(&json!(["confirm"]));
    mini.expect("not_registered").await;
    mini.act(&json!(["register", "Ming"]));
    mini.expect("waiting").await;
    mini.act(&json!(["refuse"]));
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
