//! `/_sim/faults` and `/_sim/stats`.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use awc::http::Method;
use serde_json::{Value, json};

use crate::helpers::{TestSimulator, start};

async fn add(sim: &TestSimulator, fault: Value) {
    let reply = sim.post("/_sim/faults", &fault).await;
    assert_eq!(reply.status, 204, "{:?}", reply.body);
}

async fn stats(sim: &TestSimulator, path: &str) -> Value {
    sim.get("/_sim/stats").await.json()[path].clone()
}

/// Sends a request over a bare socket and tells how the connection ends.
async fn ask_bare(sim: &TestSimulator) -> std::io::Result<Vec<u8>> {
    let address = sim.simulator.url().socket_addrs(|| None).unwrap()[0];
    actix_web::web::block(move || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.write_all(b"GET /cgi-bin/token HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map(|_| answer)
    })
    .await
    .unwrap()
}

#[actix_web::test]
async fn an_error_is_answered_as_often_as_asked_in_the_familys_spelling() {
    let sim = start();
    add(
        &sim,
        json!({ "path": "/sns/jscode2session", "mode": "error", "errcode": -1, "count": 2 }),
    )
    .await;
    for _ in 0..2 {
        let reply = sim.exchange("x").await;
        assert_eq!(reply.errcode(), -1);
        assert!(
            reply.errmsg().starts_with("system error, rid: "),
            "{}",
            reply.errmsg()
        );
    }
    assert_eq!(sim.exchange("x").await.errcode(), 40029);
}

#[actix_web::test]
async fn faults_of_one_path_play_in_order() {
    let sim = start();
    let path = "/wxa/getwxacodeunlimit";
    for errcode in [48001, 45009] {
        add(
            &sim,
            json!({ "path": path, "mode": "error", "errcode": errcode, "count": 1 }),
        )
        .await;
    }
    assert_eq!(sim.errcode_with_token("x").await, 48001);
    assert_eq!(sim.errcode_with_token("x").await, 45009);
    assert_eq!(sim.errcode_with_token("x").await, 40001);
}

#[actix_web::test]
async fn a_star_means_all_of_wechat_and_not_the_controls() {
    let sim = start();
    add(&sim, json!({ "path": "*", "mode": "error" })).await;
    assert_eq!(sim.plain_token().await.errcode(), -1);
    assert_eq!(sim.exchange("x").await.errcode(), -1);
    assert_eq!(
        sim.send(Method::DELETE, "/_sim/faults", "").await.status,
        204
    );
    assert_eq!(sim.plain_token().await.expires_in(), 7200);
}

#[actix_web::test]
async fn a_fault_with_a_probability_meets_some_requests() {
    let sim = start();
    add(
        &sim,
        json!({ "path": "*", "mode": "error", "probability": 0.0 }),
    )
    .await;
    sim.plain_token().await.token();
    add(
        &sim,
        json!({ "path": "*", "mode": "error", "probability": 1.0 }),
    )
    .await;
    assert_eq!(sim.plain_token().await.errcode(), -1);
}

#[actix_web::test]
async fn a_reset_connection_ends_without_an_answer() {
    let sim = start();
    add(&sim, json!({ "path": "*", "mode": "reset" })).await;
    let error = ask_bare(&sim)
        .await
        .expect_err("no answer and no orderly end");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[actix_web::test]
async fn a_hanging_endpoint_hangs_up_in_the_end() {
    let sim = start();
    add(&sim, json!({ "path": "*", "mode": "hang", "delay_ms": 5 })).await;
    assert!(ask_bare(&sim).await.is_err());
}

#[actix_web::test]
async fn a_hanging_request_ends_when_faults_are_cleared() {
    let sim = start();
    add(&sim, json!({ "path": "*", "mode": "hang" })).await;
    let (state, began) = (sim.state().clone(), Instant::now());
    let clearing = async {
        while state.stats()["/cgi-bin/token"].errors == 0 {
            tokio::task::yield_now().await;
        }
        // The request counts before it waits, so the faults are cleared until it has heard.
        loop {
            state.clear_faults();
            actix_web::rt::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let answer = tokio::select! { answer = ask_bare(&sim) => answer, () = clearing => panic!() };
    assert!(answer.is_err());
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[actix_web::test]
async fn a_slow_endpoint_answers_properly() {
    let sim = start();
    add(
        &sim,
        json!({ "path": "*", "mode": "slow", "delay_ms": 60, "count": 1 }),
    )
    .await;
    let began = Instant::now();
    assert_eq!(sim.plain_token().await.expires_in(), 7200);
    assert!(began.elapsed() >= Duration::from_millis(60));
    assert_eq!(stats(&sim, "/cgi-bin/token").await["errors"], 0);
}

#[actix_web::test]
async fn garbage_is_a_page_with_status_200() {
    let sim = start();
    add(&sim, json!({ "path": "/cgi-bin/token", "mode": "garbage" })).await;
    let reply = sim.plain_token().await;
    assert_eq!(reply.status, 200);
    assert!(reply.content_type.starts_with("text/html"));
    assert!(reply.text().starts_with("<!doctype html>"));
}

#[actix_web::test]
async fn a_truncated_answer_is_the_first_half_of_a_good_one() {
    let sim = start();
    add(
        &sim,
        json!({ "path": "/cgi-bin/token", "mode": "truncated", "count": 1 }),
    )
    .await;
    let half = sim.plain_token().await;
    assert_eq!(half.status, 200);
    assert!(half.content_type.starts_with("application/json"));
    assert!(half.text().starts_with('{'));
    assert!(serde_json::from_str::<Value>(half.text()).is_err());
    sim.plain_token().await.token();
}

#[actix_web::test]
async fn a_fault_that_makes_no_sense_is_refused_with_a_sentence() {
    let sim = start();
    for fault in [
        json!({ "mode": "hang" }),
        json!({ "path": "*", "mode": "explode" }),
        json!({ "path": "nowhere", "mode": "hang" }),
        json!({ "path": "/_sim/stats", "mode": "hang" }),
        json!({ "path": "*", "mode": "hang", "probability": 1.5 }),
        json!({ "path": "*", "mode": "hang", "count": 0 }),
    ] {
        let reply = sim.post("/_sim/faults", &fault).await;
        assert_eq!(reply.status, 400, "{fault}");
        assert!(reply.json()["error"].as_str().unwrap().len() > 10);
    }
}

#[actix_web::test]
async fn calls_errors_and_images_are_counted_by_path() {
    let sim = start();
    let path = "/wxa/getwxacodeunlimit";
    assert_eq!(
        stats(&sim, path).await,
        json!({ "calls": 0, "errors": 0, "images": 0 })
    );
    sim.code_image(&json!({ "scene": "abc" })).await;
    sim.code_image(&json!({ "scene": "abc" })).await;
    sim.code_image(&json!({ "scene": "" })).await;
    assert_eq!(
        stats(&sim, path).await,
        json!({ "calls": 3, "errors": 1, "images": 2 })
    );
    assert_eq!(stats(&sim, "/cgi-bin/stable_token").await["calls"], 3);
    assert_eq!(stats(&sim, "/cgi-bin/token").await["calls"], 0);
}
