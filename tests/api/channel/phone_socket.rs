//! Whose socket it is, and the calls that it takes.

use std::time::Duration;

use actix_web::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Phone, PhoneSocket, TestServer, phone::CAMERA};

/// Without what differs from one answer to the next.
fn comparable(mut body: Value) -> Value {
    for field in [
        "request_id",
        "nonce",
        "expires_in",
        "requested_at",
        "attempt",
    ] {
        if let Some(value) = body.get_mut(field) {
            *value = "…".into();
        }
    }
    body
}

#[actix_web::test]
async fn a_phone_says_who_it_is_in_the_request_or_in_the_first_frame() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut by_header = phone.try_socket().await.unwrap();
    assert_eq!(by_header.told().await, Vec::<Value>::new());
    drop(by_header);
    let mut by_frame = phone.socket().await;
    assert_eq!(by_frame.told().await, Vec::<Value>::new());
    // Once more is no mistake.
    let auth = json!({"type": "auth", "token": phone.token});
    by_frame.send(auth).await;
    by_frame.expect_silence().await;
}

#[actix_web::test]
async fn a_socket_that_is_nobodys_is_refused_or_closed() {
    let server = TestServer::start_with(&[("SAOMA_HEAD_TIMEOUT", "500ms")]).await;
    let phone = server.phone().await;
    let wrong = "A".repeat(43);
    for token in [wrong.as_str(), "short", ""] {
        let refused = phone.try_socket_with(Some(token)).await.err();
        assert_eq!(refused, Some(StatusCode::UNAUTHORIZED), "{token}");
    }
    for first in [
        json!({"type": "auth", "token": wrong}),
        json!({"type": "auth", "token": 7}),
        json!({"type": "auth"}),
        json!({"type": "scan", "id": "1", "scene": "x", "entry_scene": 1047}),
        json!({"type": "message", "session": "x", "text": "hello"}),
        json!([]),
    ] {
        let mut socket = phone.try_socket_with(None).await.unwrap();
        socket.send(first.clone()).await;
        assert_eq!(socket.expect_close().await, 4009, "{first}");
    }
    // Nor does it stay open when it says nothing.
    let mut silent = phone.try_socket_with(None).await.unwrap();
    let mut known = phone.socket().await;
    assert_eq!(silent.expect_close().await, 4009);
    known.told().await;
}

#[actix_web::test]
async fn the_newest_socket_of_a_phone_session_wins() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut first = phone.socket().await;
    first.told().await;
    let mut second = phone.socket().await;
    second.told().await;
    assert_eq!(first.expect_close().await, 4001);
    drop(first);
    // Another phone session of the same person has its own.
    let mut other = phone.copy();
    other.sign_in().await.expect(200);
    let mut third = other.socket().await;
    third.told().await;
    second.expect_silence().await;
}

#[actix_web::test]
async fn a_phone_session_that_ends_closes_its_socket_with_4009() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut socket = phone.socket().await;
    socket.told().await;
    phone.delete("/api/phone/session").await.expect(204);
    assert_eq!(socket.expect_close().await, 4009);
    // What nobody said is found by the look: its time ran out, its row is gone.
    let phone = server.phone().await;
    let mut socket = phone.socket().await;
    socket.told().await;
    server.advance(Duration::from_secs(31 * 86_400)).await;
    assert_eq!(socket.expect_close().await, 4009);
    let phone = server.phone().await;
    let mut socket = phone.socket().await;
    socket.told().await;
    server.database.execute("delete from phone_sessions").await;
    let reply = socket.call("cancel", json!({"nonce": ""})).await;
    assert_eq!(
        (&reply["status"], &reply["body"]["code"]),
        (&401.into(), &"phone_session_invalid".into())
    );
    server.look_again().await;
    assert_eq!(socket.expect_close().await, 4009);
}

#[actix_web::test]
async fn deleting_the_account_closes_the_socket() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut socket = phone.socket().await;
    socket.told().await;
    phone.delete("/api/phone/account").await.expect(204);
    assert_eq!(socket.expect_close().await, 4009);
}

#[actix_web::test]
async fn until_a_phone_is_known_its_sockets_count_towards_its_address() {
    let server = TestServer::start_with(&[("SAOMA_MAX_SOCKETS_PER_ADDRESS", "2")]).await;
    let phones = [
        server.phone().await,
        server.phone().await,
        server.phone().await,
    ];
    let mut sockets: Vec<PhoneSocket> = Vec::new();
    for phone in &phones {
        // Whoever is known counts as himself.
        let mut socket = phone.socket().await;
        socket.told().await;
        sockets.push(socket);
    }
    let nobody = phones[0].try_socket_with(None).await.unwrap();
    let _nobody_either = phones[0].try_socket_with(None).await.unwrap();
    let refused = phones[0].try_socket_with(None).await.err();
    assert_eq!(refused, Some(StatusCode::TOO_MANY_REQUESTS));
    assert!(phones[0].try_socket().await.is_ok());
    drop(nobody);
}

