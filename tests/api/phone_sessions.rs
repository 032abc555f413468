//! The phone's own session and its end.

use std::time::Duration;

use actix_web::http::Method;
use saoma::login::tidy;
use serde_json::{Value, json};

use crate::support::{Phone, TestServer};

const DAY: Duration = Duration::from_secs(86_400);

async fn sign_in(phone: &Phone, code: Value) -> crate::support::Answer {
    phone
        .post("/api/phone/session", json!({"code": code}))
        .await
}

/// Some request of a signed-in phone: whether its session lives.
pub async fn is_alive(phone: &Phone) -> bool {
    let answer = phone.scan(&"A".repeat(32)).await;
    if answer.status == 401 {
        answer.expect_problem(401, "phone_session_invalid");
        return false;
    }
    answer.expect_problem(404, "scene_unknown");
    true
}

#[actix_web::test]
async fn a_wechat_code_is_good_once_and_made_up_ones_never() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let code = json!(phone.js_code().await);
    let answer = sign_in(&phone, code.clone()).await.expect(200);
    let fields: Vec<_> = answer.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["expires_in", "registered", "token", "user"]);
    assert_eq!(
        (&answer["registered"], &answer["user"]),
        (&false.into(), &Value::Null)
    );
    assert_eq!(answer["expires_in"], 30 * 86_400);
    sign_in(&phone, code)
        .await
        .expect_problem(401, "wechat_code_used");
    sign_in(&phone, json!("made up"))
        .await
        .expect_problem(401, "wechat_code_invalid");
    sign_in(&phone, json!("a".repeat(5000)))
        .await
        .expect_problem(401, "wechat_code_invalid");
    sign_in(&phone, json!(7))
        .await
        .expect_problem(400, "bad_request");
    sign_in(&phone, Value::Null)
        .await
        .expect_problem(400, "bad_request");
}

#[actix_web::test]
async fn somebody_whom_wechat_blocks_cannot_sign_in() {
    let server = TestServer::start().await;
    let mut phone = server.phone().await;
    server.simulator.state().set_blocked(&phone.openid, true);
    phone
        .sign_in()
        .await
        .expect_problem(403, "wechat_user_blocked");
    server.simulator.state().set_blocked(&phone.openid, false);
    phone.sign_in().await.expect(200);
}

#[actix_web::test]
async fn a_token_of_any_other_kind_opens_nothing() {
    let server = TestServer::start().await;
    let mut phone = server.phone().await;
    let good = phone.token.clone();
    for bad in [
        String::new(),
        "x".to_owned(),
        "A".repeat(43),
        format!("{good}A"),
    ] {
        phone.token = bad;
        assert!(!is_alive(&phone).await);
    }
    let browser = server.browser().await;
    for scheme in ["Basic", "Bearerx", ""] {
        let value = format!("{scheme} {good}");
        let headers = [("authorization", value.as_str())];
        let answer = browser
            .raw(Method::DELETE, "/api/phone/session", &headers, "")
            .await;
        answer.expect_problem(401, "phone_session_invalid");
    }
    phone.token = good;
    assert!(is_alive(&phone).await);
}

#[actix_web::test]
async fn every_endpoint_of_the_phone_needs_a_session() {
    let server = TestServer::start().await;
    let mut phone = server.phone().await;
    phone
        .request(Method::DELETE, "/api/phone/session", None)
        .await
        .expect(204);
    for (method, path) in [
        (Method::DELETE, "/api/phone/session"),
        (Method::POST, "/api/phone/scan"),
        (Method::POST, "/api/phone/confirm"),
        (Method::POST, "/api/phone/cancel"),
        (Method::GET, "/api/phone/attempts/x"),
        (Method::POST, "/api/phone/register"),
        (Method::PUT, "/api/phone/me"),
        (Method::DELETE, "/api/phone/account"),
    ] {
        let answer = phone.request(method, path, Some(json!({}))).await;
        answer.expect_problem(401, "phone_session_invalid");
    }
    phone.sign_in().await.expect(200);
    assert!(is_alive(&phone).await);
}

#[actix_web::test]
async fn a_phones_session_lasts_30_days_from_its_last_use() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    for _ in 0..3 {
        server.advance(DAY * 20).await;
        assert!(is_alive(&phone).await);
    }
    server.advance(DAY * 30).await;
    assert!(!is_alive(&phone).await);
    tidy::delete_ended(&server.store).await.unwrap();
    assert_eq!(
        server
            .database
            .count("select count(*) from phone_sessions")
            .await,
        0
    );
}
