//! The mini program as a process, and the way to the state that a test begins with.

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

use crate::{
    chromium::Chromium,
    support::{Attempt, Phone, TestServer},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// The mini program on this phone's person's phone.
pub struct MiniProgram {
    node: Child,
    input: ChildStdin,
    views: mpsc::UnboundedReceiver<Value>,
}

impl MiniProgram {
    pub fn of(server: &TestServer, phone: &Phone, language: &str) -> Self {
        Self::at(&server.url, server, phone, language)
    }

    /// One that knows the server by another address.
    pub fn at(url: &str, server: &TestServer, phone: &Phone, language: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("miniprogram");
        assert!(
            folder.join("node_modules").exists(),
            "run `npm ci` in miniprogram/ first"
        );
        let simulator = server.simulator.url();
        let mut node = Command::new("node")
            .arg(folder.join("test/real/phone.js"))
            .args([url, simulator.as_str().trim_end_matches('/')])
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
    pub fn act(&mut self, act: &Value) {
        writeln!(self.input, "{act}").unwrap();
    }

    /// Taps the button that says this.
    pub fn tap(&mut self, words: &str) {
        self.act(&json!(["tap", words]));
    }

    /// Types into the field for the two digits.
    pub fn type_number(&mut self, number: &str) {
        self.act(&json!(["type", ".field-number", number]));
    }

    /// Scans, and waits for the confirm.
    pub async fn scan(&mut self, scene: &str, entry_scene: i32) -> Value {
        self.act(&json!(["scan", scene, entry_scene]));
        self.expect("confirm").await
    }

    /// Opens a page, as from another one.
    pub fn open(&mut self, page: &str) {
        self.act(&json!(["open", page, {}]));
    }

    /// The next view of this screen on which nothing is under way.
    pub async fn expect(&mut self, screen: &str) -> Value {
        self.until(screen, |view| view["screen"] == screen).await
    }

    /// The next view that says this.
    pub async fn expect_words(&mut self, words: &str) -> Value {
        self.until(words, |view| view["text"].as_str().unwrap().contains(words))
            .await
    }

    pub async fn until(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
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
pub fn other_than(number: &str) -> &'static str {
    if number == "00" { "01" } else { "00" }
}

/// A Chromium that shows a code, and a registered person's mini program that has scanned it; the
/// view is the confirm's.
pub async fn opened(
    server: &Arc<TestServer>,
    language: &str,
    entry_scene: i32,
) -> (Chromium, MiniProgram, Value) {
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    let mut mini = MiniProgram::of(server, &phone, language);
    let view = mini.scan(&browser.scene().await, entry_scene).await;
    (browser, mini, view)
}

/// A browser that shows a code, and the mini program that has scanned it; the view is the
/// confirm's.
pub async fn scanned(
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

/// The person agrees by this button, and the browser takes its login.
pub async fn signed_in(mini: &mut MiniProgram, attempt: &mut Attempt, button: &str) {
    mini.tap(button);
    mini.expect("waiting").await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
    mini.expect("done").await;
}
