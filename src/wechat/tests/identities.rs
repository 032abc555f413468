//! What comes of a `wx.login` code.

use secrecy::SecretString;

use super::{SESSION, fake_with, identify_error, js_code};
use crate::wechat::{
    Endpoint::{Identity, StableToken},
    WechatError,
    fake::{answer, json, refusal},
};

#[actix_web::test]
async fn an_identity_is_read_whatever_the_content_type() {
    for content_type in ["text/plain", "application/json", "text/html", "image/jpeg"] {
        let fake = fake_with(answer(content_type, SESSION)).await;
        let identity = fake.client().identify(&js_code()).await.unwrap();
        assert_eq!(identity.open_id, "o-reader", "{content_type}");
        assert_eq!(identity.union_id, None);
    }
}

#[actix_web::test]
async fn the_identity_is_asked_for_with_code_and_secret_and_without_a_token() {
    let fake = fake_with(json(SESSION)).await;
    let odd_code = SecretString::from("the code is a mock one&x=1");
    fake.client().identify(&odd_code).await.unwrap();
    let [request] = &fake.requests(Identity)[..] else {
        panic!("one call expected")
    };
    assert_eq!(request.method, "GET");
    assert_eq!(
        request.target,
        "/sns/jscode2session?appid=wx0123456789abcdef&secret=canary-app-secret\
         &js_code=the+code+is+a+mock+one%26x%3D1&grant_type=authorization_code"
    );
    assert_eq!(fake.calls(StableToken), 0);
}

#[actix_web::test]
async fn t7_a_unionid_is_kept_and_unknown_fields_do_no_harm() {
    let body =
        r#"{"session_key":"a","expires_in":2592000,"openid":"o1","unionid":"u1","errcode":0}"#;
    let fake = fake_with(json(body)).await;
    let identity = fake.client().identify(&js_code()).await.unwrap();
    assert_eq!(identity.union_id.as_deref(), Some("u1"));
}

#[actix_web::test]
async fn t7_without_an_openid_there_is_no_login() {
    for body in [
        r#"{"session_key":"a"}"#,
        r#"{"session_key":"a","openid":""}"#,
        r#"{"openid":null}"#,
        "{}",
    ] {
        let error = identify_error(json(body)).await;
        assert!(
            matches!(error, WechatError::Garbage { .. }),
            "{body} {error}"
        );
    }
}

#[actix_web::test]
async fn refused_logins_are_told_apart() {
    let by_code = async |code| identify_error(refusal(code, "no, rid: 1-2-3")).await;
    assert!(matches!(by_code(40029).await, WechatError::CodeInvalid(_)));
    assert!(matches!(by_code(40163).await, WechatError::CodeUsed(_)));
    assert!(matches!(by_code(40226).await, WechatError::UserBlocked(_)));
    assert!(matches!(by_code(45011).await, WechatError::MinuteQuota(_)));
    assert!(matches!(by_code(-1).await, WechatError::Busy(_)));
}

#[actix_web::test]
async fn a_code_longer_than_any_is_refused_without_asking() {
    let fake = fake_with(json(SESSION)).await;
    let error = fake.client().identify(&"x".repeat(513).into()).await;
    assert!(matches!(error, Err(WechatError::CodeInvalid(_))));
    assert_eq!(fake.calls(Identity), 0);
}
