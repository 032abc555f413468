//! One session and the phone session that confirmed it.

use std::time::Duration;

use actix_web::http::Method;
use serde_json::{Value, json};

use super::Pair;
use crate::{
    security::redeem::dump,
    support::{TestServer, canaries},
};

#[actix_web::test]
async fn browser_and_phone_talk_both_ways_and_nothing_of_it_is_kept() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut pair = Pair::open(&server, &phone).await;
    let text = "看这里 <b>bold</b> https://example.com/?a=1&b=2\n— 一二三 🎉";
    let secret = "what one says to the other is nobody else's";
    canaries::met(secret);
    let heard = pair.reaches_browser(text).await;
    let fields: Vec<_> = heard.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["from", "sent_at", "session", "text", "type"]);
    assert_eq!(
        (&heard["from"], &heard["session"]),
        (&"phone".into(), &pair.session)
    );
    let sent_at = heard["sent_at"].as_str().unwrap();
    assert!(sent_at.ends_with('Z') && sent_at.len() == 24, "{sent_at}");
    let heard = pair.reaches_phone(text).await;
    assert_eq!(
        (&heard["from"], &heard["session"]),
        (&"browser".into(), &pair.session)
    );
    pair.reaches_browser(secret).await;
    pair.reaches_phone(secret).await;
    // In their order.
    for number in 0..5 {
        pair.browser.say(&number.to_string()).await;
    }
    for number in 0..5 {
        let heard = pair.socket.expect("message").await;
        assert_eq!(heard["text"], number.to_string());
    }
    let kept = dump(&server).await;
    assert!(!kept.iter().any(|value| value.contains(secret)));
}

#[actix_web::test]
async fn before_the_redeem_no_text_of_one_side_reaches_the_other() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.scanned(&phone).await;
    let mut socket = phone.socket().await;
    socket.told().await;
    for state in ["scanned", "confirmed"] {
        attempt.browser.say("the number is 07").await;
        assert_eq!(
            attempt.browser.expect("error").await["code"],
            "unknown_message"
        );
        socket.say(&attempt.id, "the number is 07").await;
        assert_eq!(socket.expect("error").await["code"], "peer_absent");
        if state == "scanned" {
            phone.confirm(&attempt.nonce).await.expect(200);
            attempt.browser.expect("login_succeeded").await;
            socket.expect("attempt").await;
        }
    }
    attempt.browser.expect_silence().await;
    socket.expect_silence().await;
    // From the redeem on there is a pair.
    attempt.browser.redeem(&attempt.id).await.expect(200);
    assert_eq!(socket.expect("attempt").await["state"], "redeemed");
    let peer = socket.expect("peer").await;
    assert_eq!(peer["present"], false);
    let mut dashboard = attempt.browser.tab();
    assert_eq!(dashboard.open_session().await["present"], true);
    assert_eq!(socket.expect("peer").await["present"], true);
    dashboard.say("now").await;
    assert_eq!(socket.expect("message").await["text"], "now");
}

#[actix_web::test]
async fn only_the_phone_session_that_confirmed_is_the_other_end() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut pair = Pair::open(&server, &phone).await;
    let mut second = phone.copy();
    second.sign_in().await.expect(200);
    let stranger = server.registered_phone("Hong").await;
    for other in [&second, &stranger] {
        let mut socket = other.socket().await;
        assert_eq!(socket.told().await, Vec::<Value>::new());
        socket.say(&pair.session, "hello").await;
        assert_eq!(socket.expect("error").await["code"], "peer_absent");
        pair.browser.say("for my phone").await;
        let heard = pair.socket.expect("message").await;
        assert_eq!(heard["text"], "for my phone");
        socket.expect_silence().await;
    }
    pair.browser.expect_silence().await;
    // A browser cannot name another session.
    let message = json!({"type": "message", "session": pair.session, "text": "mine"});
    let mut other = Pair::open(&server, &stranger).await;
    other.browser.send(message).await;
    let heard = other.socket.expect("message").await;
    assert_eq!(heard["session"], other.session);
    pair.socket.expect_silence().await;
}

