//! What the phone page's calls become on their way to Saoma, and what of the answers reaches it.

use actix_web::http::Method;
use serde_json::json;

use crate::fake_saoma::{FakeSaoma, RunningSaoma};
use crate::helpers::{Reply, TestSimulator, answer, start, start_with};

const ATTEMPT: &str = "0d4b2a52-5c38-4d3c-9d8e-0d3f0f4f5a11";

fn start_with_saoma() -> (TestSimulator, RunningSaoma) {
    let (sim, saoma) = (start(), FakeSaoma::start());
    sim.state().set_saoma_url(saoma.url.clone());
    (sim, saoma)
}

/// A call as the mini program's logic makes it.
async fn call(sim: &TestSimulator, method: Method, path: &str, body: &str) -> Reply {
    call_in(sim, method, path, body, "en").await
}

async fn call_in(
    sim: &TestSimulator,
    method: Method,
    path: &str,
    body: &str,
    language: &str,
) -> Reply {
    let request = sim
        .http
        .request(method, sim.url(&format!("/phone/saoma{path}")));
    let request = request
        .insert_header(("authorization", "Bearer secret"))
        .insert_header(("accept-language", language))
        .content_type("application/json");
    answer(request, body).await
}

async fn scan(sim: &TestSimulator) -> Reply {
    let body = json!({ "scene": "abc", "entry_scene": 1047 }).to_string();
    call(sim, Method::POST, "/api/phone/scan", &body).await
}

#[actix_web::test]
async fn calls_of_the_phone_api_go_through_as_they_are() {
    let (sim, running) = start_with_saoma();
    scan(&sim).await;
    let poll = format!("/api/phone/attempts/{ATTEMPT}?after_version=3&wait=25");
    call(&sim, Method::GET, &poll, "").await;
    call(&sim, Method::PUT, "/api/phone/me", r#"{"nickname":"Ming"}"#).await;
    call(&sim, Method::DELETE, "/api/phone/account", "").await;
    assert_eq!(
        running.saoma.lines(),
        [
            "POST /api/phone/scan",
            &format!("GET {poll}"),
            "PUT /api/phone/me",
            "DELETE /api/phone/account",
        ]
    );
    let asked = running.saoma.asked();
    assert_eq!(
        asked[0].body,
        json!({ "scene": "abc", "entry_scene": 1047 })
    );
    assert_eq!(asked[2].body, json!({ "nickname": "Ming" }));
    for asked in asked {
        assert_eq!(asked.header("authorization"), Some("Bearer secret"));
        assert_eq!(asked.header("accept-language"), Some("en"));
    }
}

#[actix_web::test]
async fn calls_look_as_if_they_came_from_a_mini_program() {
    let (sim, running) = start_with_saoma();
    let request = sim.http.post(sim.url("/phone/saoma/api/phone/scan"));
    let request = request
        .insert_header(("cookie", "a=b"))
        .insert_header(("origin", "http://localhost:8090"));
    answer(request, "{}").await;
    for asked in running.saoma.asked() {
        let referer = "https://servicewechat.com/wx0123456789abcdef/1/page-frame.html";
        assert_eq!(asked.header("referer"), Some(referer));
        let agent = asked.header("user-agent").unwrap();
        assert!(agent.contains("MicroMessenger"));
        assert_eq!(asked.header("cookie"), None);
        assert_eq!(asked.header("origin"), None);
    }
}

#[actix_web::test]
async fn answers_reach_the_page_as_they_are() {
    let (sim, running) = start_with_saoma();
    let problem = r#"{"code":"slow_down","retry_in":7}"#;
    let headers = vec![
        ("content-type", "application/problem+json"),
        ("retry-after", "7"),
    ];
    running
        .saoma
        .answer_next_with("/api/phone/scan", 429, headers, problem);
    let reply = scan(&sim).await;
    assert_eq!((reply.status, reply.text()), (429, problem));
    assert_eq!(reply.content_type, "application/problem+json");
    assert_eq!(reply.headers.get("retry-after").unwrap(), "7");
    assert_eq!(reply.headers.get("cache-control").unwrap(), "no-store");
    running
        .saoma
        .answer_next_with("/api/phone/cancel", 204, Vec::new(), "");
    let reply = call(&sim, Method::POST, "/api/phone/cancel", "{}").await;
    assert_eq!((reply.status, reply.body.len()), (204, 0));
}

#[actix_web::test]
async fn a_picture_goes_through_as_bytes() {
    let (sim, running) = start_with_saoma();
    let request = sim.http.put(sim.url("/phone/saoma/api/phone/avatar"));
    let picture = "x".repeat(256 * 1024);
    let reply = answer(request.content_type("image/jpeg"), &picture).await;
    assert_eq!(reply.status, 200);
    let asked = running.saoma.asked().pop().unwrap();
    assert_eq!(asked.header("content-type"), Some("image/jpeg"));
    assert_eq!(asked.header("content-length"), Some("262144"));
}

#[actix_web::test]
async fn a_saoma_that_is_away_is_named_in_the_persons_language() {
    let (sim, running) = start_with_saoma();
    running.stop().await;
    let scan =
        async |language| call_in(&sim, Method::POST, "/api/phone/scan", "{}", language).await;
    let english = scan("en-GB").await;
    assert_eq!(english.status, 502);
    assert_eq!(english.content_type, "application/problem+json");
    assert_eq!(english.json()["code"], "saoma_unreachable");
    let detail = |reply: &Reply| reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail(&english).contains("cannot be reached"));
    let chinese = scan("fr, en;q=0.5, zh;q=0.8").await;
    assert!(detail(&chinese).contains("连接不上"));
}

