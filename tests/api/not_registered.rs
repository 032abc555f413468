//! Somebody without an account: registers on the phone, the same attempt goes on.

use std::time::Duration;

use crate::support::TestServer;

#[actix_web::test]
async fn somebody_unknown_registers_and_the_same_attempt_is_confirmed() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.pending().await;
    let scanned = phone.scan(&attempt.scene).await.expect(200);
    assert_eq!(scanned["registered"], false);
    attempt.browser.expect("scanned").await;
    let nonce = &scanned["nonce"];
    let answer = phone.confirm(nonce).await.expect(200);
    assert_eq!(answer, serde_json::json!({"result": "not_registered"}));
    let news = attempt.browser.expect("not_registered").await;
    assert_eq!(
        (&news["attempt"], &news["version"]),
        (&attempt.id, &3.into())
    );
    let user = phone.register(Some(" Ming ")).await.expect(201);
    assert_eq!(
        (&user["nickname"], &user["avatar_url"]),
        (&"Ming".into(), &().into())
    );
    assert_eq!(attempt.browser.expect("scanned").await["version"], 4);
    phone.confirm(nonce).await.expect(200);
    assert_eq!(
        attempt.browser.expect("login_succeeded").await["version"],
        5
    );
    let signed_in = attempt.browser.redeem(&attempt.id).await.expect(200);
    assert_eq!(signed_in["user"], user);
}

#[actix_web::test]
async fn only_the_first_such_confirm_marks_the_attempt() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.scanned(&phone).await;
    for _ in 0..3 {
        let answer = phone.confirm(&attempt.nonce).await.expect(200);
        assert_eq!(answer["result"], "not_registered");
    }
    assert_eq!(attempt.browser.expect("not_registered").await["version"], 3);
    attempt.browser.expect_silence().await;
    // A rescan leaves the mark.
    let again = phone.scan(&attempt.scene).await.expect(200);
    attempt.browser.expect_silence().await;
    phone.confirm(&again["nonce"]).await.expect(200);
    attempt.browser.expect_silence().await;
    let view = phone.attempt(&attempt.id).await.expect(200);
    assert_eq!(
        (&view["state"], &view["version"]),
        (&"scanned".into(), &3.into())
    );
}

#[actix_web::test]
async fn a_person_who_registers_has_300_seconds_once() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.scanned(&phone).await;
    server.advance(Duration::from_secs(50)).await;
    phone.confirm(&attempt.nonce).await.expect(200);
    assert_eq!(
        attempt.browser.expect("not_registered").await["expires_in"],
        300
    );
    server.advance(Duration::from_secs(200)).await;
    phone.confirm(&attempt.nonce).await.expect(200);
    let view = phone.attempt(&attempt.id).await.expect(200);
    assert!(view["expires_in"].as_i64().unwrap() <= 100, "{view}");
    phone.register(None).await.expect(201);
    let news = attempt.browser.expect("scanned").await;
    assert!(news["expires_in"].as_i64().unwrap() <= 100, "{news}");
    // Deleting the account and starting again does not win more time.
    server.advance(Duration::from_secs(100)).await;
    let end = attempt.browser.expect("expired").await;
    assert_eq!(end["reason"], "not_confirmed");
}

#[actix_web::test]
async fn registering_clears_the_mark_of_every_waiting_attempt_of_the_person() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut first = server.scanned(&phone).await;
    let mut second = server.scanned(&phone).await;
    for attempt in [&mut first, &mut second] {
        phone.confirm(&attempt.nonce).await.expect(200);
        attempt.browser.expect("not_registered").await;
    }
    phone.register(None).await.expect(201);
    for attempt in [&mut first, &mut second] {
        assert_eq!(attempt.browser.expect("scanned").await["version"], 4);
    }
}

#[actix_web::test]
async fn with_registration_closed_the_attempt_fails_and_registering_is_refused() {
    let server = TestServer::start_with(&[("SAOMA_REGISTRATION", "closed")]).await;
    let phone = server.phone().await;
    let mut attempt = server.scanned(&phone).await;
    let answer = phone.confirm(&attempt.nonce).await.expect(200);
    assert_eq!(answer["result"], "not_registered");
    let end = attempt.browser.expect("failed").await;
    assert_eq!(
        (&end["reason"], &end["version"]),
        (&"registration_closed".into(), &3.into())
    );
    phone
        .register(Some("Ming"))
        .await
        .expect_problem(403, "registration_closed");
    phone
        .confirm(&attempt.nonce)
        .await
        .expect_problem(410, "attempt_failed");
    attempt
        .browser
        .redeem(&attempt.id)
        .await
        .expect_problem(410, "attempt_failed");
    attempt.browser.refresh(&end["version"], true).await;
    attempt.browser.expect("ticket").await;
}

#[actix_web::test]
async fn an_account_survives_and_is_found_again_by_app_id_and_openid() {
    let server = TestServer::start().await;
    let mut phone = server.phone().await;
    let user = phone.register(Some("Ming")).await.expect(201);
    let again = phone.sign_in().await.expect(200);
    assert_eq!(
        (&again["registered"], &again["user"]),
        (&true.into(), &user)
    );
    phone
        .register(Some("Ming"))
        .await
        .expect_problem(409, "already_registered");
}
