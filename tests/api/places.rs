//! Place and warnings: what the owner's address databases say of browser and phone.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{
    Answer, Attempt, Phone, TestServer,
    geoip::{Geoip, HOME, MOBILE, NOWHERE, SERVER},
};

async fn server_with(geoip: &Geoip) -> Arc<TestServer> {
    let options = geoip.options();
    let options: Vec<(&str, &str)> = options
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    TestServer::start_with(&options).await
}

/// A browser at this address shows a code.
async fn pending_at(server: &Arc<TestServer>, address: &str) -> Attempt {
    let mut browser = server.browser().await;
    browser.address = Some(address.to_owned());
    let ticket = browser.open_socket().await;
    Attempt {
        scene: browser.scene(&ticket).await,
        id: ticket["attempt"].clone(),
        browser,
        nonce: Value::Null,
    }
}

fn text(page: &Answer) -> String {
    String::from_utf8(page.bytes.to_vec()).unwrap()
}

async fn phone_at(server: &Arc<TestServer>, address: &str) -> Phone {
    let mut phone = server.registered_phone("Ming").await;
    phone.address = Some(address.to_owned());
    phone
}

#[actix_web::test]
async fn a11_the_phone_is_told_where_a_relay_really_is_and_warned_of_it() {
    let geoip = Geoip::new();
    let server = server_with(&geoip).await;
    let phone = phone_at(&server, MOBILE).await;
    // The relay asks for the code that its page shows; its victim's browser never comes here.
    let mut relay = server.browser().await;
    relay.address = Some(SERVER.to_owned());
    relay.user_agent =
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into();
    let ticket = relay.open_socket().await;
    let scene = relay.scene(&ticket).await;

    let told = phone.scan(&scene).await.expect(200);
    assert_eq!(told["site"]["name"], "Test Site");
    assert_eq!(
        told["site"]["host"],
        server.url.strip_prefix("http://").unwrap()
    );
    assert_eq!(
        told["browser"],
        json!({"name": "Firefox", "os": "Linux", "ip": "198.51.100.0/24",
            "place": "Ashburn, United States"})
    );
    assert_eq!(
        told["warnings"],
        json!(["network_differs", "country_differs", "hosting_network"])
    );
}

#[actix_web::test]
async fn the_place_comes_in_the_words_of_whoever_reads_it() {
    let geoip = Geoip::new();
    let server = server_with(&geoip).await;
    let mut phone = phone_at(&server, HOME).await;
    let attempt = pending_at(&server, HOME).await;
    let told = phone.scan(&attempt.scene).await.expect(200);
    assert_eq!(told["browser"]["place"], "Hangzhou, China");
    phone.language = "zh-CN,zh;q=0.9".to_owned();
    let told = phone.scan(&attempt.scene).await.expect(200);
    assert_eq!(told["browser"]["place"], "浙江 杭州");
}

#[actix_web::test]
async fn the_dashboard_shows_the_place_of_the_login() {
    let geoip = Geoip::new();
    let server = server_with(&geoip).await;
    let phone = phone_at(&server, MOBILE).await;
    let mut attempt = pending_at(&server, HOME).await;
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    phone.confirm(&scanned["nonce"]).await.expect(200);
    attempt.browser.redeem(&attempt.id).await.expect(200);
    let page = attempt.browser.get("/dashboard").await;
    assert!(text(&page).contains("203.0.113.0/24 · Hangzhou, China"));
    attempt.browser.language = "zh-CN".to_owned();
    let page = attempt.browser.get("/dashboard").await;
    assert!(text(&page).contains("203.0.113.0/24 · 浙江 杭州"));
}

#[actix_web::test]
async fn the_lists_of_sessions_show_each_ones_place() {
    let geoip = Geoip::new();
    let server = server_with(&geoip).await;
    let mut phone = phone_at(&server, MOBILE).await;
    let mut attempt = pending_at(&server, HOME).await;
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    phone.confirm(&scanned["nonce"]).await.expect(200);
    attempt.browser.redeem(&attempt.id).await.expect(200);
    let listed = attempt.browser.get("/api/sessions").await.expect(200);
    assert_eq!(listed["sessions"][0]["place"], "Hangzhou, China");
    phone.language = "zh-CN".to_owned();
    let listed = phone.get("/api/phone/sessions").await.expect(200);
    assert_eq!(listed["sessions"][0]["place"], "浙江 杭州");
}

#[actix_web::test]
async fn each_meeting_of_browser_and_phone_gives_its_own_warnings() {
    let geoip = Geoip::new();
    let server = server_with(&geoip).await;
    for (browser, phone, warnings) in [
        (HOME, HOME, json!([])),
        // A phone on mobile data next to a computer on Wi-Fi: the mildest one alone.
        (HOME, MOBILE, json!(["network_differs"])),
        (HOME, SERVER, json!(["network_differs", "country_differs"])),
        (SERVER, SERVER, json!(["hosting_network"])),
        // What is unknown warns of nothing.
        (NOWHERE, MOBILE, json!([])),
        (HOME, NOWHERE, json!([])),
        ("10.0.0.7", MOBILE, json!([])),
        (SERVER, NOWHERE, json!(["hosting_network"])),
    ] {
        let phone = phone_at(&server, phone).await;
        let attempt = pending_at(&server, browser).await;
        let told = phone.scan(&attempt.scene).await.expect(200);
        assert_eq!(
            told["warnings"],
            warnings,
            "{browser}, {phone:?}",
            phone = phone.address
        );
    }
}

#[actix_web::test]
async fn without_databases_there_is_no_place_and_no_warning_of_one() {
    let server = TestServer::start_with(&[("SAOMA_TRUSTED_PROXIES", "127.0.0.1")]).await;
    let phone = phone_at(&server, MOBILE).await;
    let attempt = pending_at(&server, SERVER).await;
    let told = phone.scan(&attempt.scene).await.expect(200);
    assert!(told["browser"]["place"].is_null(), "{told}");
    assert_eq!(told["warnings"], json!([]));
}

#[actix_web::test]
async fn an_address_that_a_stranger_writes_changes_no_place() {
    let geoip = Geoip::new();
    let server = {
        let options = geoip.options();
        let options: Vec<(&str, &str)> = options
            .iter()
            .filter(|(name, _)| *name != "SAOMA_TRUSTED_PROXIES")
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        TestServer::start_with(&options).await
    };
    let phone = phone_at(&server, MOBILE).await;
    let attempt = pending_at(&server, HOME).await;
    let told = phone.scan(&attempt.scene).await.expect(200);
    assert_eq!(told["browser"]["ip"], "127.0.0.0/24");
    assert!(told["browser"]["place"].is_null(), "{told}");
    assert_eq!(told["warnings"], json!([]));
}

#[actix_web::test]
async fn nothing_of_a_place_is_stored() {
    let geoip = Geoip::new();
    let server = server_with(&geoip).await;
    let phone = phone_at(&server, MOBILE).await;
    let mut attempt = pending_at(&server, HOME).await;
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    phone.confirm(&scanned["nonce"]).await.expect(200);
    attempt.browser.redeem(&attempt.id).await.expect(200);
    for (word, is_there) in [
        ("203.0.113.0/24", 1),
        ("Hangzhou", 0),
        ("杭州", 0),
        ("China", 0),
    ] {
        let all = "schema_to_xml('public', false, true, '')::text";
        let sql = format!("select count(*) from (select {all} rows) t where rows like '%{word}%'");
        assert_eq!(server.database.count(&sql).await, is_there, "{word}");
    }
}
