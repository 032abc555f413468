//! C: the confirm, and what may cross it.

use std::time::Duration;

use saoma::login::ids::Secret;
use serde_json::{Value, json};

use crate::support::TestServer;

#[actix_web::test]
async fn c1_confirming_twice_gives_the_same_answer_before_and_after_the_redeem() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    for redeem in [false, true] {
        let answer = phone.confirm(&attempt.nonce).await.expect(200);
        assert_eq!(answer, json!({"result": "login_succeeded"}));
        if !redeem {
            attempt.browser.expect_silence().await;
            attempt.browser.redeem(&attempt.id).await.expect(200);
        }
    }
    phone
        .refuse(&attempt.nonce)
        .await
        .expect_problem(409, "already_redeemed");
    phone
        .scan(&attempt.scene)
        .await
        .expect_problem(409, "already_redeemed");
    server
        .phone()
        .await
        .scan(&attempt.scene)
        .await
        .expect_problem(409, "already_scanned");
}

#[actix_web::test]
async fn what_has_changed_since_the_scan_decides_at_the_confirm() {
    let server = TestServer::start().await;
    let signed_out = server.registered_phone("Ming").await;
    let attempt = server.scanned(&signed_out).await;
    server.database.execute("delete from phone_sessions").await;
    let refused = signed_out.confirm(&attempt.nonce).await;
    refused.expect_problem(401, "phone_session_invalid");
    let scanned = "select count(*) from login_attempts where state = 'scanned'";
    assert_eq!(server.database.count(scanned).await, 1);

    let overdue = server.registered_phone("Hong").await;
    let attempt = server.scanned(&overdue).await;
    let end = "update phone_sessions set expires_at = saoma_now() - interval '1 second'";
    server.database.execute(end).await;
    let refused = overdue.confirm(&attempt.nonce).await;
    refused.expect_problem(401, "phone_session_invalid");

    let blocked = server.registered_phone("Gang").await;
    let mut attempt = server.scanned(&blocked).await;
    let block = "update users set blocked_at = saoma_now()";
    server.database.execute(block).await;
    let refused = blocked.confirm(&attempt.nonce).await;
    refused.expect_problem(410, "attempt_failed");
    let end = attempt.browser.expect("failed").await;
    assert_eq!(end["reason"], "user_blocked");

    let deleted = server.registered_phone("Wei").await;
    let mut attempt = server.scanned(&deleted).await;
    server.database.execute("delete from users").await;
    let answer = deleted.confirm(&attempt.nonce).await.expect(200);
    assert_eq!(answer, json!({"result": "not_registered"}));
    attempt.browser.expect("not_registered").await;
}

#[actix_web::test]
async fn who_asks_stands_before_how_often_and_before_what_it_says() {
    let limit = [("SAOMA_MAX_CONFIRMS_PER_USER", "2")];
    let server = TestServer::start_with(&limit).await;
    let phone = server.registered_phone("Ming").await;
    server.confirmed(&phone).await;
    let attempt = server.scanned(&phone).await;
    let slow_down = phone.confirm(&attempt.nonce).await;
    slow_down.expect_problem(429, "slow_down");
    let nonsense = phone.confirm_with(&json!("no nonce"), &json!(7)).await;
    nonsense.expect_problem(400, "bad_request");
    phone.scan(&attempt.scene).await.expect(200);
    server.database.execute("delete from phone_sessions").await;
    let refused = phone.confirm(&attempt.nonce).await;
    refused.expect_problem(401, "phone_session_invalid");
    let nonsense = phone.confirm_with(&json!("no nonce"), &json!(7)).await;
    nonsense.expect_problem(401, "phone_session_invalid");
}

#[actix_web::test]
async fn c5_another_phone_is_refused_and_the_browser_hears_that_and_nothing_more() {
    let server = TestServer::start().await;
    let (phone, other) = (server.phone().await, server.registered_phone("Hong").await);
    let mut attempt = server.scanned(&phone).await;
    other
        .scan(&attempt.scene)
        .await
        .expect_problem(409, "already_scanned");
    assert_eq!(attempt.browser.next().await, json!({"type": "contested"}));
    other
        .confirm(&attempt.nonce)
        .await
        .expect_problem(403, "nonce_invalid");
    other
        .refuse(&attempt.nonce)
        .await
        .expect_problem(403, "nonce_invalid");
    other
        .attempt(&attempt.id)
        .await
        .expect_problem(404, "attempt_unknown");
    let mut again = phone;
    again.sign_in().await.expect(200);
    again.scan(&attempt.scene).await.expect(200);
    attempt.browser.expect_silence().await;
}

#[actix_web::test]
async fn c5_nothing_but_the_nonce_is_a_nonce() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.scanned(&phone).await;
    for nonce in [
        json!(null),
        json!(7),
        json!(""),
        json!("x"),
        json!("A".repeat(43)),
        json!(attempt.scene),
        attempt.id.clone(),
        json!(attempt.browser.cookies["saoma_browser"]),
        json!(phone.token),
    ] {
        phone
            .confirm(&nonce)
            .await
            .expect_problem(403, "nonce_invalid");
        phone
            .refuse(&nonce)
            .await
            .expect_problem(403, "nonce_invalid");
    }
    attempt.browser.expect_silence().await;
    let view = phone.attempt(&attempt.id).await.expect(200);
    assert_eq!(
        (&view["state"], &view["version"]),
        (&"scanned".into(), &2.into())
    );
}

