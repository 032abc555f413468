//! Random traces against the real server, compared with a small model of
//! PROTOCOL, section 3. A failure names its seed and the steps before it.

mod reference;

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use crate::support::{
    Answer, Browser, Phone, TestServer,
    phone::{CAMERA, FORWARDED},
};
use reference::{Outcome, Reference, Step, Typed};

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
    /// The strict check's digits, once a phone has shown them.
    code: String,
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
            Step::Scan {
                phone,
                back,
                forwarded,
            } => {
                let index = self.scenes.len().saturating_sub(1 + back);
                let entry = if forwarded { FORWARDED } else { CAMERA };
                let phone = self.phones[phone];
                let answer = phone.scan_by(&self.scenes[index], entry).await;
                if answer.status == 200 {
                    self.nonces.push(answer.json()["nonce"].clone());
                }
                answer
            }
            Step::Confirm { back, number } => {
                let number = self.number(number).await;
                let phone = self.holder(model);
                let answer = phone.confirm_with(&self.nonce(back), &number).await;
                if let Some(code) = answer.json()["check_code"].as_str() {
                    code.clone_into(&mut self.code);
                }
                answer
            }
            Step::Check { right } => {
                let code = if right { self.code.as_str() } else { "wrong" };
                let body = json!({"code": code});
                tab.post(&format!("{path}/check"), body).await
            }
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

    /// What the person reads off the page, if he types it rightly.
    async fn number(&self, typed: Typed) -> Value {
        match typed {
            Typed::Nothing => Value::Null,
            Typed::Wrong => "wrong".into(),
            Typed::Right => self.message().await["number"].clone(),
        }
    }

    /// The state's message, by a refresh that changes nothing.
    async fn message(&self) -> Value {
        let path = format!("/api/login/attempts/{}/refresh", self.id.as_str().unwrap());
        let body = json!({"version": 0, "silent": true});
        self.browser.tab().post(&path, body).await.expect(200)
    }

    /// Type, version and reason of that message.
    async fn state(&self) -> (String, i64, Option<String>) {
        let message = self.message().await;
        (
            message["type"].as_str().unwrap().to_owned(),
            message["version"].as_i64().unwrap(),
            message["reason"].as_str().map(str::to_owned),
        )
    }
}

#[actix_web::test]
async fn whatever_browser_phones_and_time_do_the_server_does_what_the_model_says() {
    let reached = Box::pin(walk(false)).await;
    // The traces are worth something: they have been everywhere.
    let all = "cancelled expired failed login_succeeded redeemed scanned ticket";
    assert_eq!(reached.into_iter().collect::<Vec<_>>().join(" "), all);
}

#[actix_web::test]
async fn with_the_strict_check_the_server_does_what_the_model_says_as_well() {
    let reached = Box::pin(walk(true)).await;
    let all = "cancelled code_needed expired failed login_succeeded redeemed scanned ticket";
    assert_eq!(reached.into_iter().collect::<Vec<_>>().join(" "), all);
}

/// Walks many random traces; returns the types of the states on the way.
async fn walk(strict: bool) -> std::collections::BTreeSet<String> {
    let check = if strict { "code" } else { "auto" };
    let server = TestServer::start_with(&[("SAOMA_CHECK", check)]).await;
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
            code: String::new(),
        };
        let mut model = Reference::new(strict);
        let mut trace = Vec::new();
        for _ in 0..STEPS {
            let step = any_step(&mut random, strict, seed % 4 == 0);
            trace.push(step);
            let outcome = real.take(step, &model).await;
            let expected = model.take(step);
            assert_eq!(outcome, expected, "seed {seed}: {trace:?}");
            let state = model.state();
            assert_eq!(real.state().await, state, "seed {seed}: {trace:?}");
            reached.insert(state.0);
        }
    }
    reached
}

/// What leads on is likelier than what ends, but for a person who types all wrong.
fn any_step(random: &mut StdRng, strict: bool, clumsy: bool) -> Step {
    // He does little else.
    match random.random_range(0..if clumsy { 60 } else { 100 }) {
        0..20 if strict && clumsy => Step::Check { right: false },
        0..30 => Step::Scan {
            phone: usize::from(random.random_range(0..5) == 0),
            back: random.random_range(0..3) / 2,
            forwarded: clumsy || random.random_range(0..3) == 0,
        },
        30..45 if strict => Step::Check {
            right: !clumsy && random.random_range(0..3) == 0,
        },
        30..55 => Step::Confirm {
            back: random.random_range(0..5) / 4,
            number: match random.random_range(0..4) {
                _ if clumsy => Typed::Wrong,
                0 => Typed::Nothing,
                1 => Typed::Wrong,
                _ => Typed::Right,
            },
        },
        55..60 => Step::Refuse {
            back: random.random_range(0..4) / 3,
        },
        60..63 => Step::Cancel,
        63..76 => Step::Redeem,
        76..90 => Step::Refresh {
            silent: random.random_range(0..3) > 0,
        },
        // No sum of these lies just below a timer.
        _ => Step::Advance([25, 50, 100][random.random_range(0..3)]),
    }
}