#[actix_web::test]
async fn without_an_address_the_phone_says_what_to_do() {
    let sim = start_with(saoma::simulator::SimulatorSettings::default());
    let reply = scan(&sim).await;
    assert_eq!(
        (reply.status, reply.json()["code"].as_str()),
        (503, Some("saoma_unset"))
    );
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("--saoma-url"));
}

#[actix_web::test]
async fn the_phone_can_be_pointed_at_another_saoma() {
    let (sim, first) = start_with_saoma();
    scan(&sim).await;
    let second = FakeSaoma::start();
    sim.state().set_saoma_url(second.url.clone());
    scan(&sim).await;
    for running in [first, second] {
        assert_eq!(running.saoma.lines(), ["POST /api/phone/scan"]);
    }
}

#[actix_web::test]
async fn nothing_but_the_phone_api_is_reached() {
    let (sim, running) = start_with_saoma();
    for (path, status) in [
        ("/api/me", 404),
        ("/dashboard", 404),
        ("/api/phone/../me", 404),
        ("/api/phone/%2e%2e/me", 400),
        ("/api/phone/..%2fme", 400),
        ("/api/phone//me", 400),
    ] {
        let reply = call(&sim, Method::GET, path, "").await;
        assert!(
            reply.status == status || running.saoma.lines().is_empty() && reply.status >= 400,
            "{path}: {}",
            reply.status
        );
    }
    assert_eq!(running.saoma.lines().len(), 0);
}

#[actix_web::test]
async fn a_new_user_can_log_in_at_once() {
    let sim = start();
    let added = sim
        .post("/phone/users", &json!({ "nickname": " Mei " }))
        .await;
    assert_eq!(added.status, 201);
    assert_eq!(added.json()["nickname"], "Mei");
    let code = sim.login_code(&json!({ "user": added.json()["id"] })).await;
    assert!(sim.exchange(&code).await.json()["openid"].is_string());
    for nickname in ["", "   ", &"x".repeat(33)] {
        let refused = sim
            .post("/phone/users", &json!({ "nickname": nickname }))
            .await;
        assert_eq!(refused.status, 400);
    }
}

/// Without a preflight, browsers let other sites send no such header, and the simulator allows none.
#[actix_web::test]
async fn another_website_cannot_press_confirm() {
    let (sim, running) = start_with_saoma();
    let url = sim.url("/phone/saoma/api/phone/confirm");
    let preflight = sim.http.request(Method::OPTIONS, url);
    let preflight = preflight
        .insert_header(("origin", "https://evil.example"))
        .insert_header(("access-control-request-method", "POST"))
        .insert_header(("access-control-request-headers", "authorization"));
    let reply = answer(preflight, "").await;
    assert!(reply.headers.get("access-control-allow-origin").is_none());
    // What needs no preflight carries no token.
    let request = sim.http.post(sim.url("/phone/saoma/api/phone/confirm"));
    answer(request.content_type("text/plain"), r#"{"nonce":"n"}"#).await;
    let asked = running.saoma.asked();
    assert!(
        asked
            .iter()
            .all(|asked| asked.header("authorization").is_none())
    );
}
