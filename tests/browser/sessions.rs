//! The list on the dashboard: a person sees where else he is logged in, and ends it.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    chromium::Chromium,
    proxy::{Network, Proxy},
    support::{Browser, Phone, TestServer},
};

/// A browser on the dashboard of this phone's person.
async fn dashboard(server: &Arc<TestServer>, phone: &Phone, language: &str) -> Chromium {
    let browser = Chromium::reading(language).await;
    browser.open_login(&server.url).await;
    let scanned = phone.scan(&browser.scene().await).await.expect(200);
    phone.confirm(&scanned["nonce"]).await.expect(200);
    browser.expect_path("/dashboard").await;
    browser
}

async fn is_alive(browser: &Browser) -> bool {
    browser.tab().get("/api/me").await.status == 200
}

impl Chromium {
    /// Waits until the dashboard lists so many other sessions.
    #[track_caller]
    fn expect_others(&self, count: usize) -> impl Future<Output = ()> {
        let script = format!(
            "return document.querySelectorAll('#sessions li').length === {count} \
             && document.getElementById('sessions').hidden === {}",
            count == 0
        );
        self.until(format!("a list of {count} other sessions"), script)
    }

    /// Waits until the page says this, in the line that lies over it.
    #[track_caller]
    fn expect_notice(&self, words: &str) -> impl Future<Output = ()> {
        let script = format!("return document.getElementById('notice').textContent === '{words}'");
        self.until(format!("the notice {words}"), script)
    }

    /// Clicks the first element that this selector finds.
    async fn click_on(&self, selector: &str) {
        let found = self.find(fantoccini::Locator::Css(selector)).await.unwrap();
        found.click().await.unwrap();
    }

    /// The text of the first element that this selector finds.
    async fn words_of(&self, selector: &str) -> String {
        let found = self.find(fantoccini::Locator::Css(selector)).await.unwrap();
        found.text().await.unwrap()
    }
}

/// The button beside the first session, and the two answers to its question.
const END: &str = "#sessions li button:not([value])";
const KEEP: &str = ".question [value=keep]";
const YES: &str = ".question [value=end]";

#[actix_web::test]
async fn ending_another_browsers_session_closes_that_browsers_dashboard() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let there = dashboard(&server, &phone, "en-US").await;
    let here = dashboard(&server, &phone, "en-US").await;
    there.expect_others(0).await;
    here.expect_others(1).await;
    assert!(here.words_of("#sessions h3").await.ends_with(" on Linux"));
    assert_eq!(here.words_of(".session-from").await, "127.0.0.0/24");

    here.click_on(END).await;
    assert!(
        here.words_of(".question-text")
            .await
            .starts_with("End the session of ")
    );
    here.click_on(KEEP).await;
    here.expect_others(1).await;
    assert_eq!(there.me().await, "Ming");

    here.click_on(END).await;
    here.click_on(YES).await;
    let start = std::time::Instant::now();
    there.expect_state("ended").await;
    assert!(start.elapsed().as_secs() < 3, "{:?}", start.elapsed());
    assert_eq!(there.words_of("#ended h1").await, "Your session has ended");
    here.expect_others(0).await;
    assert_eq!(
        here.text("others_note").await,
        "You are logged in nowhere else."
    );
    assert_eq!(here.me().await, "Ming");
    there.expect_path("/login").await;
}

#[actix_web::test]
async fn all_others_end_in_chinese_and_by_keyboard() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("小明").await;
    let others = [
        server.signed_in(&phone).await,
        server.signed_in(&phone).await,
    ];
    let here = dashboard(&server, &phone, "zh-CN,zh,en").await;
    here.expect_others(2).await;
    assert_eq!(here.words_of("#sessions h3").await, "Chrome · Windows");

    here.tab_to("end_others").await;
    here.key(fantoccini::key::Key::Enter).await;
    assert_eq!(
        here.words_of(".question-text").await,
        "确定将其他 2 处登录全部下线？"
    );
    // Esc takes the question back, and the focus to where it was.
    here.key(fantoccini::key::Key::Escape).await;
    assert_eq!(
        here.run("return document.activeElement.id").await,
        "end_others"
    );
    here.key(fantoccini::key::Key::Enter).await;
    assert_eq!(
        here.run("return document.activeElement.value").await,
        "keep"
    );
    here.key(fantoccini::key::Key::Tab).await;
    here.key(fantoccini::key::Key::Enter).await;
    here.expect_others(0).await;
    here.expect_notice("其他登录已全部下线。").await;
    assert_eq!(
        here.run("return document.activeElement.id").await,
        "others_title"
    );
    for other in &others {
        assert!(!is_alive(other).await);
    }
    assert_eq!(here.me().await, "小明");
}

