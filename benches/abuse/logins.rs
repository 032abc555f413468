//! People who log in, one after the other and many at a time.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use actix_web::rt::{spawn, time::sleep_until};

use crate::{
    process::Bench,
    quantile::quantile,
    support::{browser::Browser, phone::Phone},
};

/// Registered people with their phones.
pub struct People {
    url: String,
    phones: Vec<Rc<Phone>>,
}

/// How long logins took, from when they were due.
pub struct Times {
    /// Sorted.
    pub done: Vec<Duration>,
    pub failed: usize,
}

impl Times {
    /// Milliseconds.
    pub fn quantile(&self, share: f64) -> f64 {
        quantile(&self.done, share) * 1e3
    }
}

impl People {
    pub async fn new(bench: &Bench, count: usize) -> Self {
        let url = format!("http://localhost:{}", bench.port);
        let mut phones = Vec::new();
        for _ in 0..count {
            let phone = Phone::new(&url, &bench.wechat()).await;
            phone.register(Some("Li")).await.expect(201);
            phones.push(Rc::new(phone));
        }
        Self { url, phones }
    }

    /// Lets so many come in a second for that long, whether the others are done or not.
    pub async fn log_in(&self, rate: usize, time: Duration) -> Times {
        let start = Instant::now();
        let count = rate * usize::try_from(time.as_secs()).unwrap();
        let mut logins = Vec::new();
        for number in 0..count {
            let due = start + Duration::from_secs_f64(number as f64 / rate as f64);
            sleep_until(due.into()).await;
            let phone = self.phones[number % self.phones.len()].clone();
            let url = self.url.clone();
            logins.push(spawn(async move {
                log_in(&url, &phone).await;
                due.elapsed()
            }));
        }
        let (mut done, mut failed) = (Vec::new(), 0);
        for login in logins {
            // What goes wrong panics, and says what it was.
            match login.await {
                Ok(took) => done.push(took),
                Err(_) => failed += 1,
            }
        }
        done.sort();
        Times { done, failed }
    }
}

/// From the page to the session.
async fn log_in(url: &str, phone: &Phone) {
    let mut browser = Browser::new(url);
    browser.open_login_page().await;
    let ticket = browser.open_socket().await;
    let scene = browser.scene(&ticket).await;
    let scanned = phone.scan(&scene).await.expect(200);
    browser.expect("scanned").await;
    phone.confirm(&scanned["nonce"]).await.expect(200);
    browser.expect("login_succeeded").await;
    browser.redeem(&ticket["attempt"]).await.expect(200);
    browser.drop_socket();
}
