//! What a person does beside scanning.

use std::time::Duration;

use fantoccini::{Locator, key::Key};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::{chromium::Chromium, support::TestServer};

/// Another site that answers every request with 204, at which a browser stays where it is: so the
/// page that says who has logged in, shown for two seconds, stands still.
pub async fn site_that_keeps_the_page() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = connection.read(&mut [0; 4096]).await;
                let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
                let _ = connection.write_all(answer).await;
            });
        }
    });
    url
}

/// Confirms on the phone and sees the dashboard.
async fn logged_in(server: &std::sync::Arc<TestServer>) -> Chromium {
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    let scanned = phone.scan(&browser.scene().await).await.expect(200);
    phone.confirm(&scanned["nonce"]).await.expect(200);
    browser.expect_path("/dashboard").await;
    browser
}

#[actix_web::test]
async fn a12_not_me_after_the_login_logs_out() {
    let site = site_that_keeps_the_page().await;
    let server = TestServer::start_with(&[("SAOMA_RETURN_ORIGINS", &site)]).await;
    let phone = server.registered_phone("Ming").await;
    let browser = Chromium::start().await;
    let page = format!("{}/login?return_to={site}/welcome", server.url);
    browser.goto(&page).await.unwrap();
    browser.expect_state("pending").await;
    let scanned = phone.scan(&browser.scene().await).await.expect(200);
    phone.confirm(&scanned["nonce"]).await.expect(200);
    browser.expect_state("done").await;
    assert_eq!(browser.text("status_title").await, "Welcome, Ming");
    assert_eq!(browser.me().await, "Ming");

    browser.press("not_me").await;
    browser.expect_state("pending").await;
    assert!(browser.me().await.is_null());
}

#[actix_web::test]
async fn not_me_on_the_dashboard_logs_out() {
    let server = TestServer::start().await;
    let browser = logged_in(&server).await;
    browser.press("not_me").await;
    browser.expect_path("/login").await;
    browser.expect_state("pending").await;
    assert!(browser.me().await.is_null());
}

#[actix_web::test]
async fn logging_out_on_the_dashboard_leads_to_the_login_and_back_after_it() {
    let server = TestServer::start().await;
    let browser = logged_in(&server).await;
    browser.press("log_out").await;
    browser.expect_state("pending").await;
    assert!(browser.me().await.is_null());
    browser
        .goto(&format!("{}/dashboard", server.url))
        .await
        .unwrap();
    browser.expect_path("/login").await;
}

#[actix_web::test]
async fn a_page_under_another_address_shows_no_code_but_the_way_to_the_right_one() {
    let server = TestServer::start().await;
    let browser = Chromium::start().await;
    let other = server.url.replace("localhost", "127.0.0.1");
    browser
        .goto(&format!("{other}/login?return_to=/dashboard"))
        .await
        .unwrap();
    browser.expect_state("wrong_address").await;
    let sources = browser
        .run("return document.getElementById('code').getAttribute('src')")
        .await;
    assert!(sources.is_null());
    browser.press("public_link").await;
    browser.expect_state("pending").await;
    let here = browser.current_url().await.unwrap();
    assert_eq!(here.origin().ascii_serialization(), server.url);
}

#[actix_web::test]
async fn the_keyboard_alone_is_enough() {
    let server = TestServer::start().await;
    let browser = Chromium::start().await;
    browser.open_login(&server.url).await;
    let scene = browser.scene().await;
    server.advance(Duration::from_secs(121)).await;
    browser.expect_state("expired").await;
    browser.tab_to("refresh").await;
    browser.key(Key::Enter).await;
    browser.expect_state("pending").await;
    assert_ne!(browser.scene().await, scene);

    browser.tab_to("language").await;
    browser.key(Key::Enter).await;
    let chinese = "return document.documentElement.lang === 'zh-CN'";
    browser
        .until("the Chinese page".to_owned(), chinese.to_owned())
        .await;
}

#[actix_web::test]
async fn the_language_switch_keeps_the_code_and_is_remembered() {
    let server = TestServer::start().await;
    let browser = Chromium::reading("zh-CN").await;
    browser.open_login(&server.url).await;
    let scene = browser.scene().await;
    assert_eq!(browser.text("status_title").await, "微信扫码登录");
    assert_eq!(browser.text("language").await, "English");

    browser.press("language").await;
    let english = "return document.documentElement.lang === 'en'";
    browser
        .until("the English page".to_owned(), english.to_owned())
        .await;
    browser.expect_state("pending").await;
    assert_eq!(browser.text("status_title").await, "Scan with WeChat");
    assert_eq!(browser.scene().await, scene);

    browser.open_login(&server.url).await;
    assert_eq!(browser.text("status_title").await, "Scan with WeChat");
    let language = browser.find(Locator::Css("html")).await.unwrap();
    assert_eq!(language.attr("lang").await.unwrap().unwrap(), "en");
}
