//! Q: the detectors of the USENIX Security 2025 study, as black boxes.

use std::{collections::HashSet, time::Duration};

use actix_web::http::{Method, StatusCode};
use saoma::login::ids::Scene;
use serde_json::json;

use crate::{
    fallback::{begin, poll},
    support::{Browser, TestServer},
};

#[actix_web::test]
async fn q1_without_its_browsers_secret_an_attempt_gives_nothing() {
    let server = TestServer::start().await;
    let (attempt, _) = begin(server.browser().await, json!({})).await;
    let mut stranger = server.browser().await;
    let mut nobody = Browser::new(&server.url);
    let bodies = json!({"version": 1, "silent": false, "code": "123456"});
    for path in [
        attempt.path(),
        "/api/login/attempts/7b3ce6a6-1bd4-4c95-8a0f-111111111111".to_owned(),
        "/api/login/attempts/not-an-id".to_owned(),
    ] {
        stranger
            .get(&path)
            .await
            .expect_problem(404, "attempt_unknown");
        nobody
            .get(&path)
            .await
            .expect_problem(401, "browser_secret_missing");
        for action in ["refresh", "cancel", "check", "redeem"] {
            let path = format!("{path}/{action}");
            let answer = stranger.post(&path, bodies.clone()).await;
            answer.expect_problem(404, "attempt_unknown");
            let answer = nobody.post(&path, bodies.clone()).await;
            answer.expect_problem(401, "browser_secret_missing");
        }
    }
    nobody
        .post("/api/login/attempts", json!({}))
        .await
        .expect_problem(401, "browser_secret_missing");
    let failed = stranger.resume(&attempt.id).await;
    assert_eq!(
        (&failed["type"], &failed["version"], &failed["reason"]),
        (&"failed".into(), &0.into(), &"attempt_unknown".into())
    );
    let query = format!("/ws/login?resume={}", attempt.id.as_str().unwrap());
    assert_eq!(
        nobody.try_socket(&query).await,
        Err(StatusCode::UNAUTHORIZED)
    );
    // Its own browser is unaffected.
    assert_eq!(poll(&attempt, "").await.expect(200)["version"], 1);
    let by_get = format!("{}/refresh", attempt.path());
    let answer = attempt.browser.raw(Method::GET, &by_get, &[], "").await;
    answer.expect_problem(405, "method_not_allowed");
}

#[actix_web::test]
async fn q2_after_the_login_nothing_can_be_had_once_more() {
    let server = TestServer::start().await;
    let phone = server.registered_phone("Ming").await;
    let attempt = server.confirmed(&phone).await;
    let replay = attempt.browser.tab();
    let mut browser = attempt.browser.tab();
    browser.redeem(&attempt.id).await.expect(200);
    // Whoever kept the cookies of before the login.
    let status = replay.tab().get(&attempt.path()).await.expect(200);
    assert_eq!(status["type"], "redeemed");
    let mut socket = replay.tab();
    assert_eq!(socket.resume(&attempt.id).await["type"], "redeemed");
    assert_eq!(socket.expect_close().await, 4002);
    server.advance(Duration::from_secs(30)).await;
    let again = replay.tab().redeem(&attempt.id).await;
    again.expect_problem(409, "already_redeemed");
    assert!(again.cookies().is_empty());
    phone
        .scan(&attempt.scene)
        .await
        .expect_problem(409, "already_redeemed");
    let sessions = "select count(*) from sessions";
    assert_eq!(server.database.count(sessions).await, 1);
    browser.get("/api/me").await.expect(200);
}

#[test]
fn q3_a_million_scenes_are_unlike_each_other_and_evenly_spread() {
    const SCENES: usize = 1_000_000;
    let mut seen = HashSet::with_capacity(SCENES);
    // How often each of the 64 characters stands at each of the 32 places.
    let mut counts = vec![[0_u32; 64]; 32];
    let place = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        other => panic!("{other} is not of the alphabet"),
    };
    for _ in 0..SCENES {
        let scene = Scene::random();
        let text = scene.as_str().as_bytes();
        assert_eq!(text.len(), 32);
        for (count, c) in counts.iter_mut().zip(text) {
            count[usize::from(place(*c))] += 1;
        }
        assert!(seen.insert(<[u8; 32]>::try_from(text).unwrap()));
    }
    // 63 degrees of freedom: a fair generator goes beyond 140 once in ten million tables.
    let expected = f64::from(u32::try_from(SCENES).unwrap()) / 64.0;
    for (at, count) in counts.iter().enumerate() {
        let square = |n: &u32| (f64::from(*n) - expected).powi(2) / expected;
        let chi_square: f64 = count.iter().map(square).sum();
        assert!(chi_square < 140.0, "place {at}: {chi_square}");
    }
}

