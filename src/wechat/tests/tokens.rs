//! The access token: one refresh at a time, one repetition.

use std::{
    sync::{Arc, Barrier},
    thread,
    time::Duration,
};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{JPEG, MOMENT, fake_with, fake_with_token};
use crate::wechat::{
    AccessToken,
    Endpoint::{CodeImage, StableToken},
    Wechat, WechatError,
    fake::{self, Fake, Reply, answer, grant, refusal},
};

#[actix_web::test]
async fn a_token_is_asked_for_in_the_normal_mode_below_the_base_address() {
    let mut fake = fake_with(answer("image/jpeg", JPEG)).await;
    fake.settings.base_url = fake.settings.base_url.join("some/proxy/").unwrap();
    fake.client().check_token().await.unwrap();
    let request = fake.requests(StableToken).remove(0);
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/some/proxy/cgi-bin/stable_token")
    );
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let expected = json!({"grant_type": "client_credential", "appid": "wx0123456789abcdef",
        "secret": "canary-app-secret"});
    assert_eq!(body, expected);
}

#[actix_web::test]
async fn a_refused_token_is_replaced_once_and_the_call_repeated_once() {
    for errcode in [40001, 40014, 42001] {
        let fake = Fake::start(
            move |request, before| match (request.is(StableToken), before) {
                (true, _) => grant(before + 1),
                (false, 0) => refusal(errcode, "access_token expired rid: 1-2-3"),
                (false, _) => answer("image/jpeg", JPEG),
            },
        )
        .await;
        let wechat = fake.client();
        wechat.code_image("scene").await.unwrap();
        wechat.code_image("scene").await.unwrap();
        assert_eq!(fake.calls(StableToken), 2, "{errcode}");
        let drawn = fake.requests(CodeImage);
        assert_eq!(drawn.len(), 3);
        assert!(drawn[0].target.ends_with("canary-token-1"));
        assert!(drawn[1].target.ends_with("canary-token-2"));
        assert!(drawn[2].target.ends_with("canary-token-2"));
    }
}

#[actix_web::test]
async fn a_second_refusal_is_returned_and_the_next_call_starts_anew() {
    let fake = fake_with(refusal(40001, "invalid credential rid: 1-2-3")).await;
    let wechat = fake.client();
    let error = wechat.code_image("scene").await.unwrap_err();
    assert!(matches!(error, WechatError::TokenRefused(_)), "{error}");
    assert_eq!((fake.calls(StableToken), fake.calls(CodeImage)), (2, 2));
    wechat.code_image("scene").await.unwrap_err();
    assert_eq!((fake.calls(StableToken), fake.calls(CodeImage)), (4, 4));
}

#[actix_web::test]
async fn other_errors_are_not_repeated() {
    let fake = fake_with(refusal(45009, "reach max api daily quota limit rid: 1-2-3")).await;
    let error = fake.client().code_image("scene").await.unwrap_err();
    assert!(matches!(error, WechatError::Quota(_)), "{error}");
    assert_eq!((fake.calls(StableToken), fake.calls(CodeImage)), (1, 1));
}

#[actix_web::test]
async fn many_calls_refused_together_share_one_new_token() {
    let fake = Fake::start(|request, before| {
        if request.is(StableToken) {
            grant(before + 1)
        } else if request.target.ends_with("canary-token-1") {
            Reply::Late(MOMENT, Box::new(refusal(42001, "access_token expired")))
        } else {
            answer("image/jpeg", JPEG)
        }
    })
    .await;
    let wechat = fake.client();
    let drawn = join_all((0..20).map(|_| wechat.code_image("scene"))).await;
    assert!(drawn.iter().all(Result::is_ok), "{drawn:?}");
    assert_eq!(fake.calls(StableToken), 2);
}

#[test]
fn twenty_calls_on_four_workers_ask_for_one_token() {
    let (tell, told) = std::sync::mpsc::channel();
    let server = thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let fake = Fake::start(|request, before| {
                if request.is(StableToken) {
                    Reply::Late(MOMENT, Box::new(grant(before + 1)))
                } else {
                    answer("image/jpeg", JPEG)
                }
            })
            .await;
            let (done, finished) = tokio::sync::oneshot::channel::<()>();
            tell.send((fake.settings.clone(), done)).unwrap();
            finished.await.unwrap();
            (fake.calls(StableToken), fake.calls(CodeImage))
        })
    });
    let (settings, done) = told.recv().unwrap();
    let (settings, token) = (Arc::new(settings), Arc::new(AccessToken::new()));
    let start = Arc::new(Barrier::new(4));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (settings, token) = (Arc::clone(&settings), Arc::clone(&token));
            let start = Arc::clone(&start);
            thread::spawn(move || {
                start.wait();
                actix_web::rt::System::new().block_on(async move {
                    let wechat = Wechat::new(settings, token);
                    join_all((0..5).map(|_| wechat.code_image("scene"))).await
                })
            })
        })
        .collect();
    for worker in workers {
        let drawn = worker.join().unwrap();
        assert!(drawn.iter().all(Result::is_ok), "{drawn:?}");
    }
    done.send(()).unwrap();
    assert_eq!(server.join().unwrap(), (1, 20));
}

