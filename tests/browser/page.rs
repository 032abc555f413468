//! What a person sees and does on a page, each wait with an end.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use fantoccini::Locator;
use serde_json::Value;
use url::Url;

use crate::{
    chromium::Chromium,
    support::browser::{address_in, scene_of},
};

/// Nothing that a test waits for takes longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(40);

/// Where a page stands: a word for tests, what a person reads when a test fails.
const SEEN: &str = "return `${location.pathname}: ${document.documentElement.dataset.state} \
     ${document.documentElement.dataset.reason || ''}: ${document.title}`";

impl Chromium {
    /// Opens the login page and waits for its code.
    pub async fn open_login(&self, site: &str) {
        self.goto(&format!("{site}/login")).await.unwrap();
        self.expect_state("pending").await;
    }

    /// Waits until the page shows this state.
    #[track_caller]
    pub fn expect_state(&self, state: &str) -> impl Future<Output = ()> {
        let script = format!(
            "return document.readyState === 'complete' \
             && document.documentElement.dataset.state === '{state}'"
        );
        self.until(format!("the state {state}"), script)
    }

    /// Waits until the browser is at this path.
    #[track_caller]
    pub fn expect_path(&self, path: &str) -> impl Future<Output = ()> {
        let script =
            format!("return document.readyState === 'complete' && location.pathname === '{path}'");
        self.until(format!("the path {path}"), script)
    }

    /// Waits until a script returns something true.
    #[track_caller]
    pub fn until(&self, what: String, script: String) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let start = Instant::now();
            loop {
                // A page that is just being left has no answer.
                let answer = self.execute(&script, Vec::new()).await;
                if answer.is_ok_and(|answer| truthy(&answer)) {
                    return;
                }
                if start.elapsed() > PATIENCE {
                    let seen = self.execute(SEEN, Vec::new()).await;
                    let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser-failed.png");
                    std::fs::write(&picture, self.picture().await).unwrap();
                    let picture = picture.display();
                    panic!("{what} did not come, at {caller}; seen, in {picture} too: {seen:?}");
                }
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    /// Reads the code off the screen, as a phone's camera does: the address in it.
    pub async fn scan_screen(&self) -> Url {
        address_in(&self.picture().await)
    }

    /// Reads the scene off the screen.
    pub async fn scene(&self) -> String {
        scene_of(&self.picture().await)
    }

    /// Clicks the element with this id.
    pub async fn press(&self, id: &str) {
        self.find(Locator::Id(id))
            .await
            .unwrap()
            .click()
            .await
            .unwrap();
    }

    /// What the element with this id says.
    pub async fn text(&self, id: &str) -> String {
        self.find(Locator::Id(id))
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }

    /// The attempt that this tab waits for.
    pub async fn attempt(&self) -> Value {
        self.run("return JSON.parse(sessionStorage.getItem('saoma_attempt')).id")
            .await
    }

    /// Presses Tab until the element with this id has the focus.
    pub async fn tab_to(&self, id: &str) {
        for _ in 0..20 {
            self.key(fantoccini::key::Key::Tab).await;
            if self.run("return document.activeElement.id").await == id {
                return;
            }
        }
        panic!("the keyboard does not reach #{id}");
    }

    pub async fn key(&self, key: fantoccini::key::Key) {
        let focused = self.active_element().await.unwrap();
        focused
            .send_keys(&String::from(char::from(key)))
            .await
            .unwrap();
    }

    /// The name of this browser's user, null without a session.
    pub async fn me(&self) -> Value {
        self.run_async(
            "fetch('/api/me').then((answer) => answer.json()).then((me) => me.nickname || null)",
        )
        .await
    }
}

fn truthy(answer: &Value) -> bool {
    !matches!(answer, Value::Null | Value::Bool(false))
}
