//! `/cgi-bin/stable_token`.

use awc::http::Method;
use saoma::simulator::Endpoint;
use serde_json::json;

use crate::helpers::{APP_ID, start};

const PATH: &str = "/cgi-bin/stable_token";

#[actix_web::test]
async fn the_same_token_comes_back_with_less_time_left() {
    let sim = start();
    let first = sim.stable_token(false).await;
    assert_eq!(first.expires_in(), 7200);
    sim.advance(6000);
    let later = sim.stable_token(false).await;
    assert_eq!(later.token(), first.token());
    assert!(
        (1190..=1200).contains(&later.expires_in()),
        "{}",
        later.expires_in()
    );
}

#[actix_web::test]
async fn below_five_minutes_a_new_token_comes_and_both_work_for_five_minutes() {
    let sim = start();
    let old = sim.stable_token(false).await.token();
    sim.advance(7200 - 290);
    let new = sim.stable_token(false).await;
    assert_ne!(new.token(), old);
    assert_eq!(new.expires_in(), 7200);
    sim.advance(280);
    assert_eq!(sim.errcode_with_token(&old).await, 0);
    assert_eq!(sim.errcode_with_token(&new.token()).await, 0);
    sim.advance(30);
    assert_eq!(sim.errcode_with_token(&old).await, 40001);
    assert_eq!(sim.errcode_with_token(&new.token()).await, 0);
}

#[actix_web::test]
async fn a_forced_refresh_within_thirty_seconds_refreshes_nothing() {
    let sim = start();
    let forced = sim.stable_token(true).await.token();
    sim.advance(20);
    assert_eq!(sim.stable_token(true).await.token(), forced);
    sim.advance(11);
    assert_ne!(sim.stable_token(true).await.token(), forced);
}

#[actix_web::test]
async fn twenty_forced_refreshes_a_day_are_enough() {
    let sim = start();
    sim.begin_a_day();
    for _ in 0..20 {
        sim.stable_token(true).await.token();
        sim.advance(31);
    }
    assert_eq!(sim.stable_token(true).await.errcode(), 45009);
    sim.advance(86_400);
    sim.stable_token(true).await.token();
}

#[actix_web::test]
async fn one_forced_refresh_leaves_the_old_token_an_overlap_and_the_second_ends_it() {
    let sim = start();
    let leaked = sim.stable_token(false).await.token();
    sim.stable_token(true).await;
    assert_eq!(sim.errcode_with_token(&leaked).await, 0);
    sim.advance(31);
    sim.stable_token(true).await;
    assert_eq!(sim.errcode_with_token(&leaked).await, 40001);
}

#[actix_web::test]
async fn a_switch_lets_one_forced_refresh_end_the_old_token_at_once() {
    let sim = start();
    sim.state().set_overlap_after_forced_refresh(false);
    let leaked = sim.stable_token(false).await.token();
    let forced = sim.stable_token(true).await.token();
    assert_eq!(sim.errcode_with_token(&leaked).await, 40001);
    assert_eq!(sim.errcode_with_token(&forced).await, 0);
}

#[actix_web::test]
async fn what_is_missing_or_wrong_is_named() {
    let sim = start();
    let get = sim.get(PATH).await;
    assert_eq!(get.errcode(), 43002);
    assert!(
        get.errmsg().starts_with("require POST method rid: "),
        "{}",
        get.errmsg()
    );
    assert_eq!(
        sim.send(Method::POST, PATH, "appid=x").await.errcode(),
        47001
    );
    let grant = "client_credential";
    let ask = async |body| sim.post(PATH, &body).await.errcode();
    assert_eq!(
        ask(json!({ "grant_type": grant, "secret": "s" })).await,
        41002
    );
    assert_eq!(
        ask(json!({ "grant_type": grant, "appid": "wx", "secret": "s" })).await,
        40013
    );
    assert_eq!(
        ask(json!({ "grant_type": grant, "appid": APP_ID })).await,
        41004
    );
    assert_eq!(
        ask(json!({ "grant_type": grant, "appid": APP_ID, "secret": "s" })).await,
        40125
    );
    assert_eq!(
        ask(json!({ "grant_type": "g", "appid": APP_ID, "secret": "s" })).await,
        40002
    );
}

#[actix_web::test]
async fn a_minute_quota_turns_with_the_minute() {
    let sim = start();
    sim.begin_a_day();
    sim.state().set_minute_quota(Endpoint::StableToken, Some(1));
    sim.stable_token(false).await.token();
    assert_eq!(sim.stable_token(false).await.errcode(), 45011);
    sim.advance(60);
    sim.stable_token(false).await.token();
}
