//! How many attempts one browser may have, and how it ends one.

use serde_json::json;

use crate::support::TestServer;

#[actix_web::test]
async fn a_fifth_attempt_of_a_browser_cancels_its_oldest_pending_one() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    // The oldest of all is scanned, so it is not the one that goes.
    let mut first = server.scanned(&phone).await;
    let mut tabs = Vec::new();
    for _ in 0..3 {
        let mut tab = first.browser.tab();
        let ticket = tab.open_socket().await;
        tabs.push((tab, ticket));
    }
    first.browser.expect_silence().await;
    let mut fifth = first.browser.tab();
    fifth.open_socket().await;
    let news = tabs[0].0.expect("cancelled").await;
    assert_eq!(
        (&news["reason"], &news["version"]),
        (&"replaced".into(), &2.into())
    );
    assert_eq!(news["attempt"], tabs[0].1["attempt"]);
    first.browser.expect_silence().await;
    for (tab, _) in &mut tabs[1..] {
        tab.expect_silence().await;
    }
}

#[actix_web::test]
async fn attempts_that_are_over_do_not_count() {
    let server = TestServer::start().await;
    let mut attempt = server.pending().await;
    for _ in 0..6 {
        let mut tab = attempt.browser.tab();
        tab.open_socket().await;
        tab.send(json!({"type": "cancel"})).await;
        tab.expect("cancelled").await;
    }
    attempt.browser.expect_silence().await;
}

#[actix_web::test]
async fn a_browser_cancels_its_attempt_before_and_after_the_scan_but_not_after_the_confirm() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.pending().await;
    attempt.browser.send(json!({"type": "cancel"})).await;
    let end = attempt.browser.expect("cancelled").await;
    assert_eq!(
        (&end["reason"], &end["version"]),
        (&"by_browser".into(), &2.into())
    );
    // Again: the state, and nothing new.
    attempt.browser.send(json!({"type": "cancel"})).await;
    assert_eq!(attempt.browser.expect("cancelled").await["version"], 2);
    phone
        .scan(&attempt.scene)
        .await
        .expect_problem(410, "attempt_cancelled");

    let mut attempt = server.scanned(&phone).await;
    attempt.browser.send(json!({"type": "cancel"})).await;
    attempt.browser.expect("cancelled").await;
    phone
        .confirm(&attempt.nonce)
        .await
        .expect_problem(410, "attempt_cancelled");

    let mut attempt = server.confirmed(&phone).await;
    attempt.browser.send(json!({"type": "cancel"})).await;
    assert_eq!(
        attempt.browser.expect("login_succeeded").await["version"],
        3
    );
}

#[actix_web::test]
async fn a_code_that_nobody_asks_for_yet_changes_nothing() {
    let server = TestServer::start().await;
    let mut attempt = server.pending().await;
    let message = json!({"type": "check_code", "code": "123456"});
    attempt.browser.send(message).await;
    assert_eq!(attempt.browser.expect("ticket").await["version"], 1);
    let path = format!("{}/check", attempt.path());
    let answer = attempt.browser.post(&path, json!({"code": "123456"})).await;
    assert_eq!(answer.expect(200)["type"], "ticket");
}
