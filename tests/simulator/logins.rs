//! `/sns/jscode2session` and the codes that a phone's `wx.login` would give.

use saoma::simulator::SimulatedApp;
use serde_json::json;

use crate::helpers::{APP_ID, TestSimulator, secret, start};

fn add_other_app(sim: &TestSimulator) {
    sim.state().add_app(SimulatedApp {
        app_id: "wxother".into(),
        app_secret: "other".into(),
        pages: vec!["pages/other/other".into()],
    });
}

#[actix_web::test]
async fn a_code_looks_like_one_from_a_phone() {
    let sim = start();
    let code = sim.login_code(&json!({ "openid": "oA" })).await;
    assert_eq!(code.len(), 32);
    assert!(
        code.starts_with('0') && code.chars().all(|c| c.is_ascii_alphanumeric()),
        "{code}"
    );
}

#[actix_web::test]
async fn a_code_is_exchanged_for_a_session_in_the_real_spelling() {
    let sim = start();
    let code = sim
        .login_code(&json!({ "openid": "o/A", "unionid": "oU" }))
        .await;
    let reply = sim.exchange(&code).await;
    assert_eq!(reply.content_type, "text/plain");
    let text = reply.text();
    assert!(text.starts_with(r#"{"session_key":""#), "{text}");
    assert!(
        text.ends_with(r#","openid":"o\/A","unionid":"oU"}"#),
        "{text}"
    );
    assert!(
        !text.replace("\\/", "").contains('/'),
        "every slash is escaped: {text}"
    );
    assert_eq!(reply.json()["session_key"].as_str().unwrap().len(), 24);
    assert!(reply.json().get("errcode").is_none());
}

#[actix_web::test]
async fn a_code_is_good_only_once() {
    let sim = start();
    let code = sim.login_code(&json!({ "openid": "oA" })).await;
    sim.exchange(&code).await;
    let again = sim.exchange(&code).await;
    assert_eq!(again.errcode(), 40163);
    assert!(
        again.errmsg().starts_with("code been used, rid: "),
        "{}",
        again.errmsg()
    );
}

#[actix_web::test]
async fn a_code_lives_five_minutes() {
    let sim = start();
    let early = sim.login_code(&json!({ "openid": "oA" })).await;
    let late = sim.login_code(&json!({ "openid": "oA" })).await;
    sim.advance(290);
    assert_eq!(sim.exchange(&early).await.json()["openid"], "oA");
    sim.advance(11);
    let expired = sim.exchange(&late).await;
    assert_eq!(expired.errcode(), 40029);
    assert!(
        expired.errmsg().starts_with("invalid code, rid: "),
        "{}",
        expired.errmsg()
    );
}

#[actix_web::test]
async fn a_code_belongs_to_the_mini_program_that_made_it() {
    let sim = start();
    add_other_app(&sim);
    let code = sim
        .login_code(&json!({ "openid": "oA", "appid": "wxother" }))
        .await;
    assert_eq!(sim.exchange(&code).await.errcode(), 40029);
    assert_eq!(
        sim.exchange_as("wxother", "other", &code).await.json()["openid"],
        "oA"
    );
    let unknown = sim
        .post("/_sim/js_code", &json!({ "openid": "oA", "appid": "wxno" }))
        .await;
    assert_eq!(unknown.status, 400);
}

#[actix_web::test]
async fn a_user_has_one_openid_in_each_mini_program() {
    let sim = start();
    add_other_app(&sim);
    let mut openids = Vec::new();
    for (app_id, secret) in [(APP_ID, secret()), ("wxother", "other".into())] {
        let mut first = None;
        for _ in 0..2 {
            let code = sim
                .login_code(&json!({ "user": "alex", "appid": app_id }))
                .await;
            let session = sim.exchange_as(app_id, &secret, &code).await.json();
            let openid = session["openid"].as_str().unwrap().to_owned();
            assert!(openid.len() == 28 && openid.starts_with('o'), "{openid}");
            assert_eq!(*first.get_or_insert(openid.clone()), openid);
        }
        openids.push(first);
    }
    assert_ne!(openids[0], openids[1]);
}

#[actix_web::test]
async fn refusals_have_a_comma_before_their_request_id() {
    let sim = start();
    let code = sim.login_code(&json!({ "openid": "oA" })).await;
    let missing = sim.exchange("").await;
    assert_eq!(missing.errcode(), 41008);
    assert!(
        missing.errmsg().starts_with("missing code, rid: "),
        "{}",
        missing.errmsg()
    );
    let unknown = sim.get("/sns/jscode2session?appid=wxdoesnotexist").await;
    assert_eq!(unknown.errcode(), 40013);
    assert!(
        unknown.errmsg().starts_with("invalid appid, rid: "),
        "{}",
        unknown.errmsg()
    );
    let wrong = sim.exchange_as(APP_ID, "wrong", &code).await;
    assert_eq!(wrong.errcode(), 40125);
    let no_grant = format!(
        "/sns/jscode2session?appid={APP_ID}&secret={}&js_code=x",
        secret()
    );
    assert_eq!(sim.get(&no_grant).await.errcode(), 40002);
    let mock = sim.exchange("the%20code%20is%20a%20mock%20one").await;
    assert_eq!(mock.errcode(), 40029);
}

#[actix_web::test]
async fn a_refused_secret_leaves_the_code_unused() {
    let sim = start();
    let code = sim.login_code(&json!({ "openid": "oA" })).await;
    sim.exchange_as(APP_ID, "wrong", &code).await;
    assert_eq!(sim.exchange(&code).await.json()["openid"], "oA");
}

#[actix_web::test]
async fn without_an_open_platform_account_there_is_no_unionid() {
    let sim = start();
    sim.state().set_bound_to_open_platform(false);
    let code = sim
        .login_code(&json!({ "openid": "oA", "unionid": "oU" }))
        .await;
    assert!(
        sim.exchange(&code)
            .await
            .text()
            .ends_with(r#","openid":"oA"}"#)
    );
}

#[actix_web::test]
async fn a_switch_sends_sessions_as_json() {
    let sim = start();
    sim.state().set_sns_as_json(true);
    let code = sim.login_code(&json!({ "openid": "oA" })).await;
    assert_eq!(sim.exchange(&code).await.content_type, "application/json");
}

#[actix_web::test]
async fn a_switch_refuses_the_address_here_too() {
    let sim = start();
    sim.state().set_ip_allowed_on_sns(false);
    let code = sim.login_code(&json!({ "openid": "oA" })).await;
    let refused = sim.exchange(&code).await;
    assert_eq!(refused.errcode(), 40164);
    assert!(
        refused.errmsg().contains(", not in whitelist, rid: "),
        "{}",
        refused.errmsg()
    );
}

#[actix_web::test]
async fn a_risky_user_is_blocked() {
    let sim = start();
    sim.state().set_blocked("oA", true);
    let code = sim.login_code(&json!({ "openid": "oA" })).await;
    let refused = sim.exchange(&code).await;
    assert_eq!(refused.errcode(), 40226);
    assert!(
        refused.errmsg().starts_with("code blocked, rid: "),
        "{}",
        refused.errmsg()
    );
}

#[actix_web::test]
async fn a_code_needs_somebody_to_belong_to() {
    let sim = start();
    for nobody in [
        json!({}),
        json!({ "openid": "" }),
        json!({ "user": "nobody" }),
        json!([]),
    ] {
        let reply = sim.post("/_sim/js_code", &nobody).await;
        assert_eq!(reply.status, 400);
        assert!(reply.json()["error"].is_string());
    }
}
