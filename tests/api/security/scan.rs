//! A: codes and who scans them.

use std::time::Duration;

use actix_web::http::Method;
use saoma::{login::ids::Scene, simulator::SimulatedApp};
use serde_json::{Value, json};

use crate::support::{
    Answer, Phone, TestServer,
    phone::{CAMERA, FORWARDED},
    soak,
};

#[actix_web::test]
async fn a1_a_scene_that_is_not_good_says_nothing_about_anybody() {
    let server = TestServer::start().await;
    let claimer = server.registered_phone("Unmistakable").await;
    let stranger = server.phone().await;
    let cancelled = server.scanned(&claimer).await;
    claimer.refuse(&cancelled.nonce).await.expect(204);
    let mut redeemed = server.confirmed(&claimer).await;
    redeemed.browser.redeem(&redeemed.id).await.expect(200);
    let closed = server.scanned(&claimer).await;
    let sql = "update login_attempts set state = 'failed', reason = 'registration_closed'";
    let id = closed.id.as_str().unwrap();
    server
        .database
        .execute(&format!("{sql} where id = '{id}'"))
        .await;
    let scanned = server.scanned(&claimer).await;
    let expired = server.pending().await;
    // Two of each kind, which must not differ.
    for (scenes, status, code) in [
        ([unknown(), unknown()], 404, "scene_unknown"),
        (twice(&cancelled.scene), 410, "attempt_cancelled"),
        (twice(&closed.scene), 410, "attempt_failed"),
        (twice(&redeemed.scene), 409, "already_scanned"),
        (twice(&scanned.scene), 409, "already_scanned"),
    ] {
        let [one, other] = scenes.map(async |scene| stranger.scan(&scene).await);
        expect_the_same(&one.await, &other.await, status, code);
    }
    server.advance(Duration::from_secs(121)).await;
    let [one, other] = [&expired.scene, &scanned.scene].map(async |s| stranger.scan(s).await);
    expect_the_same(&one.await, &other.await, 410, "attempt_expired");
    // Nor does a change of one letter.
    let last = if expired.scene.ends_with('A') {
        'B'
    } else {
        'A'
    };
    let near = format!("{}{last}", &expired.scene[..31]);
    stranger
        .scan(&near)
        .await
        .expect_problem(404, "scene_unknown");
}

fn unknown() -> String {
    Scene::random().as_str().to_owned()
}

fn twice(scene: &str) -> [String; 2] {
    [scene.to_owned(), scene.to_owned()]
}

/// Two refusals that differ in nothing but the request's id, and name nobody.
#[track_caller]
fn expect_the_same(one: &Answer, other: &Answer, status: u16, code: &str) {
    let [one, other] = [one, other].map(|answer| {
        let mut problem = answer.expect_problem(status, code);
        problem["request_id"] = Value::Null;
        problem
    });
    assert_eq!(one, other);
    let fields: Vec<_> = one.as_object().unwrap().keys().collect();
    let known = ["code", "detail", "request_id", "status", "title", "type"];
    assert_eq!(fields, known, "{one}");
    assert!(!one.to_string().contains("Unmistakable"), "{one}");
}

#[actix_web::test]
async fn a2_a_scan_a_millisecond_before_the_end_is_good_and_none_from_then_on() {
    for (at, good) in [
        ("- interval '1 millisecond'", true),
        ("", false),
        ("+ interval '1 millisecond'", false),
    ] {
        let server = TestServer::start().await;
        let phone = server.phone().await;
        let attempt = server.pending().await;
        let end = format!("select expires_at {at} from login_attempts");
        server.database.stop_clock_at(&end).await;
        let scan = phone.scan(&attempt.scene).await;
        let state = attempt.browser.tab().get(&attempt.path()).await.expect(200);
        let written = server.database.text("select state from login_attempts");
        if good {
            scan.expect(200);
            assert_eq!(state["type"], "scanned");
            assert_eq!(written.await, "scanned");
        } else {
            scan.expect_problem(410, "attempt_expired");
            assert_eq!(
                (&state["type"], &state["reason"]),
                (&"expired".into(), &"not_scanned".into())
            );
            assert_eq!(written.await, "pending");
        }
    }
}

