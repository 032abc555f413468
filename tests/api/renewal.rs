//! Renewal keeps the attempt and gives it a new scene.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Attempt, TestServer};

/// Renews after so many seconds; the new scene.
async fn renew(server: &TestServer, attempt: &mut Attempt, version: i32, after: u64) -> String {
    server.advance(Duration::from_secs(after)).await;
    attempt.browser.refresh(&json!(version), true).await;
    let ticket = attempt.browser.expect("ticket").await;
    assert_eq!(
        (&ticket["attempt"], &ticket["version"]),
        (&attempt.id, &(version + 1).into())
    );
    attempt.browser.scene(&ticket).await
}

#[actix_web::test]
async fn a_renewal_keeps_the_attempt_and_starts_its_time_again() {
    let server = TestServer::start().await;
    let mut attempt = server.pending().await;
    server.advance(Duration::from_secs(110)).await;
    attempt.browser.refresh(&json!(1), true).await;
    let ticket = attempt.browser.expect("ticket").await;
    assert_eq!(ticket["attempt"], attempt.id);
    assert_eq!(
        (&ticket["version"], &ticket["expires_in"]),
        (&2.into(), &120.into())
    );
    assert_ne!(attempt.browser.scene(&ticket).await, attempt.scene);
    attempt.browser.expect_silence().await;
}

#[actix_web::test]
async fn the_scene_before_a_renewal_stays_good_for_120_seconds() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.pending().await;
    renew(&server, &mut attempt, 1, 110).await;
    server.advance(Duration::from_secs(100)).await;
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    assert_eq!(scanned["attempt"], attempt.id);
    assert_eq!(attempt.browser.expect("scanned").await["version"], 3);
}

#[actix_web::test]
async fn at_most_the_two_newest_scenes_are_good() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    // Which of two scenes is the older must not be left to chance.
    for _ in 0..3 {
        let mut attempt = server.pending().await;
        let second = renew(&server, &mut attempt, 1, 10).await;
        let third = renew(&server, &mut attempt, 2, 10).await;
        let fourth = renew(&server, &mut attempt, 3, 10).await;
        for dead in [&attempt.scene, &second] {
            phone
                .scan(dead)
                .await
                .expect_problem(410, "attempt_expired");
        }
        phone.scan(&third).await.expect(200);
        // The claim ends both; for the phone that holds it they name its attempt.
        server
            .phone()
            .await
            .scan(&fourth)
            .await
            .expect_problem(409, "already_scanned");
    }
}

#[actix_web::test]
async fn near_the_attempts_end_too_the_two_newest_scenes_are_good() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.pending().await;
    for version in 1..=8 {
        server.advance(Duration::from_secs(100)).await;
        attempt.browser.refresh(&json!(version), false).await;
        attempt.browser.expect("ticket").await;
    }
    let ninth = renew(&server, &mut attempt, 9, 40).await;
    renew(&server, &mut attempt, 10, 10).await;
    phone.scan(&ninth).await.expect(200);
}

#[actix_web::test]
async fn a_refresh_with_an_old_version_tells_the_state_and_changes_nothing() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.pending().await;
    let mut browser = attempt.browser.tab();
    for version in [0, 7, -1] {
        attempt.browser.refresh(&json!(version), false).await;
        assert_eq!(attempt.browser.expect("ticket").await["version"], 1);
    }
    phone.scan(&attempt.scene).await.expect(200);
    // A renewal that crosses a scan.
    attempt.browser.expect("scanned").await;
    attempt.browser.refresh(&json!(1), false).await;
    assert_eq!(attempt.browser.expect("scanned").await["version"], 2);
    assert_eq!(browser.resume(&attempt.id).await["type"], "scanned");
}

#[actix_web::test]
async fn after_five_silent_renewals_a_tap_is_needed_and_resets_the_count() {
    let server = TestServer::start().await;
    let mut attempt = server.pending().await;
    for round in [0, 6] {
        for version in 1..=5 {
            renew(&server, &mut attempt, round + version, 10).await;
        }
        attempt.browser.refresh(&json!(round + 6), true).await;
        let error = attempt.browser.expect("error").await;
        assert_eq!(
            (&error["code"], &error["retry_in"]),
            (&"tap_needed".into(), &Value::Null)
        );
        attempt.browser.refresh(&json!(round + 6), false).await;
        attempt.browser.expect("ticket").await;
        // A client may send 20 messages in 10 s.
        attempt.browser.drop_socket();
        attempt.browser.resume(&attempt.id).await;
    }
}

#[actix_web::test]
async fn silence_goes_on_counting_from_an_attempt_to_the_next() {
    let server = TestServer::start().await;
    let mut attempt = server.pending().await;
    for _ in 0..5 {
        server.advance(Duration::from_secs(121)).await;
        let end = attempt.browser.expect("expired").await;
        attempt.browser.refresh(&end["version"], true).await;
        attempt.browser.expect("ticket").await;
    }
    server.advance(Duration::from_secs(121)).await;
    let end = attempt.browser.expect("expired").await;
    attempt.browser.refresh(&end["version"], true).await;
    assert_eq!(attempt.browser.expect("error").await["code"], "tap_needed");
}

#[actix_web::test]
async fn on_scanned_silence_changes_nothing_even_after_five_renewals() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.pending().await;
    let mut scene = String::new();
    for version in 1..=5 {
        scene = renew(&server, &mut attempt, version, 10).await;
    }
    phone.scan(&scene).await.expect(200);
    let scanned = attempt.browser.expect("scanned").await;
    attempt.browser.refresh(&scanned["version"], true).await;
    assert_eq!(
        attempt.browser.expect("scanned").await["version"],
        scanned["version"]
    );
}

#[actix_web::test]
async fn on_confirmed_every_refresh_says_login_succeeded_again() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    for silent in [true, false] {
        attempt.browser.refresh(&json!(3), silent).await;
        assert_eq!(
            attempt.browser.expect("login_succeeded").await["version"],
            3
        );
    }
}
