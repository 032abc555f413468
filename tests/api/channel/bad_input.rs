//! What is too long, too much or no text.

use actix_http::ws::Message;
use serde_json::json;

use super::Pair;
use crate::support::TestServer;

#[actix_web::test]
async fn a_text_of_a_thousand_characters_arrives_and_one_more_is_refused() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut pair = Pair::open(&server, &phone).await;
    for character in ["a", "扫", "🎉"] {
        let text = character.repeat(1_000);
        pair.reaches_browser(&text).await;
        pair.reaches_phone(&text).await;
    }
    for text in [
        "a".repeat(1_001),
        "🎉".repeat(1_001),
        String::new(),
        " \n ".to_owned(),
        "bell\u{7}".to_owned(),
        "carriage\r\nreturn".to_owned(),
        "tab\t".to_owned(),
        "\u{1b}[31mred".to_owned(),
        "nul\u{0}".to_owned(),
        "next line\u{85}".to_owned(),
    ] {
        pair.socket.say(&pair.session, &text).await;
        assert_eq!(pair.socket.expect("error").await["code"], "bad_message");
        pair.browser.say(&text).await;
        assert_eq!(pair.browser.expect("error").await["code"], "bad_message");
    }
    pair.browser.expect_silence().await;
}

#[actix_web::test]
async fn what_is_no_message_is_said_and_the_socket_stays() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut pair = Pair::open(&server, &phone).await;
    for (message, code) in [
        (
            json!({"type": "message", "session": pair.session}),
            "bad_message",
        ),
        (
            json!({"type": "message", "session": pair.session, "text": 7}),
            "bad_message",
        ),
        (
            json!({"type": "message", "text": "to nobody"}),
            "bad_message",
        ),
        (
            json!({"type": "message", "session": 7, "text": "x"}),
            "bad_message",
        ),
        (
            json!({"type": "message", "session": "x", "text": "x"}),
            "bad_message",
        ),
        (
            json!({"type": "message", "session": uuid::Uuid::new_v4(), "text": "to nobody"}),
            "peer_absent",
        ),
        (json!({"type": "confirm"}), "bad_message"),
        (json!({"type": "confirm", "id": null}), "bad_message"),
        (json!({"type": "confirm", "id": {"a": 1}}), "bad_message"),
        (
            json!({"type": "refresh", "version": 1, "silent": true}),
            "unknown_message",
        ),
        (json!({"type": "register", "id": "1"}), "unknown_message"),
        (json!({"type": 7}), "bad_message"),
        (json!("message"), "bad_message"),
    ] {
        pair.socket.send(message.clone()).await;
        let error = pair.socket.expect("error").await;
        assert_eq!(error["code"], code, "{message}");
    }
    pair.browser.expect_silence().await;
}

#[actix_web::test]
async fn frames_that_no_socket_takes_close_a_phones_with_the_same_codes() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    for (frame, code) in [
        (Message::Binary("x".into()), 1003),
        (Message::Text("{".into()), 1007),
        (Message::Text("x".repeat(8_193).into()), 1009),
    ] {
        let mut socket = phone.socket().await;
        socket.told().await;
        socket.send_frame(frame).await;
        assert_eq!(socket.expect_close().await, code);
    }
}

#[actix_web::test]
async fn the_twenty_first_message_in_ten_seconds_closes_the_socket_of_either_end() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut pair = Pair::open(&server, &phone).await;
    for number in 0..20 {
        pair.browser.say(&number.to_string()).await;
        pair.socket.expect("message").await;
    }
    // Another tab has the same measure for what is said, and is told how long to wait.
    let mut tab = pair.browser.tab();
    tab.open_session().await;
    tab.say("more").await;
    let error = tab.expect("error").await;
    assert_eq!(error["code"], "slow_down");
    let wait = error["retry_in"].as_i64().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    pair.browser.say("one too many").await;
    assert_eq!(pair.browser.expect_close().await, 1008);
    // The phone has its own: of its twenty, two are not texts.
    for number in 0..18 {
        pair.socket.say(&pair.session, &number.to_string()).await;
        tab.expect("message").await;
    }
    pair.socket.say(&pair.session, "one too many").await;
    assert_eq!(pair.socket.expect_close().await, 1008);
}
