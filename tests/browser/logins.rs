//! The main job in a real browser: open the page, scan, confirm, see the dashboard.

use fantoccini::Locator;
use serde_json::json;

use crate::{
    chromium::Chromium,
    nginx::Nginx,
    proxy::{Network, Proxy},
    support::{Phone, TestServer},
};

/// Scans what is on the screen and confirms.
async fn log_in(browser: &Chromium, phone: &Phone) {
    let scanned = phone.scan(&browser.scene().await).await.expect(200);
    browser.expect_state("scanned").await;
    phone.confirm(&scanned["nonce"]).await.expect(200);
    browser.expect_path("/dashboard").await;
}

#[actix_web::test]
async fn a_login_in_english_ends_on_the_dashboard() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    assert_eq!(browser.text("status_title").await, "Scan with WeChat");

    let scanned = phone.scan(&browser.scene().await).await.expect(200);
    browser.expect_state("scanned").await;
    assert_eq!(scanned["browser"]["os"], "Linux");
    assert_eq!(
        browser.text("status_detail").await,
        "Now confirm the login on your phone."
    );
    phone.confirm(&scanned["nonce"]).await.expect(200);

    browser.expect_path("/dashboard").await;
    assert_eq!(browser.text("welcome").await, "Hello, Ming");
    assert_eq!(browser.me().await, "Ming");
}

/// Two people's devices: the phone is the simulator's page in a second browser.
#[actix_web::test]
async fn a_login_in_chinese_by_a_new_user_on_the_simulated_phone_ends_on_the_dashboard() {
    let server = TestServer::start().await;
    let browser = Chromium::reading("zh-CN,zh,en").await;
    let phone = Chromium::reading("zh-CN,zh,en").await;
    browser.open_login(&server.url).await;
    assert_eq!(browser.text("status_title").await, "微信扫码登录");

    let address = browser.scan_screen().await;
    phone.goto(address.as_str()).await.unwrap();
    tap(
        &phone,
        "pick",
        "//*[@id='screen']//button[contains(., '小明')]",
    )
    .await;
    browser.expect_state("scanned").await;
    assert_eq!(browser.text("status_detail").await, "请在手机上确认登录");
    tap(&phone, "confirm", CONFIRM).await;
    browser.expect_state("not_registered").await;
    on_phone(&phone, "not_registered").await;
    let field = phone.find(Locator::Id("nickname")).await.unwrap();
    field.send_keys("小明").await.unwrap();
    tap(&phone, "not_registered", CONFIRM).await;

    browser.expect_path("/dashboard").await;
    assert_eq!(browser.text("welcome").await, "你好，小明");
    on_phone(&phone, "done").await;
}

/// The green button of the phone's screen.
const CONFIRM: &str = "//*[@id='screen']//button[@type='submit']";

async fn on_phone(phone: &Chromium, screen: &str) {
    let script = format!(
        "return document.getElementById('screen').dataset.screen === '{screen}' \
         && !document.querySelector('#screen [disabled]')"
    );
    phone
        .until(format!("the phone's screen {screen}"), script)
        .await;
}

async fn tap(phone: &Chromium, screen: &str, button: &str) {
    on_phone(phone, screen).await;
    let button = phone.find(Locator::XPath(button)).await.unwrap();
    button.click().await.unwrap();
}

#[actix_web::test]
async fn a_login_without_sockets_ends_on_the_dashboard() {
    let proxy = Proxy::start().await;
    let server = TestServer::start_with(&[("SAOMA_PUBLIC_URL", &proxy.url())]).await;
    proxy.lead_to(&server.url);
    proxy.set(Network::NoSockets);
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    browser.open_login(&proxy.url()).await;
    log_in(&browser, &phone).await;
    assert_eq!(browser.me().await, "Ming");
}

#[actix_web::test]
async fn a_login_through_nginx_with_tls_ends_on_the_dashboard() {
    let nginx = Nginx::prepare();
    let server = TestServer::start_with(&[
        ("SAOMA_PUBLIC_URL", &nginx.url()),
        ("SAOMA_TRUSTED_PROXIES", "127.0.0.1/32"),
    ])
    .await;
    let nginx = nginx.before(&server.url);
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;

    // As if another proxy stood before nginx: to Saoma, this is where the browser is.
    browser.cdp("Network.enable", json!({})).await;
    let headers = json!({"headers": {"X-Forwarded-For": "203.0.113.9"}});
    browser.cdp("Network.setExtraHTTPHeaders", headers).await;
    // A page of plain http is sent to https.
    browser.goto(&nginx.plain_url()).await.unwrap();
    browser.expect_state("pending").await;
    let here = browser.current_url().await.unwrap();
    assert_eq!(here.origin().ascii_serialization(), nginx.url());

    let secret = browser.get_named_cookie("__Host-saoma_browser").await;
    let secret = secret.unwrap();
    assert_eq!(
        (secret.secure(), secret.http_only(), secret.path()),
        (Some(true), Some(true), Some("/"))
    );
    let scanned = phone.scan(&browser.scene().await).await.expect(200);
    assert_eq!(scanned["browser"]["ip"], "203.0.113.0/24");
    browser.expect_state("scanned").await;
    phone.confirm(&scanned["nonce"]).await.expect(200);
    browser.expect_path("/dashboard").await;
    assert_eq!(browser.text("welcome").await, "Hello, Ming");

    let session = browser.get_named_cookie("__Host-saoma_session").await;
    assert_eq!(session.unwrap().secure(), Some(true));
    let gone = browser.get_named_cookie("__Host-saoma_browser").await;
    assert!(gone.is_err(), "the browser's secret is still there");
    // Both pages had their sockets through nginx, encrypted; one is logged when it has closed.
    nginx.expect_line("\"GET /ws/login", "101");
    browser.press("log_out").await;
    browser.expect_state("pending").await;
    nginx.expect_line("\"GET /ws/session", "101");
}
