//! The strict check: six digits that the phone shows and the page types.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Attempt, Phone, TestServer};

const STRICT: &[(&str, &str)] = &[("SAOMA_CHECK", "code")];

/// An attempt that this phone has agreed to, and the digits that it shows.
async fn approved(server: &std::sync::Arc<TestServer>, phone: &Phone) -> (Attempt, String) {
    let mut attempt = server.scanned(phone).await;
    let confirmed = phone.confirm(&attempt.nonce).await.expect(200);
    assert_eq!(confirmed["result"], "code_needed");
    let code = confirmed["check_code"].as_str().unwrap().to_owned();
    assert!(
        code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()),
        "{code}"
    );
    let news = attempt.browser.expect("code_needed").await;
    assert_eq!(
        (&news["tries_left"], &news["expires_in"]),
        (&3.into(), &90.into())
    );
    assert_eq!(news["version"], 3);
    (attempt, code)
}

fn another(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

async fn check(attempt: &mut Attempt, code: &str) -> crate::support::Answer {
    let path = format!("{}/check", attempt.path());
    attempt.browser.post(&path, json!({"code": code})).await
}

#[actix_web::test]
async fn the_page_types_what_the_phone_shows_and_is_logged_in() {
    let server = TestServer::start_with(STRICT).await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, code) = approved(&server, &phone).await;
    let view = phone.attempt(&attempt.id).await.expect(200);
    assert_eq!(
        (&view["state"], &view["check_code"]),
        (&"approved".into(), &json!(code))
    );
    let too_early = attempt.browser.redeem(&attempt.id).await;
    too_early.expect_problem(409, "not_confirmed");
    attempt
        .browser
        .send(json!({"type": "check_code", "code": code}))
        .await;
    let news = attempt.browser.expect("login_succeeded").await;
    assert_eq!(news["version"], 4);
    let view = phone.attempt(&attempt.id).await.expect(200);
    assert_eq!(
        (&view["state"], &view["check_code"]),
        (&"confirmed".into(), &Value::Null)
    );
    attempt.browser.redeem(&attempt.id).await.expect(200);
    // The phone's own answer stays what it was.
    let again = phone.confirm(&attempt.nonce).await.expect(200);
    assert_eq!(again, json!({"result": "code_needed", "check_code": code}));
}

#[actix_web::test]
async fn the_same_without_a_socket() {
    let server = TestServer::start_with(STRICT).await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, code) = approved(&server, &phone).await;
    attempt.browser.drop_socket();
    let wrong = check(&mut attempt, &another(&code)).await;
    assert_eq!(wrong.expect_problem(422, "code_wrong")["tries_left"], 2);
    let right = check(&mut attempt, &code).await.expect(200);
    assert_eq!(
        (&right["type"], &right["version"]),
        (&"login_succeeded".into(), &5.into())
    );
    // Once more: the newest message, and nothing changes.
    let again = check(&mut attempt, &another(&code)).await.expect(200);
    assert_eq!(
        (&again["type"], &again["version"]),
        (&"login_succeeded".into(), &5.into())
    );
    let redeemed = attempt.browser.tab().redeem(&attempt.id).await;
    redeemed.expect(200);
    check(&mut attempt, &code)
        .await
        .expect_problem(409, "already_redeemed");
}

#[actix_web::test]
async fn the_third_wrong_code_ends_the_attempt() {
    let server = TestServer::start_with(STRICT).await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, code) = approved(&server, &phone).await;
    let wrong = another(&code);
    for left in [2, 1] {
        attempt
            .browser
            .send(json!({"type": "check_code", "code": wrong}))
            .await;
        let news = attempt.browser.expect("code_needed").await;
        assert_eq!(news["tries_left"], left);
    }
    // The phone scanning again gives no tries back.
    phone.scan(&attempt.scene).await.expect(200);
    let wrong = check(&mut attempt, &wrong).await;
    assert_eq!(wrong.expect_problem(422, "code_wrong")["tries_left"], 0);
    let end = attempt.browser.expect("failed").await;
    assert_eq!(
        (&end["reason"], &end["version"]),
        (&"code_wrong".into(), &6.into())
    );
    check(&mut attempt, &code)
        .await
        .expect_problem(410, "attempt_failed");
    let redeemed = attempt.browser.redeem(&attempt.id).await;
    redeemed.expect_problem(410, "attempt_failed");
}

