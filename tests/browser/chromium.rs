//! Debian's Chromium, driven through its own `chromedriver`.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::look::Look;

const LIMIT: Duration = Duration::from_secs(20);

/// One browser of its own, with an empty profile. It dies with this value.
pub struct Chromium {
    pub client: Client,
    driver: String,
    _process: Child,
}

impl Chromium {
    pub async fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver is installed (Debian: chromium-driver)");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next_line().await.unwrap();
            let line = line.expect("chromedriver names its port");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        let driver = format!("http://127.0.0.1:{port}");
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ];
        let wishes = json!({ "goog:chromeOptions": { "args": arguments } });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wishes.as_object().unwrap().clone())
            .connect(&driver)
            .await
            .expect("chromium starts");
        Self {
            client,
            driver,
            _process: process,
        }
    }

    /// From the next page on, the browser is this kind of visitor's.
    pub async fn look_as(&self, look: Look) {
        let height = if look.width < 600 { 740 } else { 900 };
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": look.width, "height": height, "deviceScaleFactor": 1, "mobile": false }),
        )
        .await;
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": [
                { "name": "prefers-color-scheme", "value": look.scheme() },
                // A picture taken in the middle of a movement would differ from run to run.
                { "name": "prefers-reduced-motion", "value": "reduce" },
            ] }),
        )
        .await;
        let agent = self.script("return navigator.userAgent").await;
        self.devtools(
            "Emulation.setUserAgentOverride",
            json!({ "userAgent": agent, "acceptLanguage": look.language }),
        )
        .await;
    }

    /// Waits until the page's `<html data-state>` is this.
    pub async fn wait_for_state(&self, state: &str) {
        let deadline = tokio::time::Instant::now() + LIMIT;
        loop {
            let now = self
                .script("return document.documentElement.dataset.state")
                .await;
            if now == state {
                return;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "the page shows {now}, not {state}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What axe-core finds wrong with the page as it is now, and what sticks out of it.
    pub async fn violations(&self) -> Vec<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/browser/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(path).expect("`npm ci` was run in tests/browser");
        self.script(&axe).await;
        let found = self
            .client
            .execute_async(
                "const done = arguments[0];
                 axe.run().then(({ violations }) => {
                   const found = violations.flatMap(({ id, nodes }) =>
                     nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`));
                   const wide = document.documentElement.scrollWidth;
                   if (wide > innerWidth) found.push(`${wide} pixels wide on ${innerWidth}`);
                   done(found);
                 });",
                vec![],
            )
            .await
            .unwrap();
        serde_json::from_value(found).unwrap()
    }

    /// Writes the page as it is seen now, as a PNG.
    pub async fn save_picture(&self, path: &Path) {
        let picture = self.client.screenshot().await.unwrap();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, picture).unwrap();
    }

    pub async fn script(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap()
    }

    /// A command of the `DevTools` protocol, for what `WebDriver` has no word for.
    async fn devtools(&self, command: &str, parameters: Value) {
        let session = self.client.session_id().await.unwrap().unwrap();
        let url = format!("{}/session/{session}/goog/cdp/execute", self.driver);
        let answer = awc::Client::default()
            .post(url)
            .timeout(LIMIT)
            .send_json(&json!({ "cmd": command, "params": parameters }))
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{command}: {answer:?}");
    }
}
