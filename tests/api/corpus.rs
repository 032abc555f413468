//! What the fuzzer begins with (`fuzz/corpus`), sent to a running server: it answers all of it.

use std::{fs, path::Path};

use saoma::session::frame::Frame;
use serde_json::{Value, json};

use crate::support::{
    RawSocket, TestServer,
    raw::{CLOSE, TEXT, masked},
};

/// The inputs of one target, with their names.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    let inputs: Vec<_> = files
        .map(|file| {
            let name = file.file_name().into_string().unwrap();
            (name, fs::read(file.path()).unwrap())
        })
        .collect();
    assert!(inputs.len() > 10, "{target}");
    inputs
}

#[actix_web::test]
async fn w10_any_message_is_answered_or_closes_its_socket_by_its_code() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    for (name, message) in corpus("socket_message") {
        let mut socket = RawSocket::open(&browser, "/ws/login").await;
        assert_eq!(socket.read().await.unwrap().0, TEXT, "{name}");
        socket.send(&masked(TEXT, &message)).await;
        let (first, answer) = socket.read().await.expect(&name);
        let is_json = serde_json::from_slice::<Value>(&message).is_ok();
        if is_json {
            assert_eq!(first, TEXT, "{name}");
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            assert!(answer["type"].is_string(), "{name}: {answer}");
        } else {
            assert_eq!((first, &answer[..2]), (CLOSE, &b"\x03\xef"[..]), "{name}");
        }
    }
}

#[actix_web::test]
async fn w10_any_scene_is_malformed_or_unknown() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    for (name, scene) in corpus("scene") {
        let scene = String::from_utf8(scene).unwrap();
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let (status, code) = if scene.len() == 32 && scene.chars().all(allowed) {
            (404, "scene_unknown")
        } else {
            (400, "scene_malformed")
        };
        let body = json!({"scene": scene, "entry_scene": 1047});
        let answer = phone.post("/api/phone/scan", body).await;
        println!("{name}: {status}");
        answer.expect_problem(status, code);
    }
}

#[actix_web::test]
async fn w10_any_bytes_on_a_socket_end_by_the_code_of_their_first_mistake() {
    let server = TestServer::start().await;
    let browser = server.browser().await;
    for (name, bytes) in corpus("frames") {
        let mut socket = RawSocket::open(&browser, "/ws/login").await;
        assert_eq!(socket.read().await.unwrap().0, TEXT, "{name}");
        socket.send(&bytes).await;
        let Some(code) = mistake(bytes) else {
            continue;
        };
        assert_eq!(socket.expect_close().await, code, "{name}");
        assert!(socket.read().await.is_none(), "{name}");
    }
}

/// How these bytes end a socket; none if it stays open.
fn mistake(mut bytes: Vec<u8>) -> Option<u16> {
    let mut at = 0;
    loop {
        match Frame::read(&mut bytes[at..]) {
            Ok(None) => return None,
            Ok(Some((Frame::Close, _))) => return Some(1000),
            Ok(Some((Frame::Text(text), _))) if serde_json::from_str::<Value>(text).is_err() => {
                return Some(1007);
            }
            Ok(Some((_, size))) => at += size,
            Err(code) => return Some(code as u16),
        }
    }
}
