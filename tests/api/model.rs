//! Random traces against the real server, compared with a small model of
//! PROTOCOL, section 3. A failure names its seed and the steps before it.

mod reference;

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, Phone, TestServer};
use reference::{Outcome, Reference, Step};

const TRACES: u64 = 40;
const STEPS: usize = 14;

/// A browser, its attempt, and all that the phones have seen of it.
struct Real<'a> {
    server: &'a TestServer,
    phones: [&'a Phone; 2],
    browser: Browser,
    id: Value,
    scenes: Vec<String>,
    /// Of the holder's scans.
    nonces: Vec<Value>,
}

impl Real<'_> {
    /// Does the step; the status and the problem's code.
    async fn take(&mut self, step: Step, model: &Reference) -> Outcome {
        let path = format!("/api/login/attempts/{}", self.id.as_str().unwrap());
        let mut tab = self.browser.tab();
        let answer = match step {
            Step::Advance(seconds) => {
                self.server.advance(Duration::from_secs(seconds)).await;
                return Outcome::done(204);
            }
            Step::Scan { phone, back } => {
                let index = self.scenes.len().saturating_sub(1 + back);
                let answer = self.phones[phone].scan(&self.scenes[index]).await;
                if answer.status == 200 {
                    self.nonces.push(answer.json()["nonce"].clone());
                }
                answer
            }
            Step::Confirm { back } => self.holder(model).confirm(&self.nonce(back)).await,
            Step::Refuse { back } => self.holder(model).refuse(&self.nonce(back)).await,
            Step::Cancel => tab.post(&format!("{path}/cancel"), json!({})).await,
            Step::Redeem => tab.redeem(&self.id).await,
            Step::Refresh { silent } => {
                let body = json!({"version": model.version(), "silent": silent});
                let answer = tab.post(&format!("{path}/refresh"), body).await;
                self.refreshed(&answer).await;
                answer
            }
        };
        Outcome {
            status: answer.status,
            code: answer.code(),
        }
    }

    fn holder(&self, model: &Reference) -> &Phone {
        self.phones[model.holder().unwrap_or(0)]
    }

    fn nonce(&self, back: usize) -> Value {
        let index = self.nonces.len().checked_sub(1 + back);
        index.map_or(Value::Null, |index| self.nonces[index].clone())
    }

    async fn refreshed(&mut self, answer: &Answer) {
        let message = answer.json();
        if message["type"] != "ticket" {
            return;
        }
        if message["attempt"] != self.id {
            self.id = message["attempt"].clone();
            self.scenes.clear();
            self.nonces.clear();
        }
        self.scenes.push(self.browser.scene(&message).await);
    }

    /// Type, version and reason of the state's message, by a refresh that changes nothing.
    async fn state(&self) -> (String, i64, Option<String>) {
        let path = format!("/api/login/attempts/{}/refresh", self.id.as_str().unwrap());
        let body = json!({"version": 0, "silent": true});
        let message = self.browser.tab().post(&path, body).await.expect(200);
        (
            message["type"].as_str().unwrap().to_owned(),
            message["version"].as_i64().unwrap(),
            message["reason"].as_str().map(str::to_owned),
        )
    }
}

#[actix_web::test]
async fn whatever_browser_phones_and_time_do_the_server_does_what_the_model_says() {
    let server = TestServer::start().await;
    let phones = [
        &server.registered_phone("Ming").await,
        &server.registered_phone("Hong").await,
    ];
    let mut reached = std::collections::BTreeSet::new();
    for seed in 0..TRACES {
        let mut random = StdRng::seed_from_u64(seed);
        let mut browser = server.browser().await;
        let ticket = browser
            .post("/api/login/attempts", json!({}))
            .await
            .expect(201);
        let scene = browser.scene(&ticket).await;
        let mut real = Real {
            server: &server,
            phones,
            browser,
            id: ticket["attempt"].clone(),
            scenes: vec![scene],
            nonces: Vec::new(),
        };
        let mut model = Reference::new();
        let mut trace = Vec::new();
        for _ in 0..STEPS {
            let step = any_step(&mut random);
            trace.push(step);
            let outcome = real.take(step, &model).await;
            let expected = model.take(step);
            assert_eq!(outcome, expected, "seed {seed}: {trace:?}");
            let state = model.state();
            assert_eq!(real.state().await, state, "seed {seed}: {trace:?}");
            reached.insert(state.0);
        }
    }
    // The traces are worth something: they have been everywhere.
    let all = [
        "cancelled",
        "expired",
        "login_succeeded",
        "redeemed",
        "scanned",
        "ticket",
    ];
    assert!(reached.iter().eq(all.iter()), "{reached:?}");
}

/// What leads on is likelier than what ends.
fn any_step(random: &mut StdRng) -> Step {
    match random.random_range(0..100) {
        0..30 => Step::Scan {
            phone: usize::from(random.random_range(0..5) == 0),
            back: random.random_range(0..3) / 2,
        },
        30..55 => Step::Confirm {
            back: random.random_range(0..5) / 4,
        },
        55..60 => Step::Refuse {
            back: random.random_range(0..4) / 3,
        },
        60..64 => Step::Cancel,
        64..76 => Step::Redeem,
        76..90 => Step::Refresh {
            silent: random.random_range(0..3) > 0,
        },
        // No sum of these lies just below a timer.
        _ => Step::Advance([25, 50, 100][random.random_range(0..3)]),
    }
}
