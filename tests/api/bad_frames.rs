//! Frames that no login page sends: each has its answer or its close code.

use serde_json::{Value, json};

use crate::support::{
    RawSocket, TestServer,
    raw::{BINARY, CLOSE, PING, PONG, TEXT, masked},
};

/// How a socket is closed after these bytes.
async fn close_after(bytes: &[u8]) -> u16 {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    let mut socket = RawSocket::open(&browser, "/ws/login").await;
    assert_eq!(socket.read().await.unwrap().0, TEXT);
    socket.send(bytes).await;
    socket.expect_close().await
}

#[actix_web::test]
async fn w4_after_a_close_the_connection_ends() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    let mut socket = RawSocket::open(&browser, "/ws/login").await;
    socket.send(&masked(BINARY, b"{}")).await;
    socket.expect_close().await;
    assert!(socket.read().await.is_none());
}

#[actix_web::test]
async fn w4_a_fragment_is_closed_with_1002() {
    assert_eq!(close_after(&masked(0x01, br#"{"type":"#)).await, 1002);
}

#[actix_web::test]
async fn w4_an_unmasked_frame_is_closed_with_1002() {
    assert_eq!(close_after(b"\x81\x02{}").await, 1002);
}

#[actix_web::test]
async fn w4_a_reserved_opcode_is_closed_with_1002() {
    assert_eq!(close_after(&masked(0x83, b"{}")).await, 1002);
}

#[actix_web::test]
async fn w4_reserved_bits_are_closed_with_1002() {
    for bits in [0x10, 0x20, 0x40] {
        assert_eq!(close_after(&masked(TEXT | bits, b"{}")).await, 1002);
    }
}

#[actix_web::test]
async fn w4_a_binary_frame_is_closed_with_1003() {
    assert_eq!(close_after(&masked(BINARY, b"{}")).await, 1003);
}

#[actix_web::test]
async fn w4_a_text_that_is_not_utf8_is_closed_with_1007() {
    assert_eq!(
        close_after(&masked(TEXT, b"{\"type\":\"\xff\"}")).await,
        1007
    );
}

#[actix_web::test]
async fn w4_a_text_that_is_not_json_is_closed_with_1007() {
    assert_eq!(close_after(&masked(TEXT, b"hello")).await, 1007);
}

#[actix_web::test]
async fn w4_a_frame_above_8_kib_is_closed_with_1009() {
    let text = format!(r#"{{"type":"cancel","more":"{}"}}"#, "a".repeat(8 * 1024));
    assert_eq!(close_after(&masked(TEXT, text.as_bytes())).await, 1009);
}

#[actix_web::test]
async fn w6_a_21st_message_in_10_seconds_is_closed_with_1008() {
    let flood: Vec<u8> = (0..21)
        .flat_map(|_| masked(TEXT, br#"{"type":"dance"}"#))
        .collect();
    assert_eq!(close_after(&flood).await, 1008);
}

#[actix_web::test]
async fn w6_a_21st_ping_or_unasked_pong_in_10_seconds_is_closed_with_1008() {
    let flood: Vec<u8> = (0..21)
        .flat_map(|at| masked(if at % 2 == 0 { PING } else { PONG }, b"?"))
        .collect();
    assert_eq!(close_after(&flood).await, 1008);
}

#[actix_web::test]
async fn w6_a_flood_ends_its_own_socket_and_no_other() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Li").await;
    let mut attempt = server.pending().await;
    let browser = server.browser().await;
    let mut floods = Vec::new();
    for _ in 0..20 {
        let mut socket = RawSocket::open(&browser, "/ws/login").await;
        socket
            .send(&masked(TEXT, br#"{"type":"dance"}"#).repeat(1000))
            .await;
        floods.push(socket);
    }
    phone.scan(&attempt.scene).await.expect(200);
    attempt.browser.expect("scanned").await;
    for mut socket in floods {
        assert_eq!(socket.expect_close().await, 1008);
    }
}

#[actix_web::test]
async fn w4_a_control_frame_above_125_bytes_is_closed_with_1002() {
    assert_eq!(close_after(&masked(PING, &[b'a'; 126])).await, 1002);
}

#[actix_web::test]
async fn w4_a_frame_that_claims_to_be_huge_is_closed_before_it_comes() {
    let mut frame = vec![TEXT, 0xff];
    frame.extend(u64::to_be_bytes(1 << 40));
    frame.extend([0; 4]);
    assert_eq!(close_after(&frame).await, 1009);
}

#[actix_web::test]
async fn a_close_is_answered_with_1000() {
    assert_eq!(
        close_after(&masked(CLOSE, &1001_u16.to_be_bytes())).await,
        1000
    );
}

#[actix_web::test]
async fn twenty_messages_at_once_are_all_answered() {
    let server = TestServer::start().await;
    let mut attempt = server.pending().await;
    for _ in 0..20 {
        attempt.browser.refresh(&json!(0), true).await;
    }
    for _ in 0..20 {
        assert_eq!(attempt.browser.expect("ticket").await["version"], 1);
    }
}

#[actix_web::test]
async fn the_largest_frame_is_read_and_unknown_fields_are_ignored() {
    let server = TestServer::start().await;
    let mut attempt = server.pending().await;
    let more = "a".repeat(8 * 1024 - 60);
    attempt
        .browser
        .send(json!({"type": "cancel", "more": more}))
        .await;
    attempt.browser.expect("cancelled").await;
}

#[actix_web::test]
async fn a_message_without_its_fields_is_a_bad_message_and_loses_nothing() {
    let server = TestServer::start().await;
    let mut attempt = server.pending().await;
    for message in [
        json!([]),
        json!("cancel"),
        json!(null),
        json!({}),
        json!({"type": 7}),
        json!({"type": "refresh"}),
        json!({"type": "refresh", "version": "1", "silent": false}),
        json!({"type": "refresh", "version": 1, "silent": "no"}),
        json!({"type": "refresh", "version": 1.5, "silent": true}),
        json!({"type": "check_code", "code": 123_456}),
    ] {
        attempt.browser.send(message.clone()).await;
        let error = attempt.browser.expect("error").await;
        assert_eq!(error["code"], "bad_message", "{message}");
        assert_eq!(error["retry_in"], Value::Null);
    }
    attempt.browser.refresh(&json!(0), true).await;
    assert_eq!(attempt.browser.expect("ticket").await["version"], 1);
}

#[actix_web::test]
async fn a_ping_is_answered_with_its_own_bytes() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    let mut socket = RawSocket::open(&browser, "/ws/login").await;
    socket.read().await.unwrap();
    socket.send(&masked(PING, b"there?")).await;
    assert_eq!(socket.read().await.unwrap(), (PONG, b"there?".to_vec()));
}

#[actix_web::test]
async fn w8_a_socket_that_misses_two_pings_is_dropped_and_one_that_answers_stays() {
    let server = TestServer::start_with(&[("SAOMA_PING_INTERVAL", "300ms")]).await;
    let browser = server.browser().await;
    let mut silent = RawSocket::open(&browser, "/ws/login").await;
    let mut lively = RawSocket::open(&browser, "/ws/login").await;
    let mut pings = 0;
    while pings < 5 {
        // Their tickets come before or after the first.
        if lively.read().await.unwrap().0 == PING {
            lively.send(&masked(PONG, b"")).await;
            pings += 1;
        }
    }
    let mut pings = 0;
    while let Some((first, _)) = silent.read().await {
        pings += u32::from(first == PING);
    }
    assert_eq!(pings, 2);
}
