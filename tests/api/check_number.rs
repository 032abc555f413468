//! The two digits that the page shows and the phone types.

use serde_json::{Value, json};

use crate::support::{
    Attempt, Phone, TestServer,
    phone::{CAMERA, FORWARDED},
};

/// An attempt that this phone has scanned from a picture that somebody sent, and its number.
async fn asked(server: &std::sync::Arc<TestServer>, phone: &Phone) -> (Attempt, Value) {
    let mut attempt = server.pending().await;
    let scanned = phone.scan_by(&attempt.scene, FORWARDED).await.expect(200);
    assert_eq!(scanned["check"], "number");
    assert!(scanned.get("number").is_none(), "the page alone shows it");
    attempt.nonce = scanned["nonce"].clone();
    let news = attempt.browser.expect("scanned").await;
    assert_eq!(
        (&news["check"], &news["version"]),
        (&"number".into(), &2.into())
    );
    let number = news["number"].clone();
    assert!(is_two_digits(&number), "{number}");
    (attempt, number)
}

fn is_two_digits(number: &Value) -> bool {
    let text = number.as_str().unwrap();
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Two digits that are not these.
fn another(number: &Value) -> Value {
    let number: u8 = number.as_str().unwrap().parse().unwrap();
    format!("{:02}", (number + 1) % 100).into()
}

#[actix_web::test]
async fn a_forwarded_picture_needs_the_number_that_the_page_shows() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, number) = asked(&server, &phone).await;
    let confirmed = phone
        .confirm_with(&attempt.nonce, &number)
        .await
        .expect(200);
    assert_eq!(confirmed, json!({"result": "login_succeeded"}));
    let news = attempt.browser.expect("login_succeeded").await;
    assert_eq!(news["version"], 3);
    attempt.browser.redeem(&attempt.id).await.expect(200);
    // The same answer as often as it is sent, also with a number that is wrong now.
    for number in [number.clone(), another(&number)] {
        let again = phone
            .confirm_with(&attempt.nonce, &number)
            .await
            .expect(200);
        assert_eq!(again, confirmed);
    }
}

#[actix_web::test]
async fn a6_only_the_camera_spares_the_number() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    for (entry_scene, check) in [
        (CAMERA, "none"),
        (1007, "number"),
        (1011, "number"),
        (1012, "number"),
        (1013, "number"),
        (1048, "number"),
        (1049, "number"),
        (1001, "number"),
    ] {
        let mut attempt = server.pending().await;
        let scanned = phone.scan_by(&attempt.scene, entry_scene).await.expect(200);
        assert_eq!(scanned["check"], check, "{entry_scene}");
        let news = attempt.browser.expect("scanned").await;
        assert_eq!(news["check"], check, "{entry_scene}");
        assert_eq!(news["number"].is_null(), check == "none", "{entry_scene}");
        let warned = scanned["warnings"].as_array().unwrap();
        assert_eq!(warned.contains(&"entry_scene".into()), check == "number");
    }
}

#[actix_web::test]
async fn c6_the_third_wrong_number_ends_the_attempt_and_the_page_gets_a_new_code() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (mut attempt, number) = asked(&server, &phone).await;
    let wrong = another(&number);
    for left in [2, 1] {
        let refused = phone.confirm_with(&attempt.nonce, &wrong).await;
        let problem = refused.expect_problem(422, "number_wrong");
        assert_eq!(problem["tries_left"], left);
        attempt.browser.expect_silence().await;
    }
    // A rescan gives no tries back.
    let scanned = phone.scan_by(&attempt.scene, FORWARDED).await.expect(200);
    attempt.nonce = scanned["nonce"].clone();
    let refused = phone.confirm_with(&attempt.nonce, &wrong).await;
    let problem = refused.expect_problem(422, "number_wrong");
    assert_eq!(problem["tries_left"], 0);
    let end = attempt.browser.expect("failed").await;
    assert_eq!(
        (&end["reason"], &end["version"]),
        (&"number_wrong".into(), &3.into())
    );
    let view = phone.attempt(&attempt.id).await.expect(200);
    assert_eq!(
        (&view["state"], &view["reason"]),
        (&"failed".into(), &"number_wrong".into())
    );
    phone
        .confirm_with(&attempt.nonce, &number)
        .await
        .expect_problem(410, "attempt_failed");
    let redeemed = attempt.browser.redeem(&attempt.id).await;
    redeemed.expect_problem(410, "attempt_failed");
    attempt.browser.refresh(&end["version"], true).await;
    let fresh = attempt.browser.expect("ticket").await;
    assert_ne!(fresh["attempt"], attempt.id);
}

