//! What a session is good for, and when it ends.

use std::time::Duration;

use saoma::login::tidy;
use serde_json::json;

use crate::support::{Browser, TestServer};

const HOUR: Duration = Duration::from_secs(3600);

async fn is_alive(browser: &Browser) -> bool {
    browser.tab().get("/api/me").await.status == 200
}

#[actix_web::test]
async fn a_session_whose_token_is_not_presented_within_10_minutes_is_dead() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let never_used = server.signed_in(&phone).await;
    let more = "insert into sessions
        select (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(),
            'attempt_id', gen_random_uuid(), 'token_hash', sha256(n::text::bytea)))).*
        from sessions s, generate_series(1, 1200) n";
    server.database.execute(more).await;
    let used = server.signed_in(&phone).await;
    assert!(is_alive(&used).await);
    server.advance(Duration::from_secs(600)).await;
    assert!(!is_alive(&never_used).await);
    assert!(is_alive(&used).await);
    tidy::delete_ended(&server.store).await.unwrap();
    assert_eq!(
        server.database.count("select count(*) from sessions").await,
        1
    );
}

#[actix_web::test]
async fn a_session_ends_after_7_idle_days() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let browser = server.signed_in(&phone).await;
    assert!(is_alive(&browser).await);
    server.advance(HOUR * 24 * 6).await;
    assert!(is_alive(&browser).await);
    server.advance(HOUR * (24 * 7 - 1)).await;
    assert!(is_alive(&browser).await);
    server.advance(HOUR * 24 * 7).await;
    assert!(!is_alive(&browser).await);
}

#[actix_web::test]
async fn a_session_ends_after_30_days_however_busy_it_is() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let browser = server.signed_in(&phone).await;
    for _ in 0..6 {
        assert!(is_alive(&browser).await);
        server.advance(HOUR * 24 * 5).await;
    }
    assert!(!is_alive(&browser).await);
}

#[actix_web::test]
async fn logging_out_ends_the_session_deletes_both_cookies_and_closes_its_sockets_with_4009() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut browser = server.signed_in(&phone).await;
    let mut tab = browser.tab();
    tab.open_session().await;
    tab.expect_silence().await;
    let old = browser.tab();
    let answer = browser.post("/api/logout", json!({})).await;
    answer.expect(204);
    let mut names: Vec<_> = answer
        .cookies()
        .iter()
        .map(|c| c.name().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["saoma_browser", "saoma_session"]);
    assert!(
        answer
            .cookies()
            .iter()
            .all(|cookie| cookie.value().is_empty())
    );
    server.look_again().await;
    assert_eq!(tab.expect_close().await, 4009);
    assert!(!is_alive(&old).await);
    // Once more, without a session: nothing to do.
    browser.post("/api/logout", json!({})).await.expect(204);
}

#[actix_web::test]
async fn one_browsers_logout_leaves_the_other_alone() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut one = server.signed_in(&phone).await;
    let mut other = server.signed_in(&phone).await;
    other.open_session().await;
    other.expect_silence().await;
    one.post("/api/logout", json!({})).await.expect(204);
    server.look_again().await;
    other.expect_silence().await;
    assert!(is_alive(&other).await);
}

#[actix_web::test]
async fn a_session_that_ran_out_closes_its_socket() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut browser = server.signed_in(&phone).await;
    browser.open_session().await;
    browser.expect_silence().await;
    server.advance(HOUR * 24 * 30).await;
    assert_eq!(browser.expect_close().await, 4009);
}

#[actix_web::test]
async fn a_sessions_socket_takes_no_messages_of_a_login() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut browser = server.signed_in(&phone).await;
    browser.open_session().await;
    browser.refresh(&json!(1), false).await;
    assert_eq!(browser.expect("error").await["code"], "unknown_message");
}

#[actix_web::test]
async fn a_token_that_is_wrong_by_one_letter_is_no_session() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut browser = server.signed_in(&phone).await;
    let token = browser.cookies["saoma_session"].clone();
    let flipped = if token.starts_with('a') { "b" } else { "a" };
    for wrong in [
        format!("{flipped}{}", &token[1..]),
        token[1..].to_owned(),
        String::new(),
    ] {
        browser.cookies.insert("saoma_session".to_owned(), wrong);
        browser
            .get("/api/me")
            .await
            .expect_problem(401, "session_missing");
    }
}