#[actix_web::test]
async fn q4_a_browser_cannot_choose_the_id_or_the_scene() {
    let server = TestServer::start().await;
    let mut browser = server.browser().await;
    let id = "7b3ce6a6-1bd4-4c95-8a0f-111111111111";
    let scene = "A".repeat(32);
    let wishes = json!({
        "id": id, "attempt": id, "scene": scene, "state": "confirmed", "version": 7, "user_id": id,
    });
    let ticket = browser
        .post("/api/login/attempts", wishes)
        .await
        .expect(201);
    assert_eq!(
        (&ticket["type"], &ticket["version"]),
        (&"ticket".into(), &1.into())
    );
    assert_ne!(ticket["attempt"], id);
    assert_ne!(browser.scene(&ticket).await, scene);
    let mut tab = browser.tab();
    let path = format!("/ws/login?id={id}&attempt={id}&scene={scene}&state=confirmed");
    tab.try_socket(&path).await.unwrap();
    let ticket = tab.expect("ticket").await;
    assert_ne!(ticket["attempt"], id);
    assert_ne!(tab.scene(&ticket).await, scene);
    let phone = server.phone().await;
    phone
        .scan(&scene)
        .await
        .expect_problem(404, "scene_unknown");
}

#[actix_web::test]
async fn q5_a_body_cannot_say_who_somebody_is() {
    let server = TestServer::start().await;
    let (phone, mut victim) = (server.phone().await, server.registered_phone("Hong").await);
    let mut attempt = server.scanned(&phone).await;
    let id = victim.sign_in().await.expect(200)["user"]["id"].clone();
    let body = json!({
        "nonce": attempt.nonce, "openid": victim.openid, "unionid": format!("u{}", victim.openid),
        "user_id": id, "user": {"id": id}, "phone": "13800000000", "token": victim.token,
    });
    let answer = phone.post("/api/phone/confirm", body).await.expect(200);
    assert_eq!(answer["result"], "not_registered");
    attempt.browser.expect("not_registered").await;
}

#[actix_web::test]
async fn q6_a_browser_learns_nothing_about_the_person_before_the_redeem() {
    let server = TestServer::start_with(&[("SAOMA_TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let mut phone = server.phone().await;
    phone.address = Some("198.51.100.23".to_owned());
    let mut attempt = server.pending().await;
    let nonce = phone.scan(&attempt.scene).await.expect(200)["nonce"].clone();
    attempt.browser.expect("scanned").await;
    phone.confirm(&nonce).await.expect(200);
    attempt.browser.expect("not_registered").await;
    let user = phone.register(Some("Unmistakable")).await.expect(201);
    attempt.browser.expect("scanned").await;
    phone.confirm(&nonce).await.expect(200);
    attempt.browser.expect("login_succeeded").await;
    let mut other = server.phone().await;
    other.address = Some("198.51.100.24".to_owned());
    other.scan(&attempt.scene).await.expect(409);
    attempt.browser.expect("contested").await;
    // What the browser can ask for, headers and all.
    let refresh = format!("{}/refresh", attempt.path());
    let mut tab = attempt.browser.tab();
    let answers = [
        tab.get(&attempt.path()).await,
        tab.post(&refresh, json!({"version": 1, "silent": true}))
            .await,
        tab.get("/login").await,
        tab.get("/dashboard").await,
        tab.get("/api/me").await,
    ];
    let mut heard = attempt.browser.heard.clone();
    for answer in answers {
        let body = String::from_utf8(answer.bytes.to_vec()).unwrap();
        heard.push(format!("{:?} {body}", answer.headers));
    }
    assert!(heard.len() > 10);
    for text in &heard {
        for personal in [
            phone.openid.as_str(),
            &other.openid,
            "Unmistakable",
            user["id"].as_str().unwrap(),
            nonce.as_str().unwrap(),
            &phone.token,
            &attempt.scene,
            "198.51.100",
        ] {
            assert!(!text.contains(personal), "{text}");
        }
    }
}
