//! A page that comes back reads where its attempt stands, and no other page does.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::TestServer;

#[actix_web::test]
async fn a_reload_in_every_state_gets_the_one_message_that_tells_it() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.pending().await;
    let id = attempt.id.clone();
    let mut tab = attempt.browser.tab();
    tab.resume(&id).await;
    let back = |message: &Value, kind: &str, version: i32| {
        assert_eq!(
            (&message["type"], &message["version"]),
            (&kind.into(), &version.into())
        );
        assert_eq!(message["attempt"], id);
    };
    back(&tab.resume(&id).await, "ticket", 1);
    let nonce = phone.scan(&attempt.scene).await.expect(200)["nonce"].clone();
    back(&tab.resume(&id).await, "scanned", 2);
    phone.confirm(&nonce).await.expect(200);
    back(&tab.resume(&id).await, "not_registered", 3);
    phone.register(None).await.expect(201);
    back(&tab.resume(&id).await, "scanned", 4);
    phone.confirm(&nonce).await.expect(200);
    back(&tab.resume(&id).await, "login_succeeded", 5);
    tab.expect_silence().await;
    attempt.browser.redeem(&id).await.expect(200);
    tab.expect("redeemed").await;
    tab.drop_socket();
    back(&tab.resume(&id).await, "redeemed", 6);
    assert_eq!(tab.expect_close().await, 4002);
}

#[actix_web::test]
async fn a_reload_after_the_end_is_told_the_end_and_a_refresh_starts_anew() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.scanned(&phone).await;
    phone.refuse(&attempt.nonce).await.expect(204);
    attempt.browser.drop_socket();
    let end = attempt.browser.resume(&attempt.id).await;
    assert_eq!(
        (&end["type"], &end["reason"]),
        (&"cancelled".into(), &"by_phone".into())
    );
    attempt.browser.refresh(&end["version"], false).await;
    let ticket = attempt.browser.expect("ticket").await;
    assert_eq!(ticket["version"], 1);
    assert_ne!(ticket["attempt"], attempt.id);
}

#[actix_web::test]
async fn somebody_elses_an_unknown_and_a_malformed_attempt_are_all_unknown() {
    let server = TestServer::start().await;
    let attempt = server.pending().await;
    let mut stranger = server.browser().await;
    for id in [
        attempt.id.clone(),
        json!("7b3ce6a6-1bd4-4c95-8a0f-111111111111"),
        json!("not-an-id"),
        json!("%00"),
    ] {
        let failed = stranger.resume(&id).await;
        assert_eq!(
            (&failed["type"], &failed["version"]),
            (&"failed".into(), &0.into()),
            "{id}"
        );
        assert_eq!(failed["reason"], "attempt_unknown");
        stranger.refresh(&json!(0), true).await;
        let ticket = stranger.expect("ticket").await;
        assert_ne!(ticket["attempt"], attempt.id);
    }
}

#[actix_web::test]
async fn a_browser_that_was_closed_at_the_confirm_logs_in_when_it_returns() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.scanned(&phone).await;
    attempt.browser.drop_socket();
    phone.confirm(&attempt.nonce).await.expect(200);
    let back = attempt.browser.resume(&attempt.id).await;
    assert_eq!(back["type"], "login_succeeded");
    attempt.browser.redeem(&attempt.id).await.expect(200);
}

#[actix_web::test]
async fn a_browser_that_returns_too_late_is_told_so() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    attempt.browser.drop_socket();
    server.advance(Duration::from_secs(61)).await;
    let back = attempt.browser.resume(&attempt.id).await;
    assert_eq!(
        (&back["type"], &back["reason"]),
        (&"expired".into(), &"not_redeemed".into())
    );
    attempt
        .browser
        .redeem(&attempt.id)
        .await
        .expect_problem(410, "attempt_expired");
}

#[actix_web::test]
async fn the_cookie_alone_never_finds_an_attempt() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let attempt = server.confirmed(&phone).await;
    let mut tab = attempt.browser.tab();
    let ticket = tab.open_socket().await;
    assert_ne!(ticket["attempt"], attempt.id);
}

#[actix_web::test]
async fn news_that_got_lost_are_told_at_the_next_look() {
    let server = TestServer::start().await;
    let mut attempt = server.pending().await;
    let id = attempt.id.as_str().unwrap();
    let sql = "update login_attempts set state = 'scanned', version = 2";
    server
        .database
        .execute(&format!("{sql} where id = '{id}'"))
        .await;
    server.look_again().await;
    assert_eq!(attempt.browser.expect("scanned").await["version"], 2);
    server.look_again().await;
    attempt.browser.expect_silence().await;
}