#[actix_web::test]
async fn a3_of_two_phones_that_scan_at_once_exactly_one_holds_the_attempt() {
    let server = TestServer::start().await;
    let (one, other) = (server.phone().await, server.phone().await);
    let mut browser = server.browser().await;
    for _ in 0..soak::times(50, 1000) {
        let ticket = browser
            .post("/api/login/attempts", json!({}))
            .await
            .expect(201);
        let scene = browser.scene(&ticket).await;
        let (a, b) = tokio::join!(one.scan(&scene), other.scan(&scene));
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        let views = [
            one.attempt(&ticket["attempt"]).await,
            other.attempt(&ticket["attempt"]).await,
        ];
        for (scan, view) in [a, b].iter().zip(views) {
            let expected = if scan.status == 200 { 200 } else { 404 };
            view.expect(expected);
        }
    }
    // Whose browser is open hears of the other.
    let mut attempt = server.pending().await;
    let (a, b) = tokio::join!(one.scan(&attempt.scene), other.scan(&attempt.scene));
    assert_ne!(a.status, b.status);
    let mut heard = [
        attempt.browser.next().await["type"].clone(),
        attempt.browser.next().await["type"].clone(),
    ];
    heard.sort_by_key(Value::to_string);
    assert_eq!(heard, ["contested", "scanned"]);
}

#[actix_web::test]
async fn a4_a_rescan_gives_a_fresh_nonce_kills_the_old_one_and_changes_nothing_else() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.scanned(&phone).await;
    let before = phone.attempt(&attempt.id).await.expect(200);
    let again = phone.scan(&attempt.scene).await.expect(200);
    assert_eq!(again["attempt"], attempt.id);
    assert_ne!(again["nonce"], attempt.nonce);
    let after = phone.attempt(&attempt.id).await.expect(200);
    assert_eq!(
        (&after["version"], &after["state"]),
        (&before["version"], &before["state"])
    );
    phone
        .confirm(&attempt.nonce)
        .await
        .expect_problem(403, "nonce_invalid");
    phone
        .refuse(&attempt.nonce)
        .await
        .expect_problem(403, "nonce_invalid");
    attempt.browser.expect_silence().await;
    phone.confirm(&again["nonce"]).await.expect(200);
    attempt.browser.expect("login_succeeded").await;
    // Also while it is confirmed.
    let third = phone.scan(&attempt.scene).await.expect(200);
    phone
        .confirm(&again["nonce"])
        .await
        .expect_problem(403, "nonce_invalid");
    phone.confirm(&third["nonce"]).await.expect(200);
    attempt.browser.expect_silence().await;
}

#[actix_web::test]
async fn a4_a_scan_whose_answer_got_lost_can_be_repeated() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.pending().await;
    let (lost, again) = tokio::join!(phone.scan(&attempt.scene), phone.scan(&attempt.scene));
    let nonces = [&lost.expect(200)["nonce"], &again.expect(200)["nonce"]].map(Clone::clone);
    assert_ne!(nonces[0], nonces[1]);
    assert_eq!(attempt.browser.expect("scanned").await["version"], 2);
    attempt.browser.expect_silence().await;
    let mut statuses = Vec::new();
    for nonce in &nonces {
        statuses.push(phone.confirm(nonce).await.status);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 403]);
}

#[actix_web::test]
async fn a5_a_phone_that_wechat_does_not_vouch_for_claims_nothing() {
    let server = TestServer::start().await;
    let mut attempt = server.pending().await;
    let mut phone = server.phone().await;
    let session = async |phone: &Phone, code: &str| {
        phone
            .post("/api/phone/session", json!({"code": code}))
            .await
    };
    let wechat = server.simulator.state();
    let other_app = SimulatedApp {
        app_id: "wxffffffffffffffff".to_owned(),
        app_secret: "0".repeat(32),
        pages: vec!["pages/index/index".to_owned()],
    };
    wechat.add_app(other_app.clone());
    let foreign = wechat
        .login_code(&phone.openid, None, Some(&other_app.app_id))
        .unwrap();
    session(&phone, &foreign)
        .await
        .expect_problem(401, "wechat_code_invalid");
    let used = phone.js_code().await;
    let token = session(&phone, &used).await.expect(200)["token"].clone();
    session(&phone, &used)
        .await
        .expect_problem(401, "wechat_code_used");
    for bad in ["", &used, &foreign, &"A".repeat(43)] {
        phone.token = bad.to_owned();
        phone
            .scan(&attempt.scene)
            .await
            .expect_problem(401, "phone_session_invalid");
    }
    // No token at all, and identities in the body.
    let body = json!({"scene": attempt.scene, "entry_scene": 1047, "openid": phone.openid});
    let json = [("content-type", "application/json")];
    let path = "/api/phone/scan";
    let bare = attempt
        .browser
        .raw(Method::POST, path, &json, &body.to_string())
        .await;
    bare.expect_problem(401, "phone_session_invalid");
    attempt.browser.expect_silence().await;
    phone.token = token.as_str().unwrap().to_owned();
    phone.scan(&attempt.scene).await.expect(200);
    attempt.browser.expect("scanned").await;
}

