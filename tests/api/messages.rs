//! PROTOCOL, section 5: every message has exactly the fields of the table.

use std::{collections::BTreeMap, time::Duration};

use saoma::simulator::FaultMode;
use serde_json::{Value, json};

use crate::support::TestServer;

/// A message by its type, without what differs from run to run.
fn keep(golden: &mut BTreeMap<String, Value>, mut message: Value) {
    if message["attempt"].is_string() {
        message["attempt"] = "[attempt]".into();
    }
    if let Some(url) = message["code_url"].as_str() {
        assert!(
            url.starts_with("http://localhost:") && url.ends_with(".jpg"),
            "{url}"
        );
        message["code_url"] = "[code_url]".into();
    }
    let mut name = message["type"].as_str().unwrap().to_owned();
    for field in ["reason", "code"] {
        if let Some(word) = message[field].as_str() {
            name = format!("{name} {word}");
        }
    }
    golden.insert(name, message);
}

#[actix_web::test]
async fn every_message_of_a_login_has_exactly_the_fields_of_the_protocol() {
    let server = TestServer::start().await;
    let (phone, other) = (server.phone().await, server.phone().await);
    let mut golden = BTreeMap::new();
    let mut browser = server.browser().await;
    let ticket = browser.open_socket().await;
    keep(&mut golden, ticket.clone());
    let scene = browser.scene(&ticket).await;
    let nonce = phone.scan(&scene).await.expect(200)["nonce"].clone();
    keep(&mut golden, browser.next().await);
    other
        .scan(&scene)
        .await
        .expect_problem(409, "already_scanned");
    keep(&mut golden, browser.next().await);
    phone.confirm(&nonce).await.expect(200);
    keep(&mut golden, browser.next().await);
    phone.register(None).await.expect(201);
    browser.expect("scanned").await;
    phone.confirm(&nonce).await.expect(200);
    keep(&mut golden, browser.next().await);
    browser.redeem(&ticket["attempt"]).await.expect(200);
    keep(&mut golden, browser.next().await);
    insta::assert_json_snapshot!("messages_of_a_login", golden);
}

#[actix_web::test]
async fn every_end_of_a_login_has_exactly_the_fields_of_the_protocol() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut golden = BTreeMap::new();
    let mut attempt = server.scanned(&phone).await;
    phone.refuse(&attempt.nonce).await.expect(204);
    keep(&mut golden, attempt.browser.next().await);
    let mut attempt = server.pending().await;
    attempt.browser.send(json!({"type": "cancel"})).await;
    keep(&mut golden, attempt.browser.next().await);
    let mut attempt = server.pending().await;
    server.advance(Duration::from_secs(121)).await;
    keep(&mut golden, attempt.browser.next().await);
    let mut stranger = server.browser().await;
    keep(&mut golden, stranger.resume(&attempt.id).await);
    let mut attempt = server.pending().await;
    server.database.execute("delete from login_attempts").await;
    server.look_again().await;
    keep(&mut golden, attempt.browser.next().await);
    insta::assert_json_snapshot!("ends_of_a_login", golden);
}

#[actix_web::test]
async fn every_error_has_exactly_the_fields_of_the_protocol() {
    let server = TestServer::start().await;
    let mut golden = BTreeMap::new();
    let mut attempt = server.pending().await;
    for message in [json!({"type": "refresh"}), json!({"type": "dance"})] {
        attempt.browser.send(message).await;
        keep(&mut golden, attempt.browser.next().await);
    }
    server.fault("*", FaultMode::Error);
    attempt.browser.refresh(&json!(1), true).await;
    keep(&mut golden, attempt.browser.next().await);
    server.simulator.state().clear_faults();
    for version in 1..=5 {
        attempt.browser.refresh(&json!(version), true).await;
        attempt.browser.expect("ticket").await;
    }
    attempt.browser.refresh(&json!(6), true).await;
    keep(&mut golden, attempt.browser.next().await);
    insta::assert_json_snapshot!("errors_on_a_socket", golden);
}

#[actix_web::test]
async fn an_errors_detail_speaks_the_browsers_language() {
    let server = TestServer::start().await;
    let mut browser = server.browser().await;
    browser.language = "zh-CN,zh;q=0.9".to_owned();
    browser.open_socket().await;
    browser.send(json!({"type": "dance"})).await;
    assert_eq!(
        browser.expect("error").await["detail"],
        "不支持的消息类型。"
    );
}
