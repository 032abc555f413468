//! `/wxa/business/getuserphonenumber`.

use saoma::simulator::SimulatedApp;
use serde_json::{Value, json};

use crate::helpers::{Reply, TestSimulator, start};

async fn phone_code(sim: &TestSimulator, body: &Value) -> String {
    sim.post("/_sim/phone_code", body).await.json()["code"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn exchange(sim: &TestSimulator, body: &Value) -> Reply {
    let token = sim.access_token().await;
    sim.post(
        &format!("/wxa/business/getuserphonenumber?access_token={token}"),
        body,
    )
    .await
}

#[actix_web::test]
async fn a_phone_code_gives_a_number_once() {
    let sim = start();
    let code = phone_code(&sim, &json!({ "phone_number": "13800000000" })).await;
    assert!(
        code.len() == 64 && code.chars().all(|c| c.is_ascii_hexdigit()),
        "{code}"
    );
    let reply = exchange(&sim, &json!({ "code": code })).await.json();
    assert_eq!(
        (reply["errcode"].as_i64(), reply["errmsg"].as_str()),
        (Some(0), Some("ok"))
    );
    assert_eq!(reply["phone_info"]["purePhoneNumber"], "13800000000");
    assert_eq!(reply["phone_info"]["countryCode"], "86");
    let again = exchange(&sim, &json!({ "code": code })).await;
    assert_eq!(again.errcode(), 40029);
    assert!(
        again.errmsg().starts_with("invalid code rid: "),
        "{}",
        again.errmsg()
    );
}

#[actix_web::test]
async fn a_phone_code_lives_five_minutes() {
    let sim = start();
    let code = phone_code(&sim, &json!({ "phone_number": "13800000000" })).await;
    sim.advance(301);
    assert_eq!(
        exchange(&sim, &json!({ "code": code })).await.errcode(),
        40029
    );
}

#[actix_web::test]
async fn phone_codes_and_login_codes_are_different_things() {
    let sim = start();
    let phone = phone_code(&sim, &json!({ "phone_number": "13800000000" })).await;
    let login = sim.login_code(&json!({ "openid": "oA" })).await;
    assert_eq!(sim.exchange(&phone).await.errcode(), 40029);
    assert_eq!(
        exchange(&sim, &json!({ "code": login })).await.errcode(),
        40029
    );
}

#[actix_web::test]
async fn another_mini_programs_phone_code_is_refused_by_its_app_id() {
    let sim = start();
    sim.state().add_app(SimulatedApp {
        app_id: "wxother".into(),
        app_secret: "other".into(),
        pages: Vec::new(),
    });
    let body = json!({ "phone_number": "13800000000", "appid": "wxother" });
    let code = phone_code(&sim, &body).await;
    assert_eq!(
        exchange(&sim, &json!({ "code": code })).await.errcode(),
        40013
    );
}

#[actix_web::test]
async fn an_openid_that_comes_along_must_be_the_codes() {
    let sim = start();
    let body = json!({ "phone_number": "13800000000", "openid": "oA" });
    let code = phone_code(&sim, &body).await;
    let as_other = exchange(&sim, &json!({ "code": code, "openid": "oB" })).await;
    assert_eq!(as_other.errcode(), 40029);
    let as_owner = exchange(&sim, &json!({ "code": code, "openid": "oA" })).await;
    assert_eq!(as_owner.errcode(), 0);
}

#[actix_web::test]
async fn a_switch_sends_the_country_code_as_a_number() {
    let sim = start();
    sim.state().set_country_code_as_number(true);
    let code = phone_code(&sim, &json!({ "phone_number": "13800000000" })).await;
    let reply = exchange(&sim, &json!({ "code": code })).await.json();
    assert_eq!(reply["phone_info"]["countryCode"], 86);
}

#[actix_web::test]
async fn a_phone_number_needs_an_access_token() {
    let sim = start();
    let reply = sim
        .post("/wxa/business/getuserphonenumber", &json!({ "code": "x" }))
        .await;
    assert_eq!(reply.errcode(), 41001);
}
