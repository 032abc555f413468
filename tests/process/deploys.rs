//! K2 and K3: instances are restarted one after the other, and nginx itself, while people log in.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use actix_http::ws::Frame;
use actix_web::rt::time::sleep;
use futures_util::future::join_all;
use serde_json::Value;

use crate::{
    load_balancer::{Site, log_in},
    support::{
        Browser, Phone, Place,
        browser::Answer,
        soak,
        wait::{PATIENCE, eventually},
    },
};

/// Somebody who logs in again and again by nginx, with what page and mini program do by themselves
/// when an instance goes away: connect again, and ask again what was answered 502 or 503.
struct Visitor<'a> {
    site: &'a Site,
    phone: Phone,
    again: Cell<u32>,
}

impl Visitor<'_> {
    async fn log_in(&self) {
        let mut browser = self.site.browser().await;
        self.connect(&mut browser, "/ws/login").await;
        let ticket = loop {
            if let Some(ticket) = next_or_end(&mut browser).await {
                break ticket;
            }
            self.connect(&mut browser, "/ws/login").await;
        };
        assert_eq!(ticket["type"], "ticket", "{ticket}");
        let scene = browser.scene(&ticket).await;
        let attempt = &ticket["attempt"];
        let scan = self.ask(async || self.phone.scan(&scene).await).await;
        self.hear(&mut browser, attempt, "scanned").await;
        let nonce = &scan["nonce"];
        self.ask(async || self.phone.confirm(nonce).await).await;
        self.hear(&mut browser, attempt, "login_succeeded").await;
        self.ask(async || browser.redeem(attempt).await).await;
        self.ask(async || browser.get("/api/me").await).await;
    }

    async fn connect(&self, browser: &mut Browser, path: &str) {
        let began = Instant::now();
        while let Err(status) = browser.try_socket(path).await {
            assert!([502, 503].contains(&status.as_u16()), "{status}");
            self.pause(began).await;
        }
    }

    /// Waits for this state, on as many sockets as it takes.
    async fn hear(&self, browser: &mut Browser, attempt: &Value, kind: &str) {
        let path = format!("/ws/login?resume={}", attempt.as_str().unwrap());
        loop {
            match next_or_end(browser).await {
                Some(state) if state["type"] == kind => return,
                Some(state) => assert_ne!(state["type"], "failed", "{state}"),
                None => {
                    self.again.set(self.again.get() + 1);
                    self.connect(browser, &path).await;
                }
            }
        }
    }

    async fn ask(&self, mut request: impl AsyncFnMut() -> Answer) -> Value {
        let began = Instant::now();
        loop {
            let answer = request().await;
            if ![502, 503].contains(&answer.status) {
                return answer.expect(200);
            }
            self.pause(began).await;
        }
    }

    async fn pause(&self, began: Instant) {
        assert!(began.elapsed() < PATIENCE, "no instance serves it");
        self.again.set(self.again.get() + 1);
        sleep(Duration::from_millis(50)).await;
    }
}

/// The next message; none when the socket ends first, with a close or without.
async fn next_or_end(browser: &mut Browser) -> Option<Value> {
    let frame = browser.frame_or_end().await;
    let Some(Frame::Text(text)) = frame else {
        browser.drop_socket();
        return None;
    };
    Some(serde_json::from_slice(&text).unwrap())
}

#[actix_web::test]
async fn k2_three_instances_restarted_one_after_the_other_fail_no_login() {
    // As on one machine: all have the images of all.
    let images = Place::new();
    let images = images.join("data");
    let mut site = Site::start_with(
        3,
        &[
            ("SAOMA_DATA_DIR", images.to_str().unwrap()),
            ("SAOMA_MAX_SOCKETS_PER_ADDRESS", "0"),
            ("SAOMA_MAX_REDEEMS_PER_ADDRESS", "0"),
            ("SAOMA_MAX_SCANS_PER_USER", "0"),
            ("SAOMA_MAX_CONFIRMS_PER_USER", "0"),
        ],
    )
    .await;
    let mut phones = Vec::new();
    for _ in 0..soak::times(5, 25) {
        let mut phone = site.servers[0].registered_phone("Ming").await;
        let browser = site.browser().await;
        phone.url.clone_from(&browser.url);
        phone.client = browser.client;
        phones.push(phone);
    }
    let mut servers = std::mem::take(&mut site.servers);
    let done = Cell::new(false);
    let logins = Cell::new(0);
    let site = &site;
    let visits = join_all(phones.into_iter().map(async |phone| {
        let again = Cell::new(0);
        let visitor = Visitor { site, phone, again };
        while !done.get() {
            visitor.log_in().await;
            logins.set(logins.get() + 1);
        }
        visitor.again.get()
    }));
    let restarts = async {
        for _ in 0..soak::times(1, 5) {
            for server in &mut servers {
                let ended = server.stop_and_start_again().await;
                assert_eq!(ended.code, Some(0), "{}", ended.err);
                // As docs/DEPLOY.md says: the next one when nginx asks this one again.
                eventually("the new process has visitors", async || {
                    server.metric("saoma_attempts_total").await > 0.0
                })
                .await;
            }
        }
        done.set(true);
    };
    let (again, ()) = tokio::join!(visits, restarts);
    eprintln!(
        "{} logins, none failed; asked again {} times",
        logins.get(),
        again.iter().sum::<u32>()
    );
}

#[actix_web::test]
async fn k3_when_nginx_drops_all_sockets_all_come_back_and_log_in() {
    let mut site = Site::start_with(2, &[("SAOMA_MAX_SOCKETS_PER_ADDRESS", "0")]).await;
    let phone = site.servers[1].registered_phone("Ming").await;
    let mut waiting = Vec::new();
    for _ in 0..60 {
        waiting.push(site.waiting().await);
    }
    let (first, _, scene) = &mut waiting[0];
    let nonce = phone.scan(scene).await.expect(200)["nonce"].clone();
    first.expect("scanned").await;
    site.nginx.restart();
    // While no browser is connected.
    phone.confirm(&nonce).await.expect(200);
    let site = &site;
    let back = waiting.iter_mut().map(async |(browser, attempt, _)| {
        assert!(next_or_end(browser).await.is_none());
        browser.client = site.client();
        browser.resume(attempt).await["type"].clone()
    });
    let states = join_all(back).await;
    assert_eq!(states[0], "login_succeeded");
    assert!(states[1..].iter().all(|state| state == "ticket"));
    let (first, attempt, _) = &mut waiting[0];
    first.redeem(attempt).await.expect(200);
    let (last, attempt, scene) = waiting.last_mut().unwrap();
    log_in(last, attempt, scene, &phone).await;
}
