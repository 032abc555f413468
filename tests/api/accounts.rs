//! A person's account: made, renamed, known by unionid, deleted.

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::{phone_sessions::is_alive, support::TestServer};

#[actix_web::test]
async fn a_nickname_has_up_to_32_characters_and_no_control_characters() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let long = "明".repeat(33);
    for bad in [long.as_str(), "a\nb", "\u{0}"] {
        phone
            .register(Some(bad))
            .await
            .expect_problem(422, "nickname_invalid");
    }
    phone
        .post("/api/phone/register", json!({"nickname": 7}))
        .await
        .expect_problem(400, "bad_request");
    let longest = "明".repeat(32);
    assert_eq!(
        phone.register(Some(&longest)).await.expect(201)["nickname"],
        longest
    );
    let rename = async |nickname: Value| {
        phone
            .request(
                Method::PUT,
                "/api/phone/me",
                Some(json!({"nickname": nickname})),
            )
            .await
    };
    assert_eq!(rename(json!("Ming")).await.expect(200)["nickname"], "Ming");
    for bad in [json!(""), json!("  "), json!(long)] {
        rename(bad).await.expect_problem(422, "nickname_invalid");
    }
    rename(Value::Null).await.expect_problem(400, "bad_request");
}

#[actix_web::test]
async fn a_nickname_may_be_left_out() {
    let server = TestServer::start().await;
    for body in [
        json!({}),
        json!({"nickname": null}),
        json!({"nickname": "  "}),
    ] {
        let phone = server.phone().await;
        let user = phone.post("/api/phone/register", body).await.expect(201);
        assert_eq!(user["nickname"], Value::Null);
    }
}

#[actix_web::test]
async fn a_unionid_is_kept_when_it_appears_and_not_lost_when_it_goes() {
    let server = TestServer::start().await;
    let wechat = server.simulator.state();
    wechat.set_bound_to_open_platform(false);
    let mut phone = server.registered_phone("Ming").await;
    let known = "select count(*) from wechat_identities where unionid is not null";
    assert_eq!(server.database.count(known).await, 0);
    wechat.set_bound_to_open_platform(true);
    phone.sign_in().await.expect(200);
    assert_eq!(server.database.count(known).await, 1);
    wechat.set_bound_to_open_platform(false);
    let again = phone.sign_in().await.expect(200);
    assert_eq!(again["registered"], true);
    assert_eq!(server.database.count(known).await, 1);
}

#[actix_web::test]
async fn somebody_unknown_may_delete_what_is_kept_too() {
    let server = TestServer::start().await;
    let phone = server.phone().await;
    let mut attempt = server.scanned(&phone).await;
    phone
        .request(Method::DELETE, "/api/phone/account", None)
        .await
        .expect(204);
    server.look_again().await;
    assert_eq!(
        attempt.browser.expect("failed").await["reason"],
        "account_deleted"
    );
    assert!(!is_alive(&phone).await);
}