#[actix_web::test]
async fn callers_who_wait_for_a_token_share_its_failure() {
    let fake = fake_with_token(refusal(40125, "invalid appsecret rid: 1-2-3")).await;
    let wechat = fake.client();
    let failed = join_all((0..20).map(|_| wechat.code_image("scene"))).await;
    for answer in failed {
        assert_eq!(answer.unwrap_err().errcode(), Some(40125));
    }
    assert_eq!(fake.calls(StableToken), 1);
    wechat.check_token().await.unwrap_err();
    assert_eq!(fake.calls(StableToken), 2);
}

#[actix_web::test]
async fn a_token_that_hangs_holds_nobody_longer_than_its_limit() {
    let mut fake = fake_with_token(Reply::HANG).await;
    fake.settings.timeout = MOMENT;
    let wechat = fake.client();
    let hurried = join_all((0..20).map(|_| wechat.code_image("scene"))).await;
    for answer in hurried {
        assert!(matches!(answer, Err(WechatError::Timeout { .. })));
    }
    assert_eq!(fake.calls(StableToken), 1);
}

#[actix_web::test]
async fn a_caller_who_leaves_while_fetching_leaves_the_work_to_the_next() {
    let fake = Fake::start(|request, before| match (request.is(StableToken), before) {
        (true, 0) => Reply::HANG,
        (true, _) => grant(before + 1),
        (false, _) => answer("image/jpeg", JPEG),
    })
    .await;
    let wechat = fake.client();
    let hurried = tokio::time::timeout(MOMENT, wechat.code_image("scene"));
    let (left, stayed) = tokio::join!(hurried, wechat.code_image("scene"));
    assert!(left.is_err());
    stayed.unwrap();
}

#[actix_web::test]
async fn a_grant_without_a_token_is_garbage() {
    for body in [
        "{}",
        r#"{"access_token":"","expires_in":7200}"#,
        "[]",
        "null",
    ] {
        let fake = fake_with_token(fake::json(body)).await;
        let error = fake.client().check_token().await.unwrap_err();
        assert!(
            matches!(error, WechatError::Garbage { .. }),
            "{body} {error}"
        );
    }
}

#[actix_web::test]
async fn a_token_near_its_end_is_renewed_while_calls_go_on_with_it() {
    let fake = Fake::start(|request, before| match request.is(StableToken) {
        true if before == 0 => grant(1),
        true => Reply::Late(MOMENT, Box::new(grant(2))),
        false => answer("image/jpeg", JPEG),
    })
    .await;
    let wechat = fake.client();
    wechat.renew_token_if_due().await.unwrap();
    assert_eq!(fake.calls(StableToken), 0, "nobody has needed one yet");
    wechat.code_image("scene").await.unwrap();
    wechat.renew_token_if_due().await.unwrap();
    assert_eq!(fake.calls(StableToken), 1, "it is fresh");
    fake.token.age(Duration::from_secs(6900));
    let draw = async {
        // After the renewal has begun, and before it has ended.
        tokio::task::yield_now().await;
        wechat.code_image("scene").await.unwrap();
    };
    let (renewed, ()) = tokio::join!(wechat.renew_token_if_due(), draw);
    renewed.unwrap();
    wechat.code_image("scene").await.unwrap();
    let tokens: Vec<_> = fake.requests(CodeImage);
    let last = |at: usize| tokens[at].target.chars().last().unwrap();
    assert_eq!([last(0), last(1), last(2)], ['1', '1', '2']);
    assert_eq!(fake.calls(StableToken), 2);
}

#[actix_web::test]
async fn a_renewal_that_fails_leaves_the_token_that_works() {
    let fake = Fake::start(|request, before| match (request.is(StableToken), before) {
        (true, 0) => grant(1),
        (true, _) => refusal(-1, "system error rid: 1-2-3"),
        (false, _) => answer("image/jpeg", JPEG),
    })
    .await;
    let wechat = fake.client();
    wechat.code_image("scene").await.unwrap();
    fake.token.age(Duration::from_secs(6900));
    wechat.renew_token_if_due().await.unwrap_err();
    wechat.code_image("scene").await.unwrap();
}
