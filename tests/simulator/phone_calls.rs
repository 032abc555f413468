//! What the phone's server side asks of Saoma, and what of the answers reaches the page.

use serde_json::{Value, json};

use crate::fake_saoma::{FakeSaoma, RunningSaoma};
use crate::helpers::{Reply, TestSimulator, answer, start, start_with};

const ATTEMPT: &str = "0d4b2a52-5c38-4d3c-9d8e-0d3f0f4f5a11";

fn start_with_saoma() -> (TestSimulator, RunningSaoma) {
    let (sim, saoma) = (start(), FakeSaoma::start());
    sim.state().set_saoma_url(saoma.url.clone());
    (sim, saoma)
}

async fn scan(sim: &TestSimulator, user: &str) -> Reply {
    let body = json!({ "user": user, "scene": "abc", "entry_scene": 1047 });
    sim.post("/phone/scan", &body).await
}

/// Says the same in the page's language.
async fn scan_in(sim: &TestSimulator, language: &str) -> Reply {
    let body = json!({ "user": "alex", "scene": "abc", "entry_scene": 1047 });
    let request = sim.http.post(sim.url("/phone/scan"));
    let request = request.insert_header(("Accept-Language", language));
    answer(request.content_type("application/json"), &body.to_string()).await
}

#[actix_web::test]
async fn a_login_goes_through_the_phone_api_in_order() {
    let (sim, running) = start_with_saoma();
    scan(&sim, "alex").await;
    let with = |more: Value| {
        let mut body = json!({ "user": "alex" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    sim.post(
        "/phone/confirm",
        &with(json!({ "nonce": "n", "number": "07" })),
    )
    .await;
    sim.post("/phone/register", &with(json!({ "nickname": "Alex" })))
        .await;
    sim.post("/phone/confirm", &with(json!({ "nonce": "n" })))
        .await;
    sim.get(&format!(
        "/phone/attempt?user=alex&attempt={ATTEMPT}&after_version=3"
    ))
    .await;
    sim.get(&format!("/phone/attempt?user=alex&attempt={ATTEMPT}"))
        .await;
    sim.post("/phone/cancel", &with(json!({ "nonce": "n" })))
        .await;
    assert_eq!(
        running.saoma.lines(),
        [
            "POST /api/phone/session",
            "POST /api/phone/scan",
            "POST /api/phone/confirm",
            "POST /api/phone/register",
            "POST /api/phone/confirm",
            &format!("GET /api/phone/attempts/{ATTEMPT}?wait=25&after_version=3"),
            &format!("GET /api/phone/attempts/{ATTEMPT}?wait=25"),
            "POST /api/phone/cancel",
        ]
    );
    let asked = running.saoma.asked();
    assert_eq!(
        asked[1].body,
        json!({ "scene": "abc", "entry_scene": 1047 })
    );
    assert_eq!(asked[2].body, json!({ "nonce": "n", "number": "07" }));
    assert_eq!(asked[3].body, json!({ "nickname": "Alex" }));
    assert_eq!(asked[4].body, json!({ "nonce": "n", "number": null }));
    assert_eq!(asked[7].body, json!({ "nonce": "n" }));
}

#[actix_web::test]
async fn a_session_is_opened_with_what_wx_login_gives_that_user() {
    let (sim, running) = start_with_saoma();
    scan(&sim, "robin").await;
    let asked = running.saoma.asked();
    assert_eq!(asked[0].header("authorization"), None);
    let code = asked[0].body["code"].as_str().unwrap();
    let robin = sim
        .state()
        .users()
        .into_iter()
        .find(|user| user.id == "robin")
        .unwrap();
    let session = sim.exchange(code).await.json();
    assert_eq!(session["openid"], robin.openid);
    assert_eq!(session["unionid"].as_str(), robin.unionid.as_deref());
}

#[actix_web::test]
async fn each_user_has_a_token_and_keeps_it() {
    let (sim, running) = start_with_saoma();
    for user in ["alex", "robin", "alex"] {
        scan(&sim, user).await;
    }
    let tokens: Vec<_> = running
        .saoma
        .asked()
        .iter()
        .filter_map(|asked| asked.header("authorization").map(str::to_owned))
        .collect();
    assert_eq!(
        tokens,
        ["Bearer token-1", "Bearer token-2", "Bearer token-1"]
    );
}

#[actix_web::test]
async fn a_session_that_has_ended_is_renewed_once() {
    let (sim, running) = start_with_saoma();
    scan(&sim, "alex").await;
    let ended = json!({ "code": "phone_session_invalid" });
    running.saoma.answer_next("/api/phone/scan", 401, &ended);
    assert_eq!(scan(&sim, "alex").await.status, 200);
    let last = running.saoma.asked().pop().unwrap();
    assert_eq!(last.header("authorization"), Some("Bearer token-2"));
    running.saoma.answer_next("/api/phone/scan", 401, &ended);
    running.saoma.answer_next("/api/phone/scan", 401, &ended);
    let refused = scan(&sim, "alex").await;
    assert_eq!((refused.status, refused.json()), (401, ended));
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
    let reply = scan(&sim, "alex").await;
    assert_eq!((reply.status, reply.text()), (429, problem));
    assert_eq!(reply.content_type, "application/problem+json");
    assert_eq!(reply.headers.get("retry-after").unwrap(), "7");
    assert_eq!(reply.headers.get("cache-control").unwrap(), "no-store");
    running
        .saoma
        .answer_next_with("/api/phone/cancel", 204, Vec::new(), "");
    let reply = sim
        .post("/phone/cancel", &json!({ "user": "alex", "nonce": "n" }))
        .await;
    assert_eq!((reply.status, reply.body.len()), (204, 0));
}

#[actix_web::test]
async fn a_refused_session_is_the_answer() {
    let (sim, running) = start_with_saoma();
    let problem = json!({ "code": "wechat_unavailable" });
    running
        .saoma
        .answer_next("/api/phone/session", 503, &problem);
    let reply = scan(&sim, "alex").await;
    assert_eq!((reply.status, reply.json()), (503, problem));
    assert_eq!(running.saoma.lines(), ["POST /api/phone/session"]);
    assert_eq!(scan(&sim, "alex").await.status, 200);
}

#[actix_web::test]
async fn calls_look_as_if_they_came_from_a_mini_program() {
    let (sim, running) = start_with_saoma();
    scan_in(&sim, "zh-CN,zh;q=0.9").await;
    for asked in running.saoma.asked() {
        let referer = "https://servicewechat.com/wx0123456789abcdef/1/page-frame.html";
        assert_eq!(asked.header("referer"), Some(referer));
        assert!(
            asked
                .header("user-agent")
                .unwrap()
                .contains("MicroMessenger")
        );
        assert_eq!(asked.header("accept-language"), Some("zh-CN"));
        assert_eq!(asked.header("cookie"), None);
    }
}

#[actix_web::test]
async fn a_saoma_that_is_away_is_named_in_the_persons_language() {
    let (sim, running) = start_with_saoma();
    running.stop().await;
    let english = scan_in(&sim, "en-GB").await;
    assert_eq!(english.status, 502);
    assert_eq!(english.content_type, "application/problem+json");
    assert_eq!(english.json()["code"], "saoma_unreachable");
    assert!(
        english.json()["detail"]
            .as_str()
            .unwrap()
            .contains("cannot be reached")
    );
    let chinese = scan_in(&sim, "fr, en;q=0.5, zh;q=0.8").await;
    assert!(
        chinese.json()["detail"]
            .as_str()
            .unwrap()
            .contains("连接不上")
    );
}

#[actix_web::test]
async fn without_an_address_the_phone_says_what_to_do() {
    let sim = start_with(saoma::simulator::SimulatorSettings::default());
    let reply = scan(&sim, "alex").await;
    assert_eq!(
        (reply.status, reply.json()["code"].as_str()),
        (503, Some("saoma_unset"))
    );
    assert!(
        reply.json()["detail"]
            .as_str()
            .unwrap()
            .contains("--saoma-url")
    );
}

#[actix_web::test]
async fn something_else_at_saomas_address_is_noticed() {
    let (sim, running) = start_with_saoma();
    let html = vec![("content-type", "text/html")];
    running
        .saoma
        .answer_next_with("/api/phone/session", 200, html, "<h1>It works!</h1>");
    let reply = scan(&sim, "alex").await;
    assert_eq!(
        (reply.status, reply.json()["code"].as_str()),
        (502, Some("saoma_unintelligible"))
    );
}

#[actix_web::test]
async fn the_phone_can_be_pointed_at_another_saoma() {
    let (sim, first) = start_with_saoma();
    scan(&sim, "alex").await;
    let second = FakeSaoma::start();
    sim.state().set_saoma_url(second.url.clone());
    scan(&sim, "alex").await;
    assert_eq!(first.saoma.lines().len(), 2);
    assert_eq!(
        second.saoma.lines(),
        ["POST /api/phone/session", "POST /api/phone/scan"]
    );
}

#[actix_web::test]
async fn a_new_user_can_log_in_at_once() {
    let (sim, running) = start_with_saoma();
    let added = sim
        .post("/phone/users", &json!({ "nickname": " Mei " }))
        .await;
    assert_eq!(added.status, 201);
    assert_eq!(added.json()["nickname"], "Mei");
    scan(&sim, added.json()["id"].as_str().unwrap()).await;
    assert_eq!(running.saoma.lines().len(), 2);
    for nickname in ["", "   ", &"x".repeat(33)] {
        let refused = sim
            .post("/phone/users", &json!({ "nickname": nickname }))
            .await;
        assert_eq!(refused.status, 400);
    }
}

#[actix_web::test]
async fn requests_that_make_no_sense_never_reach_saoma() {
    let (sim, running) = start_with_saoma();
    let nobody = scan(&sim, "nobody").await;
    assert_eq!(
        (nobody.status, nobody.json()["code"].as_str()),
        (400, Some("user_unknown"))
    );
    let not_an_id = sim
        .get("/phone/attempt?user=alex&attempt=../../session")
        .await;
    assert_eq!(
        (not_an_id.status, not_an_id.json()["code"].as_str()),
        (400, Some("bad_request"))
    );
    let no_fields = sim.post("/phone/scan", &json!({ "user": "alex" })).await;
    assert_eq!(no_fields.status, 400);
    assert_eq!(running.saoma.lines().len(), 0);
}

#[actix_web::test]
async fn another_website_cannot_press_confirm() {
    let (sim, running) = start_with_saoma();
    // Without a preflight, browsers let other sites send only such content types.
    let body = r#"{"user":"alex","nonce":"n"}"#;
    for content_type in ["text/plain", "application/x-www-form-urlencoded"] {
        let request = sim
            .http
            .post(sim.url("/phone/confirm"))
            .content_type(content_type);
        assert_eq!(answer(request, body).await.status, 400);
    }
    assert_eq!(running.saoma.lines().len(), 0);
}

#[actix_web::test]
async fn sessions_are_listed_ended_and_reported_by_the_phone_api() {
    let (sim, running) = start_with_saoma();
    sim.get("/phone/sessions?user=alex").await;
    let one = json!({ "user": "alex", "id": ATTEMPT });
    sim.post("/phone/sessions/end", &one).await;
    sim.post("/phone/sessions/report", &one).await;
    sim.post("/phone/sessions/end", &json!({ "user": "alex" }))
        .await;
    sim.post("/phone/account/delete", &json!({ "user": "alex" }))
        .await;
    assert_eq!(
        running.saoma.lines()[1..],
        [
            "GET /api/phone/sessions",
            &format!("DELETE /api/phone/sessions/{ATTEMPT}"),
            &format!("POST /api/phone/sessions/{ATTEMPT}/report"),
            "DELETE /api/phone/sessions",
            "DELETE /api/phone/account",
        ]
    );
    // What is no id goes nowhere, least of all to the end of all sessions.
    let nonsense = json!({ "user": "alex", "id": "../account" });
    let refused = sim.post("/phone/sessions/end", &nonsense).await;
    assert_eq!(
        (refused.status, running.saoma.lines().len()),
        (400, 6),
        "{nonsense}"
    );
}
