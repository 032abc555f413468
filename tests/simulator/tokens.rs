//! `/cgi-bin/token`, and what a token is worth at `wxa`.

use saoma::simulator::Endpoint;
use serde_json::json;

use crate::helpers::{APP_ID, secret, start};

#[actix_web::test]
async fn each_call_gives_a_new_token_for_two_hours() {
    let sim = start();
    let (first, second) = (sim.plain_token().await, sim.plain_token().await);
    assert_ne!(first.token(), second.token());
    assert_eq!(second.expires_in(), 7200);
    assert!(second.token().len() >= 136, "as long as real ones");
    assert!(second.json().get("errcode").is_none());
}

#[actix_web::test]
async fn the_old_token_works_five_minutes_beside_the_new_one() {
    let sim = start();
    let old = sim.plain_token().await.token();
    let new = sim.plain_token().await.token();
    sim.advance(290);
    assert_eq!(sim.errcode_with_token(&old).await, 0);
    sim.advance(20);
    assert_eq!(sim.errcode_with_token(&old).await, 40001);
    assert_eq!(sim.errcode_with_token(&new).await, 0);
}

#[actix_web::test]
async fn plain_and_stable_tokens_leave_each_other_alone() {
    let sim = start();
    let stable = sim.stable_token(false).await.token();
    let plain = sim.plain_token().await.token();
    sim.stable_token(true).await;
    sim.advance(31);
    sim.stable_token(true).await;
    sim.advance(600);
    assert_eq!(sim.errcode_with_token(&plain).await, 0);
    assert_eq!(sim.errcode_with_token(&stable).await, 40001);
    let stable = sim.stable_token(false).await.token();
    sim.plain_token().await;
    sim.plain_token().await;
    sim.advance(600);
    assert_eq!(sim.errcode_with_token(&stable).await, 0);
}

#[actix_web::test]
async fn a_token_is_missing_wrong_or_expired() {
    let sim = start();
    let token = sim.access_token().await;
    let in_the_body = json!({ "scene": "abc", "access_token": token });
    let reply = sim.post("/wxa/getwxacodeunlimit", &in_the_body).await;
    assert_eq!(reply.errcode(), 41001);
    assert!(
        reply.errmsg().starts_with("access_token missing rid: "),
        "{}",
        reply.errmsg()
    );
    let wrong = sim
        .code_image_with("88_wrong", &json!({ "scene": "abc" }))
        .await;
    assert_eq!(wrong.errcode(), 40001);
    assert!(
        wrong
            .errmsg()
            .starts_with("invalid credential, access_token is invalid")
    );
    sim.advance(7200);
    let expired = sim
        .code_image_with(&token, &json!({ "scene": "abc" }))
        .await;
    assert_eq!(expired.errcode(), 42001);
    assert!(expired.errmsg().starts_with("access_token expired rid: "));
}

#[actix_web::test]
async fn the_app_id_is_checked_before_the_other_parameters() {
    let sim = start();
    assert_eq!(sim.get("/cgi-bin/token").await.errcode(), 41002);
    let reply = sim.get("/cgi-bin/token?appid=wxdoesnotexist").await;
    assert_eq!(reply.errcode(), 40013);
    assert!(
        reply.errmsg().starts_with("invalid appid rid: "),
        "{}",
        reply.errmsg()
    );
    let ask = async |rest: &str| {
        sim.get(&format!("/cgi-bin/token?appid={APP_ID}{rest}"))
            .await
    };
    assert_eq!(ask("").await.errcode(), 40002);
    assert_eq!(ask("&grant_type=client_credential").await.errcode(), 41004);
    assert_eq!(
        ask("&grant_type=client_credential&secret=wrong")
            .await
            .errcode(),
        40125
    );
}

#[actix_web::test]
async fn a_request_id_begins_with_the_simulators_time() {
    let sim = start();
    sim.advance(1_000_000);
    let before = sim.state().now().timestamp();
    let errmsg = sim.get("/cgi-bin/token").await.errmsg();
    let groups: Vec<&str> = errmsg.rsplit_once("rid: ").unwrap().1.split('-').collect();
    assert_eq!(groups.len(), 3);
    assert!(groups.iter().all(|group| group.len() == 8), "{errmsg}");
    let seconds = i64::from_str_radix(groups[0], 16).unwrap();
    assert!((before..before + 10).contains(&seconds));
}

#[actix_web::test]
async fn an_address_off_the_allowlist_gets_no_token() {
    let sim = start();
    sim.state().set_ip_allowed(false);
    for reply in [sim.plain_token().await, sim.stable_token(false).await] {
        assert_eq!(reply.errcode(), 40164);
        let expected = "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist rid: ";
        assert!(reply.errmsg().starts_with(expected), "{}", reply.errmsg());
    }
    sim.state().set_ip_allowed(true);
    assert_eq!(sim.plain_token().await.expires_in(), 7200);
}

#[actix_web::test]
async fn a_daily_quota_turns_with_the_day() {
    let sim = start();
    sim.begin_a_day();
    sim.state().set_daily_quota(Endpoint::Token, Some(2));
    sim.plain_token().await;
    sim.plain_token().await;
    let refused = sim.plain_token().await;
    assert_eq!(refused.errcode(), 45009);
    assert!(
        refused
            .errmsg()
            .starts_with("reach max api daily quota limit rid: ")
    );
    sim.advance(86_400);
    assert_eq!(sim.plain_token().await.expires_in(), 7200);
}

#[actix_web::test]
async fn several_mini_programs_have_tokens_of_their_own() {
    let sim = start();
    sim.state().add_app(saoma::simulator::SimulatedApp {
        app_id: "wxother".into(),
        app_secret: "other".into(),
        pages: vec!["pages/other/other".into()],
    });
    let reply = sim
        .get("/cgi-bin/token?grant_type=client_credential&appid=wxother&secret=other")
        .await;
    let page = json!({ "scene": "a", "page": "pages/other/other" });
    let reply = sim.code_image_with(&reply.token(), &page).await;
    assert_eq!(reply.content_type, "image/jpeg");
    assert_eq!(sim.code_image(&page).await.errcode(), 41030);
    let with_foreign_secret = format!(
        "/cgi-bin/token?grant_type=client_credential&appid=wxother&secret={}",
        secret()
    );
    assert_eq!(sim.get(&with_foreign_secret).await.errcode(), 40125);
}

#[actix_web::test]
async fn an_unknown_path_is_refused_as_everything_is() {
    let sim = start();
    let reply = sim.get("/cgi-bin/no_such_thing").await;
    assert_eq!(reply.errcode(), 40066);
}