#[actix_web::test]
async fn c7_a_phone_refuses_before_and_after_its_confirm() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    for mut attempt in [server.scanned(&phone).await, server.confirmed(&phone).await] {
        phone.refuse(&attempt.nonce).await.expect(204);
        assert_eq!(
            attempt.browser.expect("cancelled").await["reason"],
            "by_phone"
        );
        // Refusing twice is refusing.
        phone.refuse(&attempt.nonce).await.expect(204);
        phone
            .confirm(&attempt.nonce)
            .await
            .expect_problem(410, "attempt_cancelled");
        phone
            .scan(&attempt.scene)
            .await
            .expect_problem(410, "attempt_cancelled");
        attempt
            .browser
            .redeem(&attempt.id)
            .await
            .expect_problem(410, "attempt_cancelled");
    }
}

#[actix_web::test]
async fn c8_a_tap_while_the_phone_asks_ends_the_attempt_and_starts_a_new_one() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.scanned(&phone).await;
    attempt.browser.refresh(&json!(2), false).await;
    let ticket = attempt.browser.expect("ticket").await;
    assert_ne!(ticket["attempt"], attempt.id);
    attempt.browser.expect_silence().await;
    let view = phone.attempt(&attempt.id).await.expect(200);
    assert_eq!(
        (&view["state"], &view["reason"]),
        (&"cancelled".into(), &"replaced".into())
    );
    phone
        .confirm(&attempt.nonce)
        .await
        .expect_problem(410, "attempt_cancelled");
    let scene = attempt.browser.scene(&ticket).await;
    phone.scan(&scene).await.expect(200);
    assert_eq!(
        attempt.browser.expect("scanned").await["attempt"],
        ticket["attempt"]
    );
}

#[actix_web::test]
async fn c9_a_browser_that_was_closed_at_the_confirm_logs_in_when_it_returns() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.scanned(&phone).await;
    attempt.browser.drop_socket();
    phone.confirm(&attempt.nonce).await.expect(200);
    let back = attempt.browser.resume(&attempt.id).await;
    assert_eq!(back["type"], "login_succeeded");
    attempt.browser.redeem(&attempt.id).await.expect(200);
}

#[actix_web::test]
async fn c9_a_browser_that_returns_too_late_is_told_so() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    attempt.browser.drop_socket();
    server.advance(Duration::from_secs(61)).await;
    let back = attempt.browser.resume(&attempt.id).await;
    assert_eq!(
        (&back["type"], &back["reason"]),
        (&"expired".into(), &"not_redeemed".into())
    );
    attempt
        .browser
        .redeem(&attempt.id)
        .await
        .expect_problem(410, "attempt_expired");
    let view = phone.attempt(&attempt.id).await.expect(200);
    assert_eq!(
        (&view["state"], &view["reason"], &view["session"]),
        (&"expired".into(), &"not_redeemed".into(), &Value::Null)
    );
}

#[actix_web::test]
async fn c11_a_redeem_before_the_confirm_is_too_early_and_after_an_end_too_late() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.pending().await;
    attempt
        .browser
        .redeem(&attempt.id)
        .await
        .expect_problem(409, "not_confirmed");
    let nonce = phone.scan(&attempt.scene).await.expect(200)["nonce"].clone();
    attempt
        .browser
        .redeem(&attempt.id)
        .await
        .expect_problem(409, "not_confirmed");
    phone.confirm(&nonce).await.expect(200);
    server
        .browser()
        .await
        .redeem(&attempt.id)
        .await
        .expect_problem(404, "attempt_unknown");
    phone.refuse(&nonce).await.expect(204);
    attempt
        .browser
        .redeem(&attempt.id)
        .await
        .expect_problem(410, "attempt_cancelled");
    let unknown = json!("7b3ce6a6-1bd4-4c95-8a0f-111111111111");
    attempt
        .browser
        .redeem(&unknown)
        .await
        .expect_problem(404, "attempt_unknown");
    assert_eq!(
        server.database.count("select count(*) from sessions").await,
        0
    );
}

#[actix_web::test]
async fn c11_a_confirm_needs_a_scan_before_it() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.pending().await;
    for nonce in [
        json!(Secret::random().expose()),
        json!(attempt.scene),
        attempt.id.clone(),
        Value::Null,
    ] {
        phone
            .confirm(&nonce)
            .await
            .expect_problem(403, "nonce_invalid");
    }
    phone
        .attempt(&attempt.id)
        .await
        .expect_problem(404, "attempt_unknown");
    attempt.browser.expect_silence().await;
    attempt
        .browser
        .redeem(&attempt.id)
        .await
        .expect_problem(409, "not_confirmed");
}
