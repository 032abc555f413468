//! Every timer of PROTOCOL, section 3, by the database's clock.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Attempt, TestServer};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The attempt ends so, and a refresh starts a new one.
async fn expect_expired(attempt: &mut Attempt, reason: &str, version: i32) {
    let end = attempt.browser.expect("expired").await;
    assert_eq!(
        (&end["reason"], &end["version"]),
        (&reason.into(), &version.into())
    );
    attempt.browser.refresh(&end["version"], true).await;
    let ticket = attempt.browser.expect("ticket").await;
    assert_ne!(ticket["attempt"], attempt.id);
    assert_eq!(ticket["version"], 1);
}

#[actix_web::test]
async fn a_code_that_nobody_scans_expires_after_120_seconds() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.pending().await;
    server.advance(seconds(117)).await;
    attempt.browser.expect_silence().await;
    server.advance(seconds(3)).await;
    phone
        .scan(&attempt.scene)
        .await
        .expect_problem(410, "attempt_expired");
    expect_expired(&mut attempt, "not_scanned", 2).await;
}

#[actix_web::test]
async fn a_scan_that_nobody_confirms_expires_after_60_seconds_and_a_rescan_adds_none() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.scanned(&phone).await;
    server.advance(seconds(50)).await;
    let again = phone.scan(&attempt.scene).await.expect(200);
    assert!(again["expires_in"].as_i64().unwrap() <= 10, "{again}");
    attempt.browser.expect_silence().await;
    server.advance(seconds(10)).await;
    for nonce in [&again["nonce"], &again["nonce"]] {
        phone
            .confirm(nonce)
            .await
            .expect_problem(410, "attempt_expired");
        phone
            .refuse(nonce)
            .await
            .expect_problem(410, "attempt_expired");
    }
    let view = phone.attempt(&attempt.id).await.expect(200);
    assert_eq!(
        (&view["state"], &view["reason"]),
        (&"expired".into(), &"not_confirmed".into())
    );
    assert_eq!(
        (&view["version"], &view["expires_in"]),
        (&3.into(), &0.into())
    );
    expect_expired(&mut attempt, "not_confirmed", 3).await;
}

#[actix_web::test]
async fn a_confirm_that_nobody_redeems_expires_after_60_seconds() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    server.advance(seconds(57)).await;
    attempt.browser.expect_silence().await;
    server.advance(seconds(3)).await;
    attempt
        .browser
        .redeem(&attempt.id)
        .await
        .expect_problem(410, "attempt_expired");
    expect_expired(&mut attempt, "not_redeemed", 4).await;
}

#[actix_web::test]
async fn an_expiry_is_told_the_same_whether_or_not_anybody_looked() {
    let server = TestServer::start().await;
    let mut attempt = server.pending().await;
    let mut tab = attempt.browser.tab();
    server
        .database
        .advance(&[&server.store], seconds(121))
        .await;
    let end = tab.resume(&attempt.id).await;
    assert_eq!(
        (&end["type"], &end["version"]),
        (&"expired".into(), &2.into())
    );
    assert_eq!(attempt.browser.expect_close().await, 4001);
}

#[actix_web::test]
async fn a_renewed_code_lives_on_but_not_beyond_15_minutes() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.pending().await;
    let mut ticket = Value::Null;
    for version in 1..=8 {
        server.advance(seconds(110)).await;
        attempt.browser.refresh(&json!(version), false).await;
        ticket = attempt.browser.expect("ticket").await;
    }
    // 880 s have gone.
    let left = ticket["expires_in"].as_i64().unwrap();
    assert!((15..=20).contains(&left), "{left}");
    let scene = attempt.browser.scene(&ticket).await;
    let scanned = phone.scan(&scene).await.expect(200);
    assert!(scanned["expires_in"].as_i64().unwrap() <= 20, "{scanned}");
    attempt.browser.expect("scanned").await;
    phone.confirm(&scanned["nonce"]).await.expect(200);
    let waits = attempt.browser.expect("not_registered").await;
    assert!(waits["expires_in"].as_i64().unwrap() <= 20, "{waits}");
    server.advance(seconds(20)).await;
    expect_expired(&mut attempt, "not_confirmed", 12).await;
}

#[actix_web::test]
async fn an_old_attempt_is_kept_for_an_hour_and_then_deleted() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let attempt = server.pending().await;
    server.advance(seconds(3600 + 1000)).await;
    while server.store.delete_old().await.unwrap() {}
    phone
        .scan(&attempt.scene)
        .await
        .expect_problem(410, "attempt_expired");
    server.advance(seconds(3600)).await;
    while server.store.delete_old().await.unwrap() {}
    phone
        .scan(&attempt.scene)
        .await
        .expect_problem(404, "scene_unknown");
    let left = "select count(*) from attempt_scenes";
    assert_eq!(server.database.count(left).await, 0);
}

#[actix_web::test]
async fn a_socket_whose_attempt_is_over_is_closed_after_a_while() {
    // It counts from the socket's opening too, until there is an attempt to wait for.
    let server = TestServer::start_with(&[("SAOMA_IDLE_AFTER_END", "1s")]).await;
    let mut attempt = server.pending().await;
    attempt.browser.send(json!({"type": "cancel"})).await;
    attempt.browser.expect("cancelled").await;
    assert_eq!(attempt.browser.expect_close().await, 4002);
}

#[actix_web::test]
async fn more_attempts_than_one_query_asks_about_are_all_told_of_their_end() {
    let server = TestServer::start_with(&[
        ("SAOMA_MAX_SOCKETS_PER_ADDRESS", "0"),
        ("SAOMA_MAX_STARTS_PER_ADDRESS", "0"),
        ("SAOMA_RECHECK_INTERVAL", "500ms"),
    ])
    .await;
    let mut waiting = Vec::new();
    for _ in 0..300_usize.div_ceil(6) {
        let six = (0..6).map(async |_| server.pending().await);
        waiting.extend(join_all(six).await);
    }
    // The server's own look, which takes its time over so many, and one that hurries.
    server
        .database
        .advance(&[&server.store], seconds(121))
        .await;
    let hear = waiting.iter_mut().map(async |attempt| {
        attempt.browser.expect("expired").await;
    });
    join_all(hear).await;
}
