//! PROTOCOL, section 8: scan, confirm, refuse, and what the phone hears.

use serde_json::Value;

use crate::support::TestServer;

#[actix_web::test]
async fn the_answer_to_a_scan_has_the_fields_of_the_protocol() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let attempt = server.pending().await;
    let mut answer = phone.scan(&attempt.scene).await.expect(200);
    assert_eq!(answer["nonce"].as_str().unwrap().len(), 43);
    assert!(
        answer["requested_at"].as_str().unwrap().ends_with('Z'),
        "{answer}"
    );
    answer["site"]["host"] = "[host]".into();
    for field in ["attempt", "nonce", "requested_at"] {
        answer[field] = format!("[{field}]").into();
    }
    insta::assert_json_snapshot!("answer_to_a_scan", answer);
}

#[actix_web::test]
async fn a_second_phone_of_the_same_person_is_the_same_phone() {
    let server = TestServer::start().await;
    let mut phone = server.registered_phone("Ming").await;
    let attempt = server.scanned(&phone).await;
    let first = phone.token.clone();
    phone.sign_in().await.expect(200);
    assert_ne!(phone.token, first);
    phone.confirm(&attempt.nonce).await.expect(200);
}

#[actix_web::test]
async fn the_phone_hears_by_long_poll_when_its_browser_is_signed_in() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    let path = format!("/api/phone/attempts/{}", attempt.id.as_str().unwrap());
    let query = format!("{path}?after_version=3&wait=25");
    let (view, _) = tokio::join!(phone.get(&query), attempt.browser.redeem(&attempt.id));
    let view = view.expect(200);
    let fields: Vec<_> = view.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        [
            "attempt",
            "check_code",
            "expires_in",
            "reason",
            "session",
            "state",
            "version"
        ]
    );
    assert_eq!(
        (&view["state"], &view["version"]),
        (&"redeemed".into(), &4.into())
    );
    assert!(
        view["session"].is_string() && view["check_code"].is_null(),
        "{view}"
    );
}

#[actix_web::test]
async fn of_three_polls_of_a_phone_at_once_one_is_too_many() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let attempt = server.scanned(&phone).await;
    let path = format!("/api/phone/attempts/{}", attempt.id.as_str().unwrap());
    let (a, b, c) = tokio::join!(phone.get(&path), phone.get(&path), phone.get(&path));
    let mut answers = [a, b, c];
    answers.sort_by_key(|answer| answer.status);
    answers[0].expect(200);
    answers[1].expect(200);
    answers[2].expect_problem(429, "slow_down");
    let query = format!("{path}?after_version=2&wait=0");
    server.phone().await.get(&query).await.expect(404);
}

#[actix_web::test]
async fn a_scan_and_a_confirm_wake_the_phones_own_poll() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let attempt = server.scanned(&phone).await;
    let id = attempt.id.as_str().unwrap();
    let query = format!("/api/phone/attempts/{id}?after_version=2&wait=25");
    let (view, _) = tokio::join!(phone.get(&query), phone.confirm(&attempt.nonce));
    let view = view.expect(200);
    assert_eq!(
        (&view["state"], &view["session"]),
        (&"confirmed".into(), &Value::Null)
    );
}