#[actix_web::test]
async fn a_phone_that_opens_socket_after_socket_waits_for_a_tap() {
    let server = TestServer::start_with(&[("SAOMA_MAX_SCANS_PER_USER", "6")]).await;
    let phone = server.phone().await;
    // Half of what the person may is one phone session's.
    for _ in 0..3 {
        phone.socket().await.told().await;
    }
    assert_eq!(phone.socket().await.expect_close().await, 1008);
    // Nobody else's.
    let other = server.phone().await;
    other.socket().await.told().await;
}

#[actix_web::test]
async fn a_login_over_the_socket_has_the_answers_of_http() {
    let server = TestServer::start().await;
    let (by_http, by_socket) = (
        server.registered_phone("Ming").await,
        server.registered_phone("Mei").await,
    );
    let mut socket = by_socket.socket().await;
    socket.told().await;
    let mut one = server.pending().await;
    let mut other = server.pending().await;
    let fields = |scene: &str| json!({"scene": scene, "entry_scene": CAMERA});

    let expected = by_http.scan(&one.scene).await;
    let scanned = socket.call("scan", fields(&other.scene)).await;
    assert_eq!(scanned["status"], expected.status);
    assert_eq!(
        comparable(scanned["body"].clone()),
        comparable(expected.json())
    );
    assert_eq!(socket.expect("attempt").await["state"], "scanned");
    assert_eq!(socket.expect("browser").await["present"], true);
    one.nonce = expected.json()["nonce"].clone();
    other.nonce = scanned["body"]["nonce"].clone();
    other.browser.expect("scanned").await;

    let expected = by_http.confirm(&one.nonce).await;
    let confirmed = socket.call("confirm", json!({"nonce": other.nonce})).await;
    assert_eq!(
        (&confirmed["status"], &confirmed["body"]),
        (&expected.status.into(), &expected.json())
    );
    assert_eq!(socket.expect("attempt").await["state"], "confirmed");
    other.browser.expect("login_succeeded").await;

    let refused = by_http.refuse(&one.nonce).await;
    let cancelled = socket.call("cancel", json!({"nonce": other.nonce})).await;
    assert_eq!(cancelled["status"], refused.status);
    assert_eq!(cancelled["body"], Value::Null);
    let end = socket.expect("attempt").await;
    assert_eq!(
        (&end["state"], &end["reason"]),
        (&"cancelled".into(), &"by_phone".into())
    );
    other.browser.expect("cancelled").await;
}

#[actix_web::test]
async fn what_http_refuses_the_socket_refuses_in_the_same_words() {
    let server = TestServer::start_with(&[("SAOMA_CHECK", "number")]).await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.pending().await;
    let mut socket = phone.socket().await;
    socket.told().await;
    let scan = json!({"scene": attempt.scene, "entry_scene": CAMERA});
    let scanned = socket.call("scan", scan).await;
    let nonce = &scanned["body"]["nonce"];
    attempt.browser.expect("scanned").await;
    socket.expect("attempt").await;
    socket.expect("browser").await;
    let long = "a".repeat(32);
    for (kind, fields) in [
        ("scan", json!({"scene": long})),
        ("scan", json!({"scene": "short", "entry_scene": CAMERA})),
        ("scan", json!({"scene": long, "entry_scene": CAMERA})),
        ("scan", json!({"scene": 7, "entry_scene": "7"})),
        ("confirm", json!({})),
        ("confirm", json!({"nonce": "x", "number": "07"})),
        ("confirm", json!({"nonce": nonce})),
        ("confirm", json!({"nonce": nonce, "number": 7})),
        ("confirm", json!({"nonce": nonce, "number": "lots"})),
        ("cancel", json!({"nonce": 7})),
    ] {
        let path = format!("/api/phone/{kind}");
        let mut expected = phone.post(&path, fields.clone()).await;
        let mut reply = socket.call(kind, fields.clone()).await;
        // A wrong number costs a try each time.
        if expected.json()["tries_left"] == 2 {
            assert_eq!(reply["body"]["tries_left"], 1);
            reply["body"]["tries_left"] = 2.into();
        }
        assert_eq!(reply["status"], expected.status, "{fields}");
        assert!(expected.status >= 400);
        let body = std::mem::take(&mut expected.bytes);
        let expected: Value = serde_json::from_slice(&body).unwrap();
        assert!(reply["body"]["request_id"].is_string());
        assert_eq!(
            comparable(reply["body"].clone()),
            comparable(expected),
            "{fields}"
        );
    }
}

#[actix_web::test]
async fn whoever_registers_while_his_socket_is_open_confirms_as_himself() {
    let server = TestServer::start().await;
    let phone: Phone = server.phone().await;
    let mut attempt = server.scanned(&phone).await;
    let mut socket = phone.socket().await;
    socket.told().await;
    let confirm = || json!({"nonce": attempt.nonce});
    let answer = socket.call("confirm", confirm()).await;
    assert_eq!(answer["body"]["result"], "not_registered");
    socket.expect("attempt").await;
    phone.register(Some("Ming")).await.expect(201);
    socket.expect("attempt").await;
    let answer = socket.call("confirm", confirm()).await;
    assert_eq!(answer["body"]["result"], "login_succeeded");
    attempt.browser.expect("not_registered").await;
}
