//! Every state of the pages in both languages, narrow and wide, light and dark: accessible, calm
//! and at its place. With `SAOMA_SCREENS=1` each leaves its picture in `docs/screens`.

use std::{collections::BTreeMap, env, fs, path::Path, sync::Arc, time::Duration};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use saoma::simulator::FaultMode;
use serde_json::{Value, json};

use crate::{
    axe,
    chromium::Chromium,
    connections::CODES,
    look::Look,
    people::site_that_keeps_the_page,
    proxy::{Network, Proxy},
    support::{Browser, Phone, TestServer, phone::FORWARDED},
};

/// All that a first visit may load, but for the code's image.
const PAGE_LIMIT: u64 = 60_000;

/// The browsers of the sessions beside the one that is looked at.
const OTHERS: [&str; 2] = [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
     Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
     Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
];

#[actix_web::test]
async fn screens_in_chinese() {
    Show::new("zh", "zh-CN", "小明").await.all().await;
}

#[actix_web::test]
async fn screens_in_english() {
    Show::new("en", "en-US", "Ming").await.all().await;
}

/// One browser that is led through all states.
struct Show {
    language: &'static str,
    nickname: &'static str,
    site_name: &'static str,
    browser: Chromium,
    proxy: Proxy,
    server: Arc<TestServer>,
    /// Where the login returns to: a page that keeps the browser where it is.
    return_to: String,
    /// Where card and code were in the first state, by width.
    places: BTreeMap<u32, Value>,
}

impl Show {
    async fn new(language: &'static str, accepted: &str, nickname: &'static str) -> Self {
        let (proxy, return_to) = (Proxy::start().await, site_that_keeps_the_page().await);
        let site_name = if language == "zh" {
            "示例网站"
        } else {
            "Example"
        };
        let server = TestServer::start_with(&[
            ("SAOMA_PUBLIC_URL", &proxy.url()),
            ("SAOMA_RETURN_ORIGINS", &return_to),
            ("SAOMA_SITE_NAME", site_name),
        ])
        .await;
        proxy.lead_to(&server.url);
        Self {
            language,
            nickname,
            site_name,
            browser: Chromium::reading(accepted).await,
            proxy,
            server,
            return_to,
            places: BTreeMap::new(),
        }
    }

    async fn all(mut self) {
        self.waiting_for_a_code().await;
        self.refused().await;
        self.checked().await;
        let phone = self.logged_in().await;
        self.dashboard().await;
        self.chat(&phone).await;
        self.sessions(&phone).await;
        self.errors().await;
        self.expired_and_offline().await;
        self.without_codes().await;
        self.wrong_address().await;
        self.strict().await;
        self.reusable_code().await;
    }

    async fn waiting_for_a_code(&mut self) {
        self.proxy.set(Network::Silent);
        self.open("/login").await;
        self.look_at("connecting", false).await;
        self.proxy.set(Network::Good);
    }

    async fn refused(&mut self) {
        let phone = self.server.registered_phone(self.nickname).await;
        let before = self.proxy.sent();
        self.browser
            .cdp("Network.clearBrowserCache", json!({}))
            .await;
        self.open("/login").await;
        self.browser.expect_state("pending").await;
        self.check_weight(before).await;
        self.look_at("pending", true).await;

        let scanned = phone.scan(&self.browser.scene().await).await.expect(200);
        self.browser.expect_state("scanned").await;
        self.look_at("scanned", true).await;

        phone.refuse(&scanned["nonce"]).await.expect(204);
        self.browser.expect_state("cancelled").await;
        self.look_at("cancelled", true).await;
    }

    /// The states of both checks; the number is asked for since the code came as a picture.
    async fn checked(&mut self) {
        let phone = self.server.registered_phone(self.nickname).await;
        self.open("/login").await;
        self.browser.expect_state("pending").await;
        let scene = self.browser.scene().await;
        let scanned = phone.scan_by(&scene, FORWARDED).await.expect(200);
        self.browser.expect_state("scanned").await;
        self.look_at("number", true).await;
        // What another phone's scan adds for a while moves nothing.
        let other = self.server.phone().await;
        let refused = other.scan(&scene).await;
        refused.expect_problem(409, "already_scanned");
        let told = "return document.getElementById('notice').textContent !== ''";
        self.browser
            .until("a notice".to_owned(), told.to_owned())
            .await;
        self.look_at("contested", false).await;
        let number = self.browser.text("number").await;
        let wrong = if number == "00" { "01" } else { "00" };
        for _ in 0..3 {
            phone
                .confirm_with(&scanned["nonce"], &wrong.into())
                .await
                .expect_problem(422, "number_wrong");
        }
        self.browser.expect_state("failed").await;
        self.look_at("failed", false).await;
    }