#[actix_web::test]
async fn a6_under_the_strict_check_every_way_to_the_code_needs_six_digits() {
    let server = TestServer::start_with(&[("SAOMA_CHECK", "code")]).await;
    let phone = server.registered_phone("Ming").await;
    for entry_scene in [CAMERA, FORWARDED, 1049, 1012, 1013, 1007] {
        let mut attempt = server.pending().await;
        let scanned = phone.scan_by(&attempt.scene, entry_scene).await.expect(200);
        assert_eq!(scanned["check"], "code", "{entry_scene}");
        let confirmed = phone.confirm(&scanned["nonce"]).await.expect(200);
        assert_eq!(confirmed["result"], "code_needed");
        attempt
            .browser
            .redeem(&attempt.id)
            .await
            .expect_problem(409, "not_confirmed");
    }
    // How each code was reached is in the audit log.
    let told = "select string_agg(entry_scene::text, ' ' order by id) from audit_log
        where event = 'confirm'";
    assert_eq!(
        server.database.text(told).await,
        "1047 1048 1049 1012 1013 1007"
    );
}

#[actix_web::test]
async fn a9_guessing_scenes_finds_none_is_slowed_down_and_disturbs_nobody() {
    let options = [
        ("SAOMA_MAX_SCANS_PER_USER", "60"),
        ("SAOMA_MAX_FAILURES_PER_USER", "20"),
    ];
    let server = TestServer::start_with(&options).await;
    let phone = server.registered_phone("Ming").await;
    let mut guesser = server.phone().await;
    let mut attempt = server.pending().await;
    let mut looked_up = 0;
    for _ in 0..soak::times(50, 10_000) {
        let guess = guesser.scan(&unknown()).await;
        if guess.status == 404 {
            guess.expect_problem(404, "scene_unknown");
            looked_up += 1;
        } else {
            let problem = guess.expect_problem(429, "slow_down");
            assert_eq!(guess.header("retry-after"), problem["retry_in"].to_string());
        }
    }
    // Of 2^192 scenes.
    assert_eq!(looked_up, 20);
    // Signing in again makes nobody somebody else.
    guesser.sign_in().await.expect(200);
    guesser
        .scan(&unknown())
        .await
        .expect_problem(429, "slow_down");
    attempt.browser.expect_silence().await;
    let nonce = phone.scan(&attempt.scene).await.expect(200)["nonce"].clone();
    attempt.browser.expect("scanned").await;
    phone.confirm(&nonce).await.expect(200);
    attempt.browser.expect("login_succeeded").await;
}

#[actix_web::test]
async fn a10_a_phone_page_that_was_left_open_for_an_hour_confirms_nothing() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let mut attempt = server.scanned(&phone).await;
    server.advance(Duration::from_secs(3600)).await;
    attempt.browser.expect("expired").await;
    phone
        .confirm(&attempt.nonce)
        .await
        .expect_problem(410, "attempt_expired");
    phone
        .scan(&attempt.scene)
        .await
        .expect_problem(410, "attempt_expired");
    attempt
        .browser
        .redeem(&attempt.id)
        .await
        .expect_problem(410, "attempt_expired");
}

#[actix_web::test]
async fn a12_whoever_scans_somebody_elses_code_first_logs_nobody_in_under_the_strict_check() {
    let server = TestServer::start_with(&[("SAOMA_CHECK", "code")]).await;
    let attacker = server.registered_phone("Mallory").await;
    let victim = server.registered_phone("Ming").await;
    let mut attempt = server.scanned(&attacker).await;
    let confirmed = attacker.confirm(&attempt.nonce).await.expect(200);
    assert_eq!(confirmed["result"], "code_needed");
    attempt.browser.expect("code_needed").await;
    // The victim does not know the digits, so the browser enters nobody's account.
    attempt
        .browser
        .redeem(&attempt.id)
        .await
        .expect_problem(409, "not_confirmed");
    // And learns that somebody else was there.
    victim
        .scan(&attempt.scene)
        .await
        .expect_problem(409, "already_scanned");
    attempt.browser.expect("contested").await;
    assert_eq!(attempt.browser.tab().get("/api/me").await.status, 401);
}

#[actix_web::test]
async fn a12_without_it_the_browser_is_told_whose_account_it_is_and_leaves_at_once() {
    let server = TestServer::start().await;
    let attacker = server.registered_phone("Mallory").await;
    let mut attempt = server.confirmed(&attacker).await;
    // What the page shows beside 'not me', before it goes anywhere.
    let redeemed = attempt.browser.redeem(&attempt.id).await.expect(200);
    assert_eq!(redeemed["user"]["nickname"], "Mallory");
    let kept = attempt.browser.tab();
    attempt
        .browser
        .post("/api/logout", json!({}))
        .await
        .expect(204);
    kept.tab()
        .get("/api/me")
        .await
        .expect_problem(401, "session_missing");
}