#[actix_web::test]
async fn the_list_is_fresh_when_the_page_is_seen_again() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let here = dashboard(&server, &phone, "en-US").await;
    here.expect_others(0).await;
    server.signed_in(&phone).await;

    let first = here.window().await.unwrap();
    let tab = here.new_window(true).await.unwrap();
    here.switch_to_window(tab.handle).await.unwrap();
    here.switch_to_window(first).await.unwrap();
    // A headless browser shows every tab at once, so the page is told.
    here.run("document.dispatchEvent(new Event('visibilitychange'))")
        .await;
    here.expect_others(1).await;
}

#[actix_web::test]
async fn what_cannot_be_loaded_or_ended_is_told_and_tried_again() {
    let proxy = Proxy::start().await;
    let server = TestServer::start_with(&[("SAOMA_PUBLIC_URL", &proxy.url())]).await;
    proxy.lead_to(&server.url);
    let phone = server.registered_phone("Ming").await;
    let mut other = Browser::new(&proxy.url());
    other.open_login_page().await;
    let ticket = other.open_socket().await;
    let scanned = phone.scan(&other.scene(&ticket).await).await.expect(200);
    phone.confirm(&scanned["nonce"]).await.expect(200);
    other.redeem(&ticket["attempt"]).await.expect(200);
    other.drop_socket();
    let here = Chromium::start().await;
    here.open_login(&proxy.url()).await;
    let scanned = phone.scan(&here.scene().await).await.expect(200);
    phone.confirm(&scanned["nonce"]).await.expect(200);
    here.expect_path("/dashboard").await;
    here.expect_others(1).await;

    proxy.set(Network::Down);
    here.click_on(END).await;
    here.click_on(YES).await;
    here.expect_notice("It could not be ended and goes on. Please try again.")
        .await;
    proxy.set(Network::Good);
    assert!(is_alive(&other).await);
    here.click_on(END).await;
    here.click_on(YES).await;
    here.expect_others(0).await;
    assert!(!is_alive(&other).await);
}

async fn is_wider_than_the_window(browser: &Chromium) -> bool {
    let wide = "return document.documentElement.scrollWidth > innerWidth";
    browser.run(wide).await == true
}

#[actix_web::test]
async fn a_hundred_sessions_with_long_names_fit_a_narrow_screen() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let here = dashboard(&server, &phone, "en-US").await;
    here.expect_others(0).await;
    let screen = json!({"width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": false});
    here.cdp("Emulation.setDeviceMetricsOverride", screen).await;
    // What the list is made from, as the server would give it.
    let sessions: Vec<Value> = (0..100)
        .map(|at| {
            json!({
                "id": format!("00000000-0000-4000-8000-{at:012}"), "os": "Windows", "place": null,
                "browser": "Averylongbrowsernamewithoutanyspace".repeat(3),
                "ip": "2001:db8:1::/48", "created_at": "2026-11-24T08:00:00Z",
                "last_seen_at": "2026-11-24T09:00:00Z", "current": false,
            })
        })
        .collect();
    let body = json!({ "sessions": sessions }).to_string();
    let answer = format!(
        "const real = window.fetch; window.fetch = (path, options) => path === '/api/sessions' \
         ? Promise.resolve(new Response({})) : real(path, options); \
         document.dispatchEvent(new Event('visibilitychange'))",
        json!(body)
    );
    here.run(&answer).await;
    here.expect_others(100).await;
    assert_eq!(here.text("others_count").await, "100");
    here.click_on(END).await;
    assert!(!is_wider_than_the_window(&here).await);
}