    /// The strict check, on a server of its own.
    async fn strict(&mut self) {
        let options = [("SAOMA_CHECK", "code"), ("SAOMA_SITE_NAME", self.site_name)];
        let server = TestServer::start_with(&options).await;
        let phone = server.registered_phone(self.nickname).await;
        self.browser.open_login(&server.url).await;
        let scanned = phone.scan(&self.browser.scene().await).await.expect(200);
        phone.confirm(&scanned["nonce"]).await.expect(200);
        self.browser.expect_state("code_needed").await;
        self.look_at("code_needed", true).await;
        let wrong = "document.getElementById('digits').value = '000000'; \
             document.getElementById('check').click()";
        self.browser.run(wrong).await;
        let told = "return document.documentElement.dataset.reason === 'wrong'";
        self.browser
            .until("a wrong code".to_owned(), told.to_owned())
            .await;
        self.look_at("code_wrong", false).await;
    }

    /// A code of the pool: the page says that a number will be asked for.
    async fn reusable_code(&mut self) {
        let options = [("SAOMA_CODES", "pool"), ("SAOMA_SITE_NAME", self.site_name)];
        let server = TestServer::start_with(&options).await;
        server.fill_pool(1).await;
        self.browser.open_login(&server.url).await;
        self.browser.expect_state("pending").await;
        let asks = if self.language == "zh" {
            "数字"
        } else {
            "a number"
        };
        let said = self.browser.text("status_detail").await;
        assert!(said.contains(asks), "{said}");
        self.look_at("pending_pool", true).await;
        // The next code is no more of the pool, and the page does not say so any longer.
        self.browser.press("refresh").await;
        let silent = format!(
            "return !document.getElementById('status_detail').textContent.includes('{asks}')"
        );
        self.browser
            .until("a code that is used once".to_owned(), silent)
            .await;
    }

    async fn logged_in(&mut self) -> Phone {
        let phone = self.server.phone().await;
        self.open(&format!("/login?return_to={}/", self.return_to))
            .await;
        self.browser.expect_state("pending").await;
        let scanned = phone.scan(&self.browser.scene().await).await.expect(200);
        phone.confirm(&scanned["nonce"]).await.expect(200);
        self.browser.expect_state("not_registered").await;
        self.look_at("not_registered", true).await;

        phone.register(Some(self.nickname)).await.expect(201);
        phone.confirm(&scanned["nonce"]).await.expect(200);
        self.browser.expect_state("done").await;
        self.look_at("done", true).await;
        phone
    }

    async fn dashboard(&mut self) {
        self.open("/dashboard").await;
        self.browser.expect_state("live").await;
        self.expect_sessions(0).await;
        self.look_at("dashboard", true).await;
    }

    /// With the phone there, and something said.
    async fn chat(&mut self, phone: &Phone) {
        let [first, answer] = if self.language == "zh" {
            ["会议链接：https://example.com/meet/2048", "收到，谢谢！"]
        } else {
            ["The link: https://example.com/meet/2048", "Thanks, got it!"]
        };
        self.open("/dashboard").await;
        let mut socket = phone.socket().await;
        let mut peer = socket.expect("peer").await;
        while peer["present"] == false {
            peer = socket.expect("peer").await;
        }
        let session = &peer["session"];
        self.browser.expect_phone(true).await;
        socket.say(session, first).await;
        self.browser.expect_line(first).await;
        let say = format!(
            "document.getElementById('chat_text').value = '{answer}'; \
             document.getElementById('chat_send').click()"
        );
        self.browser.run(&say).await;
        socket.expect("message").await;
        self.browser.expect_line(answer).await;
        self.look_at("chat", true).await;
    }

    /// With two more sessions of the same person, one of which is about to be ended.
    async fn sessions(&mut self, phone: &Phone) {
        for user_agent in OTHERS {
            let mut browser = Browser::new(&self.proxy.url());
            user_agent.clone_into(&mut browser.user_agent);
            browser.open_login_page().await;
            let ticket = browser.open_socket().await;
            let scanned = phone.scan(&browser.scene(&ticket).await).await.expect(200);
            phone.confirm(&scanned["nonce"]).await.expect(200);
            browser.redeem(&ticket["attempt"]).await.expect(200);
            browser.drop_socket();
        }
        self.open("/dashboard").await;
        self.expect_sessions(OTHERS.len()).await;
        self.look_at("sessions", true).await;
        let ask = "document.querySelector('#sessions li:last-child button').click()";
        self.browser.run(ask).await;
        self.look_at("session_question", false).await;
    }