#[actix_web::test]
async fn frames_that_are_no_code_lose_no_try() {
    let server = TestServer::start_with(STRICT).await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, code) = approved(&server, &phone).await;
    for bad in [
        json!({"type": "check_code"}),
        json!({"type": "check_code", "code": 123_456}),
    ] {
        attempt.browser.send(bad).await;
        let error = attempt.browser.expect("error").await;
        assert_eq!(error["code"], "bad_message");
    }
    let path = format!("{}/check", attempt.path());
    for bad in [json!({}), json!({"code": 123_456})] {
        attempt
            .browser
            .post(&path, bad)
            .await
            .expect_problem(400, "bad_request");
    }
    attempt.browser.refresh(&json!(0), true).await;
    assert_eq!(attempt.browser.expect("code_needed").await["tries_left"], 3);
    check(&mut attempt, &code).await.expect(200);
}

#[actix_web::test]
async fn another_browser_cannot_type_the_code() {
    let server = TestServer::start_with(STRICT).await;
    let phone = server.registered_phone("Ming").await;
    let (attempt, code) = approved(&server, &phone).await;
    let mut stranger = server.browser().await;
    let path = format!("{}/check", attempt.path());
    stranger
        .post(&path, json!({"code": code}))
        .await
        .expect_problem(404, "attempt_unknown");
}

#[actix_web::test]
async fn a_code_that_nobody_types_in_90_seconds_expires() {
    let server = TestServer::start_with(STRICT).await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, code) = approved(&server, &phone).await;
    server.advance(Duration::from_secs(89)).await;
    attempt.browser.expect_silence().await;
    server.advance(Duration::from_secs(1)).await;
    let end = attempt.browser.expect("expired").await;
    assert_eq!(end["reason"], "not_checked");
    check(&mut attempt, &code)
        .await
        .expect_problem(410, "attempt_expired");
}

#[actix_web::test]
async fn both_sides_may_still_end_it() {
    let server = TestServer::start_with(STRICT).await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, code) = approved(&server, &phone).await;
    phone.refuse(&attempt.nonce).await.expect(204);
    assert_eq!(
        attempt.browser.expect("cancelled").await["reason"],
        "by_phone"
    );
    check(&mut attempt, &code)
        .await
        .expect_problem(410, "attempt_cancelled");
    let (mut attempt, _) = approved(&server, &phone).await;
    attempt.browser.send(json!({"type": "cancel"})).await;
    assert_eq!(
        attempt.browser.expect("cancelled").await["reason"],
        "by_browser"
    );
    phone
        .confirm(&attempt.nonce)
        .await
        .expect_problem(410, "attempt_cancelled");
}

#[actix_web::test]
async fn a_reload_while_the_code_is_asked_for_asks_again() {
    let server = TestServer::start_with(STRICT).await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, code) = approved(&server, &phone).await;
    check(&mut attempt, &another(&code))
        .await
        .expect_problem(422, "code_wrong");
    attempt.browser.drop_socket();
    let state = attempt.browser.resume(&attempt.id).await;
    assert_eq!(
        (&state["type"], &state["tries_left"]),
        (&"code_needed".into(), &2.into())
    );
    // A silent refresh changes nothing.
    attempt.browser.refresh(&state["version"], true).await;
    assert_eq!(attempt.browser.next().await, state);
    attempt
        .browser
        .send(json!({"type": "check_code", "code": code}))
        .await;
    attempt.browser.expect("login_succeeded").await;
}

#[actix_web::test]
async fn the_digits_stand_nowhere_in_the_database() {
    let server = TestServer::start_with(STRICT).await;
    let phone = server.registered_phone("Ming").await;
    let (_, code) = approved(&server, &phone).await;
    let columns = |value: &str| {
        format!(
            "select count(*) from login_attempts a, jsonb_each_text(to_jsonb(a)) c \
             where c.value = '{value}'"
        )
    };
    assert_eq!(server.database.count(&columns("approved")).await, 1);
    assert_eq!(server.database.count(&columns(&code)).await, 0);
}
