//! A page that comes back reads where its attempt stands, and no other page does.

use serde_json::json;

use crate::support::TestServer;

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
