//! What a phone hears of the attempt that it holds, and of its page.

use std::time::Duration;

use serde_json::{Value, json};

use super::followed;
use crate::{
    fallback::{begin, poll},
    support::TestServer,
};

#[actix_web::test]
async fn on_opening_and_on_every_change_a_phone_hears_of_its_newest_open_attempt() {
    let server = TestServer::start_with(&[("SAOMA_CHECK", "code")]).await;
    let phone = server.registered_phone("Ming").await;
    let older = server.scanned(&phone).await;
    let (mut attempt, mut socket) = followed(&server, &phone).await;
    let confirmed = phone.confirm(&attempt.nonce).await.expect(200);
    let news = socket.expect("attempt").await;
    assert_eq!(
        news,
        json!({"type": "attempt", "attempt": attempt.id, "version": 3, "state": "approved",
            "reason": null})
    );
    attempt.browser.expect("code_needed").await;
    let code = json!({"type": "check_code", "code": confirmed["check_code"]});
    attempt.browser.send(code).await;
    let news = socket.expect("attempt").await;
    assert_eq!(
        (&news["state"], &news["version"]),
        (&"confirmed".into(), &4.into())
    );
    attempt.browser.redeem(&attempt.id).await.expect(200);
    let end = socket.expect("attempt").await;
    assert_eq!(
        (&end["state"], &end["attempt"]),
        (&"redeemed".into(), &attempt.id)
    );
    // Now the one before it is the newest that is open.
    let next = socket.expect("attempt").await;
    assert_eq!(
        (&next["state"], &next["attempt"]),
        (&"scanned".into(), &older.id)
    );
}

#[actix_web::test]
async fn a_scan_by_http_reaches_the_persons_open_socket() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut socket = phone.socket().await;
    assert_eq!(socket.told().await, Vec::<Value>::new());
    let attempt = server.scanned(&phone).await;
    assert_eq!(socket.expect("attempt").await["attempt"], attempt.id);
    assert_eq!(
        socket.expect("browser").await,
        json!({"type": "browser", "attempt": attempt.id, "present": true})
    );
    // Nobody else's.
    let other = server.phone().await;
    server.scanned(&other).await;
    socket.expect_silence().await;
}

#[actix_web::test]
async fn ends_that_nobody_says_are_told_by_the_look() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (_attempt, mut socket) = followed(&server, &phone).await;
    server.advance(Duration::from_secs(61)).await;
    let end = socket.expect("attempt").await;
    assert_eq!(
        (&end["state"], &end["reason"]),
        (&"expired".into(), &"not_confirmed".into())
    );
    let mut attempt = server.scanned(&phone).await;
    socket.expect("attempt").await;
    socket.expect("browser").await;
    attempt.browser.send(json!({"type": "cancel"})).await;
    let end = socket.expect("attempt").await;
    assert_eq!(
        (&end["state"], &end["reason"]),
        (&"cancelled".into(), &"by_browser".into())
    );
    server.scanned(&phone).await;
    socket.expect("attempt").await;
    socket.expect("browser").await;
    server.database.execute("delete from login_attempts").await;
    server.look_again().await;
    assert_eq!(socket.expect("attempt").await["reason"], "attempt_lost");
}

#[actix_web::test]
async fn a_page_that_is_shut_is_missed_and_one_that_comes_back_is_there_again() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut socket) = followed(&server, &phone).await;
    attempt.browser.drop_socket();
    let gone = socket.expect("browser").await;
    assert_eq!(
        gone,
        json!({"type": "browser", "attempt": attempt.id, "present": false})
    );
    assert_eq!(attempt.browser.resume(&attempt.id).await["type"], "scanned");
    assert_eq!(socket.expect("browser").await["present"], true);
    // Between scan and confirm it goes once more: the confirm holds all the same.
    attempt.browser.drop_socket();
    assert_eq!(socket.expect("browser").await["present"], false);
    let answer = socket
        .call("confirm", json!({"nonce": attempt.nonce}))
        .await;
    assert_eq!(answer["body"]["result"], "login_succeeded");
    assert_eq!(
        attempt.browser.resume(&attempt.id).await["type"],
        "login_succeeded"
    );
}

#[actix_web::test]
async fn a_page_that_reloads_is_not_missed() {
    let server = TestServer::start_with(&[("SAOMA_ABSENT_AFTER", "6s")]).await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, mut socket) = followed(&server, &phone).await;
    for _ in 0..3 {
        attempt.browser.drop_socket();
        // The hub sweeps every quarter of a second.
        tokio::time::sleep(Duration::from_millis(300)).await;
        attempt.browser.resume(&attempt.id).await;
    }
    socket.expect_silence().await;
}

#[actix_web::test]
async fn a_page_without_a_socket_is_there_while_it_polls() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (attempt, _) = begin(server.browser().await, json!({})).await;
    let waiting = poll(&attempt, "after_version=1&wait=25");
    let scan = async { phone.scan(&attempt.scene).await.expect(200) };
    tokio::join!(waiting, scan);
    let mut socket = phone.socket().await;
    let waiting = poll(&attempt, "after_version=2&wait=25");
    let watching = async {
        socket.expect("attempt").await;
        assert_eq!(socket.expect("browser").await["present"], true);
    };
    tokio::select! {
        _ = waiting => panic!("nothing has changed"),
        () = watching => {}
    }
}
