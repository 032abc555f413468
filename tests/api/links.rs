//! The link by which a page on a phone opens the mini program there.

use std::time::Duration;

use serde_json::json;

use crate::support::{Attempt, TestServer};

const ALLOWED: &[(&str, &str)] = &[("SAOMA_WECHAT_LINK", "true")];
/// WeChat's number for a plain URL scheme.
const PLAIN_SCHEME: i32 = 1286;

/// Asks for the link; the scene in it.
async fn link(attempt: &mut Attempt) -> String {
    let path = format!("{}/link", attempt.path());
    let answer = attempt.browser.post(&path, json!({})).await.expect(200);
    let url = answer["url"].as_str().unwrap();
    let rest = url.strip_prefix(
        "weixin://dl/business/?appid=wx0123456789abcdef&path=pages/index/wsLogin&query=scene%3D",
    );
    let (scene, rest) = rest.unwrap_or_else(|| panic!("{url}")).split_at(32);
    assert_eq!(rest, "&env_version=release");
    scene.to_owned()
}

#[actix_web::test]
async fn a_link_leads_to_its_attempt_and_asks_for_the_number() {
    let server = TestServer::start_with(ALLOWED).await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.pending().await;
    let scene = link(&mut attempt).await;
    assert_ne!(scene, attempt.scene);
    let scanned = phone.scan_by(&scene, PLAIN_SCHEME).await.expect(200);
    assert_eq!(scanned["attempt"], attempt.id);
    assert_eq!(scanned["check"], "number");
    assert_eq!(scanned["warnings"], json!(["entry_scene"]));
    let number = attempt.browser.expect("scanned").await["number"].clone();
    phone
        .confirm_with(&scanned["nonce"], &number)
        .await
        .expect(200);
    attempt.browser.expect("login_succeeded").await;
    // The claim ended the code as well.
    let other = server.phone().await.scan(&attempt.scene).await;
    other.expect_problem(409, "already_scanned");
}

#[actix_web::test]
async fn the_code_beside_a_link_stays_good_also_over_a_renewal_and_the_link_does_not() {
    let server = TestServer::start_with(ALLOWED).await;
    let phone = server.phone().await;
    let mut attempt = server.pending().await;
    let before = link(&mut attempt).await;
    server.advance(Duration::from_secs(100)).await;
    attempt.browser.refresh(&json!(1), true).await;
    attempt.browser.expect("ticket").await;
    phone
        .scan_by(&before, PLAIN_SCHEME)
        .await
        .expect_problem(410, "attempt_expired");
    // The page asks for it again, and the code before the renewal has its own 120 s.
    assert_eq!(link(&mut attempt).await, before);
    server.advance(Duration::from_secs(100)).await;
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    assert_eq!(scanned["attempt"], attempt.id);
}

#[actix_web::test]
async fn a_link_that_was_asked_for_again_is_good() {
    let server = TestServer::start_with(ALLOWED).await;
    let mut attempt = server.pending().await;
    link(&mut attempt).await;
    attempt.browser.refresh(&json!(1), true).await;
    attempt.browser.expect("ticket").await;
    let scene = link(&mut attempt).await;
    let phone = server.phone().await;
    phone.scan_by(&scene, PLAIN_SCHEME).await.expect(200);
}

#[actix_web::test]
async fn a_link_is_for_its_own_browser_while_nobody_has_scanned() {
    let server = TestServer::start_with(ALLOWED).await;
    let mut attempt = server.pending().await;
    let path = format!("{}/link", attempt.path());
    let mut other = server.browser().await;
    other
        .post(&path, json!({}))
        .await
        .expect_problem(404, "attempt_unknown");
    let phone = server.phone().await;
    phone.scan(&attempt.scene).await.expect(200);
    attempt
        .browser
        .post(&path, json!({}))
        .await
        .expect_problem(409, "already_scanned");
}

#[actix_web::test]
async fn without_the_owners_word_there_is_no_link() {
    let server = TestServer::start().await;
    let mut attempt = server.pending().await;
    let path = format!("{}/link", attempt.path());
    attempt
        .browser
        .post(&path, json!({}))
        .await
        .expect_problem(404, "not_found");
}