    async fn expect_sessions(&self, count: usize) {
        let script = format!(
            "return document.querySelectorAll('#sessions li').length === {count} \
             && document.getElementById('others_note').hidden === {}",
            count > 0
        );
        self.browser
            .until(format!("{count} sessions"), script)
            .await;
    }

    async fn errors(&mut self) {
        self.open("/nothing-here").await;
        self.look_at("not_found", false).await;
    }

    async fn expired_and_offline(&mut self) {
        self.open("/login").await;
        self.browser.expect_state("pending").await;
        self.server.advance(Duration::from_secs(121)).await;
        self.browser.expect_state("expired").await;
        self.look_at("expired", true).await;

        self.browser.press("refresh").await;
        self.browser.expect_state("pending").await;
        self.proxy.set(Network::Down);
        self.browser.expect_state("offline").await;
        self.look_at("offline", true).await;
        self.proxy.set(Network::Good);
        self.browser.expect_state("pending").await;
    }

    async fn without_codes(&mut self) {
        self.server.fault(CODES, FaultMode::Error);
        self.open("/login?return_to=/elsewhere").await;
        self.browser.expect_state("unavailable").await;
        self.look_at("unavailable", true).await;
        self.server.simulator.state().clear_faults();
    }

    async fn wrong_address(&mut self) {
        let other = self.proxy.url().replace("localhost", "127.0.0.1");
        self.browser.goto(&format!("{other}/login")).await.unwrap();
        self.browser.expect_state("wrong_address").await;
        self.look_at("wrong_address", false).await;
    }

    async fn open(&self, path: &str) {
        let address = format!("{}{path}", self.proxy.url());
        self.browser.goto(&address).await.unwrap();
    }

    /// Everything that went over the wire since `before`, headers and icons included.
    async fn check_weight(&self, before: u64) {
        let code = "return performance.getEntriesByType('resource') \
             .filter((entry) => entry.name.includes('/codes/')) \
             .reduce((sum, entry) => sum + entry.transferSize, 0)";
        let code = self.browser.run(code).await.as_u64().unwrap();
        assert!(code > 0, "the code's image is missing");
        let page = self.proxy.sent() - before - code;
        assert!(
            (10_000..PAGE_LIMIT).contains(&page),
            "the page weighs {page} bytes"
        );
    }

    /// All looks of the state in which the page is.
    async fn look_at(&mut self, state: &str, keep: bool) {
        axe::bring(&self.browser).await;
        for look in Look::all() {
            self.browser.look_as(look).await;
            let name = look.file_name(state, self.language);
            let found = axe::violations(&self.browser).await;
            assert!(found.is_empty(), "{name}:\n{}", found.join("\n"));
            if keep && env::var_os("SAOMA_SCREENS").is_some() {
                self.keep(&name).await;
            }
            self.check_place(state, look.width).await;
        }
        let moving = "return document.getAnimations().length";
        let moves = self.browser.run(moving).await;
        assert_eq!(moves, 0, "{state} moves though less motion is asked for");
        self.browser.prefer("light", "no-preference").await;
        let moves = self.browser.run(moving).await;
        assert!(
            state != "connecting" || moves != 0,
            "nothing shows that the page waits"
        );
    }

    /// Card, code and words stand where they stood in the first state; nothing is cut off.
    async fn check_place(&mut self, state: &str, width: u32) {
        let wide = "return document.documentElement.scrollWidth <= innerWidth";
        assert_eq!(
            self.browser.run(wide).await,
            true,
            "{state} is wider than {width} px"
        );
        let places = "return ['#login', '.frame', '.status', '.actions', '.tip'].map((part) => { \
             const box = document.querySelector(part)?.getBoundingClientRect(); \
             return box ? [part, box.x, box.y + scrollY, box.width, box.height] : null; })";
        let places = self.browser.run(places).await;
        if places[0].is_null() {
            // The dashboard and the pages for errors are pages of their own.
            return;
        }
        let first = self.places.entry(width).or_insert_with(|| places.clone());
        assert_eq!(*first, places, "{state} at {width} px has moved");
    }

    async fn keep(&self, name: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/screens");
        fs::create_dir_all(&folder).unwrap();
        let picture = small(&self.browser.picture().await);
        fs::write(folder.join(name), picture).unwrap();
    }
}

/// The same picture in fewer bytes: Chromium blends colours in steps too fine to see, which no
/// compression likes.
fn small(picture: &[u8]) -> Vec<u8> {
    let mut picture = image::load_from_memory(picture).unwrap().to_rgb8();
    for value in picture.iter_mut() {
        // To a multiple of three, which black and white are.
        *value = value.saturating_add(1) / 3 * 3;
    }
    let mut bytes = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Adaptive);
    picture.write_with_encoder(encoder).unwrap();
    bytes
}
