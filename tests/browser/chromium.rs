//! A Chromium of its own for each test, driven by a chromedriver of its own.

use std::{
    io::{self, BufRead as _, BufReader},
    ops::Deref,
    path::PathBuf,
    sync::mpsc,
    thread,
    time::Duration,
};

use base64::Engine as _;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::keeper::Keeper;

/// How long a browser may take to start on a busy machine.
const START: Duration = Duration::from_secs(30);

/// A browser window. Derefs to fantoccini's client.
pub struct Chromium {
    client: Client,
    driver: String,
    profile: PathBuf,
    keeper: Option<Keeper>,
}

impl Chromium {
    /// A browser of somebody who reads English.
    pub async fn start() -> Self {
        Self::reading("en-US").await
    }

    /// A browser whose settings ask for pages in this language.
    pub async fn reading(language: &str) -> Self {
        let (keeper, port) = driver();
        let driver = format!("http://127.0.0.1:{port}");
        let profile = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(Uuid::new_v4().to_string());
        let profile_argument = format!("--user-data-dir={}", profile.display());
        let capabilities = json!({
            // A test's own TLS certificate is signed by nobody.
            "acceptInsecureCerts": true,
            "timeouts": {"pageLoad": 30_000, "script": 30_000},
            "goog:chromeOptions": {
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
                    "--no-first-run", "--disable-background-networking",
                    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
                    "--window-size=1280,800", "--force-device-scale-factor=1", profile_argument,
                ],
                "prefs": {"intl.accept_languages": language},
            },
        });
        let Value::Object(capabilities) = capabilities else {
            unreachable!("an object is written above");
        };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let client = tokio::time::timeout(START, builder.connect(&driver)).await;
        let client = client.expect("Chromium did not start in time").unwrap();
        Self {
            client,
            driver,
            profile,
            keeper: Some(keeper),
        }
    }

    /// A command of the browser's own debugging protocol, which `WebDriver` lacks.
    pub async fn cdp(&self, command: &str, parameters: Value) -> Value {
        let session = self.client.session_id().await.unwrap().unwrap();
        let address = format!("{}/session/{session}/goog/cdp/execute", self.driver);
        let body = json!({"cmd": command, "params": parameters});
        // A picture takes its time on a machine that does much else.
        let client = awc::Client::builder().timeout(START).finish();
        let request = client.post(address);
        let answer = request.send_json(&body).await.unwrap().json::<Value>();
        let answer = answer.limit(16 << 20).await.unwrap();
        assert!(answer["value"]["error"].is_null(), "{command}: {answer}");
        answer["value"].clone()
    }

    /// What is seen of the page, as a PNG.
    pub async fn picture(&self) -> Vec<u8> {
        let answer = self
            .cdp("Page.captureScreenshot", json!({"format": "png"}))
            .await;
        let data = answer["data"].as_str().unwrap();
        base64::engine::general_purpose::STANDARD
            .decode(data)
            .unwrap()
    }

    /// What a script returns.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// What a script's promise gives.
    pub async fn run_async(&self, promise: &str) -> Value {
        let script =
            format!("const done = arguments[0]; ({promise}).then(done, (e) => done(`${{e}}`));");
        let answer = self.client.execute_async(&script, Vec::new()).await;
        answer.unwrap()
    }
}

impl Deref for Chromium {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        drop(self.keeper.take());
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// A running chromedriver and its port. One that never says its port was seen, on a busy machine,
/// where others that were started with it did; so another is started.
fn driver() -> (Keeper, u16) {
    let start = || {
        let mut keeper = Keeper::start("chromedriver", &["--port=0"]);
        let port = port(&mut keeper)?;
        Some((keeper, port))
    };
    let started = (0..3).find_map(|_| start());
    started.expect("chromedriver did not start; the package is chromium-driver")
}

/// The port that chromedriver chose. What it prints later is read and thrown away, lest it wait
/// for a reader.
fn port(keeper: &mut Keeper) -> Option<u16> {
    let mut lines = BufReader::new(keeper.output());
    let (found, port) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|read| read > 0) {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                let _ = found.send(port.trim_end().trim_end_matches('.').parse().unwrap());
                let _ = io::copy(&mut lines, &mut io::sink());
            }
            line.clear();
        }
    });
    port.recv_timeout(START).ok()
}
