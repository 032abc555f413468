//! The login page on the phone itself, which cannot scan its own screen.

use std::time::Duration;

use serde_json::json;
use url::Url;

use crate::{axe, chromium::Chromium, support::TestServer};

const IN_WECHAT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) \
     AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.60(0x18003c2d) \
     NetType/WIFI Language/zh_CN";
const IN_SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) \
     AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
const IN_CHROME: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 \
     (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36";

/// WeChat's numbers for a long press on a picture and for a plain URL scheme.
const LONG_PRESS: i32 = 1048;
const PLAIN_SCHEME: i32 = 1286;

const RENEWED: &str = "SELECT count(*) FROM login_attempts WHERE version = 2";
const LOOK: Duration = Duration::from_millis(40);

/// A phone's browser, with its screen, at the login page.
async fn phone_at(server: &TestServer, agent: &str, language: &str) -> Chromium {
    let browser = Chromium::reading(language).await;
    let agent = json!({"userAgent": agent, "acceptLanguage": language});
    browser.cdp("Emulation.setUserAgentOverride", agent).await;
    let screen = json!({"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true});
    browser
        .cdp("Emulation.setDeviceMetricsOverride", screen)
        .await;
    browser.open_login(&server.url).await;
    browser
}

/// Nothing is in anybody's way, nor wider than a small phone.
async fn expect_accessible(browser: &Chromium) {
    axe::bring(browser).await;
    for width in [320, 390] {
        let screen = json!({"width": width, "height": 640, "deviceScaleFactor": 1, "mobile": true});
        browser
            .cdp("Emulation.setDeviceMetricsOverride", screen)
            .await;
        let found = axe::violations(browser).await;
        assert!(found.is_empty(), "{}", found.join("\n"));
        let fits = "return document.documentElement.scrollWidth <= innerWidth";
        assert_eq!(browser.run(fits).await, true, "{width}");
    }
}

async fn is_seen(browser: &Chromium, id: &str) -> bool {
    let script = format!("return document.getElementById('{id}').offsetWidth > 0");
    browser.run(&script).await == true
}

/// What the button would open: the scene in it.
async fn scene_of_the_button(browser: &Chromium) -> String {
    let href = browser
        .run("return document.getElementById('open').href")
        .await;
    let url = Url::parse(href.as_str().unwrap()).unwrap();
    assert_eq!(url.scheme(), "weixin");
    let mut pairs = url.query_pairs().filter(|(name, _)| name == "query");
    let query = pairs.next().unwrap().1.into_owned();
    query.strip_prefix("scene=").unwrap().to_owned()
}

#[actix_web::test]
async fn in_wechats_own_browser_the_code_is_pressed_and_held() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("小明").await;
    let browser = phone_at(&server, IN_WECHAT, "zh-CN").await;
    assert!(is_seen(&browser, "code").await);
    assert!(!is_seen(&browser, "open").await);
    let words = browser.text("status_detail").await;
    assert!(words.contains("长按"), "{words}");
    expect_accessible(&browser).await;

    let scanned = phone.scan_by(&browser.scene().await, LONG_PRESS).await;
    let scanned = scanned.expect(200);
    browser.expect_state("scanned").await;
    let number = browser.text("number").await;
    assert_eq!(
        browser.text("status_title").await,
        format!("请记住 {number}")
    );
    phone
        .confirm_with(&scanned["nonce"], &number.into())
        .await
        .expect(200);
    browser.expect_path("/dashboard").await;
}

#[actix_web::test]
async fn where_the_owner_allows_it_a_button_opens_wechat() {
    let server = TestServer::start_with(&[("SAOMA_WECHAT_LINK", "true")]).await;
    let phone = server.registered_phone("Ming").await;
    let browser = phone_at(&server, IN_CHROME, "en-US").await;
    assert!(is_seen(&browser, "open").await);
    assert!(!is_seen(&browser, "code").await);
    assert_eq!(browser.text("open").await, "Open WeChat");
    expect_accessible(&browser).await;

    // WeChat is in front now; the page behind it may be stopped altogether.
    let scene = scene_of_the_button(&browser).await;
    let frozen = json!({"state": "frozen"});
    browser.cdp("Page.setWebLifecycleState", frozen).await;
    let scanned = phone.scan_by(&scene, PLAIN_SCHEME).await.expect(200);
    assert_eq!(scanned["check"], "number");
    let active = json!({"state": "active"});
    browser.cdp("Page.setWebLifecycleState", active).await;

    browser.expect_state("scanned").await;
    assert!(!is_seen(&browser, "open").await);
    let number = browser.text("number").await;
    phone
        .confirm_with(&scanned["nonce"], &number.into())
        .await
        .expect(200);
    browser.expect_path("/dashboard").await;
}

#[actix_web::test]
async fn a_tab_that_the_phone_threw_away_finishes_the_login_when_it_is_back() {
    let server =
        TestServer::start_with(&[("SAOMA_WECHAT_LINK", "true"), ("SAOMA_CHECK", "none")]).await;
    let phone = server.registered_phone("Ming").await;
    let browser = phone_at(&server, IN_SAFARI, "en-US").await;
    let scene = scene_of_the_button(&browser).await;
    browser.goto("about:blank").await.unwrap();
    let scanned = phone.scan_by(&scene, PLAIN_SCHEME).await.expect(200);
    phone.confirm(&scanned["nonce"]).await.expect(200);
    let page = format!("{}/login", server.url);
    browser.goto(&page).await.unwrap();
    browser.expect_path("/dashboard").await;
}

#[actix_web::test]
async fn without_that_a_phones_browser_shows_the_code_and_what_to_do_with_it() {
    let server = TestServer::start().await;
    for (agent, language, words) in [
        (IN_SAFARI, "zh-CN", "从相册选取"),
        (IN_CHROME, "en-US", "save the picture"),
    ] {
        let browser = phone_at(&server, agent, language).await;
        assert!(is_seen(&browser, "code").await);
        assert!(!is_seen(&browser, "open").await);
        let seen = browser.text("status_detail").await;
        assert!(seen.contains(words), "{seen}");
        expect_accessible(&browser).await;
    }
}

/// A button that leads nowhere would be worse than a code.
#[actix_web::test]
async fn a_link_that_is_refused_leaves_the_code() {
    let server = TestServer::start_with(&[
        ("SAOMA_WECHAT_LINK", "true"),
        ("SAOMA_MAX_STARTS_PER_ADDRESS", "1"),
    ])
    .await;
    let browser = phone_at(&server, IN_SAFARI, "en-US").await;
    assert!(is_seen(&browser, "code").await);
    assert!(!is_seen(&browser, "open").await);
}

#[actix_web::test]
async fn a_renewed_attempt_has_a_button_that_is_good() {
    let server = TestServer::start_with(&[("SAOMA_WECHAT_LINK", "true")]).await;
    let phone = server.phone().await;
    let browser = phone_at(&server, IN_SAFARI, "en-US").await;
    let scene = scene_of_the_button(&browser).await;
    // By a click, since nobody waits here until the page does so by itself.
    let renew = "document.getElementById('refresh').click()";
    browser.run(renew).await;
    while server.database.count(RENEWED).await == 0 {
        tokio::time::sleep(LOOK).await;
    }
    // The renewal ended the link, which the page asks for anew.
    let mut scanned = phone.scan_by(&scene, PLAIN_SCHEME).await;
    for _ in 0..50 {
        if scanned.status == 200 {
            break;
        }
        tokio::time::sleep(LOOK).await;
        scanned = phone.scan_by(&scene, PLAIN_SCHEME).await;
    }
    scanned.expect(200);
}