#[actix_web::test]
async fn each_end_hears_when_the_other_comes_and_goes() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut pair = Pair::open(&server, &phone).await;
    pair.browser.drop_socket();
    let gone = pair.socket.expect("peer").await;
    assert_eq!(
        gone,
        json!({"type": "peer", "session": pair.session, "present": false})
    );
    pair.socket.say(&pair.session, "anybody there?").await;
    assert_eq!(pair.socket.expect("error").await["code"], "peer_absent");
    assert_eq!(pair.browser.open_session().await["present"], true);
    assert_eq!(pair.socket.expect("peer").await["present"], true);
    pair.socket.drop_socket();
    assert_eq!(pair.browser.expect("peer").await["present"], false);
    pair.browser.say("anybody there?").await;
    assert_eq!(pair.browser.expect("error").await["code"], "peer_absent");
}

#[actix_web::test]
async fn all_tabs_of_a_session_hear_the_phone_and_one_of_them_may_go() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut pair = Pair::open(&server, &phone).await;
    let mut tab = pair.browser.tab();
    assert_eq!(tab.open_session().await["present"], true);
    pair.reaches_browser("to both").await;
    assert_eq!(tab.expect("message").await["text"], "to both");
    pair.browser.drop_socket();
    pair.socket.say(&pair.session, "to the other").await;
    assert_eq!(tab.expect("message").await["text"], "to the other");
    pair.socket.expect_silence().await;
}

#[actix_web::test]
async fn ending_the_session_ends_the_pair() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut pair = Pair::open(&server, &phone).await;
    let id = pair.session.as_str().unwrap();
    phone
        .delete(&format!("/api/phone/sessions/{id}"))
        .await
        .expect(204);
    assert_eq!(pair.browser.expect_close().await, 4009);
    assert_eq!(pair.socket.expect("peer").await["present"], false);
    pair.socket.say(&pair.session, "too late").await;
    assert_eq!(pair.socket.expect("error").await["code"], "peer_absent");
    server.look_again().await;
    pair.socket.expect_silence().await;
}

#[actix_web::test]
async fn a_session_that_the_look_finds_ended_ends_the_pair() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut pair = Pair::open(&server, &phone).await;
    server
        .database
        .execute("update users set blocked_at = saoma_now()")
        .await;
    server.look_again().await;
    assert_eq!(pair.browser.expect_close().await, 4009);
    assert_eq!(pair.socket.expect("peer").await["present"], false);
    pair.socket.say(&pair.session, "too late").await;
    assert_eq!(pair.socket.expect("error").await["code"], "peer_absent");
}

#[actix_web::test]
async fn a_phone_session_that_ends_ends_its_pairs() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut pair = Pair::open(&server, &phone).await;
    phone.delete("/api/phone/session").await.expect(204);
    assert_eq!(pair.socket.expect_close().await, 4009);
    assert_eq!(pair.browser.expect("peer").await["present"], false);
    pair.browser.say("anybody there?").await;
    assert_eq!(pair.browser.expect("error").await["code"], "peer_absent");
    // The session itself goes on.
    pair.browser
        .request(Method::GET, "/api/me", None)
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_session_that_an_older_version_made_has_no_other_end() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut browser = server.signed_in(&phone).await;
    let older = "update sessions set phone_session_id = null";
    server.database.execute(older).await;
    let peer = browser.open_session().await;
    let mut socket = phone.socket().await;
    assert_eq!(socket.told().await, Vec::<Value>::new());
    browser.say("hello").await;
    assert_eq!(browser.expect("error").await["code"], "peer_absent");
    socket.say(&peer["session"], "hello").await;
    assert_eq!(socket.expect("error").await["code"], "peer_absent");
}

#[actix_web::test]
async fn a_pair_outlives_its_sockets_and_a_server_that_starts_again() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut pair = Pair::open(&server, &phone).await;
    server.stop().await;
    let again = server.beside(&[]).await;
    let mut phone = phone.copy();
    phone.url.clone_from(&again.url);
    pair.browser.url.clone_from(&again.url);
    pair.browser.open_session().await;
    let mut socket = phone.socket().await;
    let told = tokio::time::timeout(Duration::from_secs(10), socket.expect("peer")).await;
    assert_eq!(told.unwrap()["session"], pair.session);
    assert_eq!(pair.browser.expect("peer").await["present"], true);
    pair.socket = socket;
    pair.reaches_browser("back again").await;
    pair.reaches_phone("so am I").await;
}