#[actix_web::test]
async fn what_is_no_number_at_all_costs_no_try_and_what_could_be_one_does() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let (attempt, number) = asked(&server, &phone).await;
    let missing = phone
        .post("/api/phone/confirm", json!({"nonce": attempt.nonce}))
        .await;
    assert_eq!(missing.expect_problem(422, "number_wrong")["tries_left"], 3);
    let missing = phone.confirm(&attempt.nonce).await;
    assert_eq!(missing.expect_problem(422, "number_wrong")["tries_left"], 3);
    for ill_typed in [json!(7), json!(["07"]), json!({}), json!(true)] {
        let refused = phone.confirm_with(&attempt.nonce, &ill_typed).await;
        refused.expect_problem(400, "bad_request");
    }
    let refused = phone
        .confirm_with(&attempt.nonce, &json!("not a number"))
        .await;
    assert_eq!(refused.expect_problem(422, "number_wrong")["tries_left"], 2);
    phone
        .confirm_with(&attempt.nonce, &number)
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_number_with_a_foreign_nonce_finds_out_nothing_and_costs_nothing() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let stranger = server.registered_phone("Hong").await;
    let (attempt, number) = asked(&server, &phone).await;
    for guess in [number.clone(), another(&number)] {
        stranger
            .confirm_with(&attempt.nonce, &guess)
            .await
            .expect_problem(403, "nonce_invalid");
    }
    let missing = phone.confirm(&attempt.nonce).await;
    assert_eq!(missing.expect_problem(422, "number_wrong")["tries_left"], 3);
}

#[actix_web::test]
async fn a_rescan_by_another_way_asks_for_more_and_never_for_less() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.scanned(&phone).await;
    let again = phone.scan_by(&attempt.scene, FORWARDED).await.expect(200);
    assert_eq!(again["check"], "number");
    // That is a change, so the page hears of it.
    let news = attempt.browser.expect("scanned").await;
    assert_eq!(
        (&news["check"], &news["version"]),
        (&"number".into(), &3.into())
    );
    let camera = phone.scan(&attempt.scene).await.expect(200);
    assert_eq!(camera["check"], "number");
    attempt.browser.expect_silence().await;
    let refused = phone.confirm(&camera["nonce"]).await;
    refused.expect_problem(422, "number_wrong");
    phone
        .confirm_with(&camera["nonce"], &news["number"])
        .await
        .expect(200);
}

#[actix_web::test]
async fn a_rescan_after_the_confirm_takes_nothing_back() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.confirmed(&phone).await;
    let again = phone.scan_by(&attempt.scene, FORWARDED).await.expect(200);
    assert_eq!(again["check"], "none");
    attempt.browser.expect_silence().await;
    attempt.browser.redeem(&attempt.id).await.expect(200);
}

#[actix_web::test]
async fn somebody_new_types_the_number_before_he_is_asked_to_register() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let (mut attempt, number) = asked(&server, &phone).await;
    let wrong = phone.confirm_with(&attempt.nonce, &another(&number)).await;
    wrong.expect_problem(422, "number_wrong");
    let answer = phone
        .confirm_with(&attempt.nonce, &number)
        .await
        .expect(200);
    assert_eq!(answer, json!({"result": "not_registered"}));
    attempt.browser.expect("not_registered").await;
    phone.register(Some("Ming")).await.expect(201);
    let news = attempt.browser.expect("scanned").await;
    assert_eq!(news["number"], number);
    let answer = phone
        .confirm_with(&attempt.nonce, &number)
        .await
        .expect(200);
    assert_eq!(answer["result"], "login_succeeded");
}

#[actix_web::test]
async fn the_owner_may_ask_for_the_number_always_or_never() {
    for (setting, entry_scene) in [("number", CAMERA), ("none", FORWARDED)] {
        let server = TestServer::start_with(&[("SAOMA_CHECK", setting)]).await;
        let phone = server.registered_phone("Ming").await;
        let mut attempt = server.pending().await;
        let scanned = phone.scan_by(&attempt.scene, entry_scene).await.expect(200);
        assert_eq!(scanned["check"], setting);
        let news = attempt.browser.expect("scanned").await;
        phone
            .confirm_with(&scanned["nonce"], &news["number"])
            .await
            .expect(200);
        attempt.browser.expect("login_succeeded").await;
    }
}

#[actix_web::test]
async fn numbers_are_spread_over_all_hundred() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..24 {
        let (_, number) = asked(&server, &phone).await;
        seen.insert(number.as_str().unwrap().to_owned());
    }
    // 24 draws of 100 give fewer than 12 different ones about once in 10^10 times.
    assert!(seen.len() >= 12, "{seen:?}");
}
