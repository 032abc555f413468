//! The client against a WeChat that behaves, and against all the ways in which it may not.

use std::{
    sync::{Arc, Barrier},
    time::Duration,
};

use futures_util::future::join_all;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{
    AccessToken, Endpoint,
    Endpoint::{CodeImage, Identity, StableToken},
    ImageKind, Wechat, WechatError,
    fake::{Fake, Reply, answer, grant, json as json_reply, refusal},
};

const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0 a code \xFF\xD9";
const PNG: &[u8] = b"\x89PNG\r\n\x1A\n a code \0\0\0\0IEND\xAE\x42\x60\x82";
const SESSION: &str = r#"{"session_key":"canary\/session==","openid":"o-reader"}"#;
const MOMENT: Duration = Duration::from_millis(50);

fn js_code() -> SecretString {
    SecretString::from("canary-js-code")
}

/// A fake that grants tokens and gives this to every other call.
async fn fake_with(reply: Reply) -> Fake {
    Fake::start(move |request, before| {
        if request.is(StableToken) {
            grant(before + 1)
        } else {
            reply.clone()
        }
    })
    .await
}

async fn identify_error(reply: Reply) -> WechatError {
    let fake = fake_with(reply).await;
    fake.client().identify(&js_code()).await.unwrap_err()
}

async fn image_error(reply: Reply) -> WechatError {
    let fake = fake_with(reply).await;
    fake.client().code_image("scene").await.unwrap_err()
}

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
    let fake = fake_with(json_reply(SESSION)).await;
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
async fn a_unionid_is_kept_and_unknown_fields_do_no_harm() {
    let body =
        r#"{"session_key":"a","expires_in":2592000,"openid":"o1","unionid":"u1","errcode":0}"#;
    let fake = fake_with(json_reply(body)).await;
    let identity = fake.client().identify(&js_code()).await.unwrap();
    assert_eq!(identity.union_id.as_deref(), Some("u1"));
}

#[actix_web::test]
async fn without_an_openid_there_is_no_login() {
    for body in [
        r#"{"session_key":"a"}"#,
        r#"{"session_key":"a","openid":""}"#,
        r#"{"openid":null}"#,
        "{}",
    ] {
        let error = identify_error(json_reply(body)).await;
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
    let fake = fake_with(json_reply(SESSION)).await;
    let error = fake.client().identify(&"x".repeat(513).into()).await;
    assert!(matches!(error, Err(WechatError::CodeInvalid(_))));
    assert_eq!(fake.calls(Identity), 0);
}

#[actix_web::test]
async fn an_image_is_taken_for_what_its_bytes_say() {
    for (bytes, kind) in [(JPEG, ImageKind::Jpeg), (PNG, ImageKind::Png)] {
        let fake = fake_with(answer("image/jpeg", bytes)).await;
        let image = fake.client().code_image("scene").await.unwrap();
        assert_eq!(image.kind, kind);
        assert_eq!(&image.bytes[..], bytes);
    }
}

#[actix_web::test]
async fn an_image_is_asked_for_as_wechat_wants_it() {
    let release = json!({"scene": "s", "page": "pages/index/wsLogin", "check_path": true});
    let trial = json!({"scene": "s", "page": "pages/index/wsLogin", "check_path": false,
        "env_version": "trial"});
    let home = json!({"scene": "s", "check_path": true});
    for (page, version, expected) in [
        ("pages/index/wsLogin", "release", &release),
        ("/pages/index/wsLogin", "", &release),
        ("pages/index/wsLogin", "trial", &trial),
        ("", "release", &home),
    ] {
        let mut fake = fake_with(answer("image/jpeg", JPEG)).await;
        fake.settings.page = page.to_owned();
        fake.settings.env_version = version.to_owned();
        fake.client().code_image("s").await.unwrap();
        let request = fake.requests(CodeImage).remove(0);
        assert_eq!(request.method, "POST");
        assert_eq!(
            request.target,
            "/wxa/getwxacodeunlimit?access_token=canary-token-1"
        );
        let body: Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(&body, expected);
    }
}

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
async fn an_error_under_an_image_content_type_is_an_error() {
    let body = r#" {"errcode":41030,"errmsg":"invalid page rid: 1-2-3"}"#;
    let error = image_error(answer("image/jpeg", body)).await;
    assert!(matches!(error, WechatError::OurRequest(_)), "{error}");
    assert_eq!(error.errcode(), Some(41030));
}

#[actix_web::test]
async fn an_image_that_is_none_is_refused() {
    for body in [
        &b""[..],
        b"<html>502</html>",
        b"GIF89a",
        b"{}",
        b"{\"errcode\":0}",
        &JPEG[..8],
        &PNG[..12],
    ] {
        let error = image_error(answer("image/jpeg", body)).await;
        assert!(
            matches!(error, WechatError::Garbage { .. }),
            "{body:?} {error}"
        );
    }
}

#[actix_web::test]
async fn an_image_that_breaks_off_is_refused() {
    let longer = JPEG.len() + 1;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {longer}\r\n\r\n");
    let error = image_error(Reply::Raw([head.as_bytes(), JPEG].concat())).await;
    assert!(matches!(error, WechatError::Unreachable { .. }), "{error}");
    let chunked =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\n\xFF\xD8\xFF\xE0abcd\r\n";
    let error = image_error(Reply::Raw(chunked.to_vec())).await;
    assert!(matches!(error, WechatError::Garbage { .. }), "{error}");
}

#[actix_web::test]
async fn garbage_is_called_garbage_and_not_quoted() {
    let page = "<html>canary-page</html>";
    for (status, body) in [
        (200, page),
        (502, page),
        (302, SESSION),
        (500, "{}"),
        (200, ""),
    ] {
        let reply = Reply::Answer {
            status,
            content_type: "text/html",
            body: body.into(),
        };
        let error = identify_error(reply).await;
        assert!(matches!(error, WechatError::Garbage { .. }), "{error}");
        assert!(
            !format!("{error} {error:?}").contains("canary"),
            "{error:?}"
        );
        assert!(error.is_retryable());
    }
    let error = identify_error(Reply::Raw(b"SSH-2.0-something\r\n\r\n".to_vec())).await;
    assert!(matches!(error, WechatError::Garbage { .. }), "{error}");
}

#[actix_web::test]
async fn a_redirect_is_not_followed() {
    let fake = fake_with(Reply::Answer {
        status: 302,
        content_type: "text/plain",
        body: Vec::new(),
    })
    .await;
    fake.client().identify(&js_code()).await.unwrap_err();
    assert_eq!(fake.all_requests(), 1);
}

#[actix_web::test]
async fn a_body_without_end_is_cut_off() {
    let too_long = answer("text/plain", vec![b' '; 64 * 1024 + 1]);
    let error = identify_error(too_long).await;
    assert!(
        error.to_string().contains("more than 65536 bytes"),
        "{error}"
    );
    let mut no_length = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\xFF\xD8\xFF".to_vec();
    no_length.resize(1024 * 1024 + 200, 0);
    let error = image_error(Reply::Raw(no_length)).await;
    assert!(
        error.to_string().contains("more than 1048576 bytes"),
        "{error}"
    );
}

#[actix_web::test]
async fn a_wechat_that_hangs_is_given_up() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec();
    let half_then_silence = Reply::Stall(half);
    for reply in [Reply::HANG, half_then_silence] {
        let mut fake = fake_with(reply).await;
        fake.settings.timeout = MOMENT;
        fake.settings.image_timeout = MOMENT;
        let error = fake.client().identify(&js_code()).await.unwrap_err();
        let expected = WechatError::Timeout {
            endpoint: Identity,
            limit: MOMENT,
        };
        assert_eq!(error, expected);
    }
}

#[actix_web::test]
async fn a_reset_and_a_closed_port_are_unreachable() {
    let error = identify_error(Reply::Reset).await;
    assert!(matches!(error, WechatError::Unreachable { .. }), "{error}");
    let error = identify_error(Reply::Raw(Vec::new())).await;
    assert!(matches!(error, WechatError::Unreachable { .. }), "{error}");
    let mut fake = fake_with(Reply::HANG).await;
    fake.settings.base_url = "http://127.0.0.1:1".parse().unwrap();
    let error = fake.client().identify(&js_code()).await.unwrap_err();
    assert!(error.to_string().contains("Connection refused"), "{error}");
}

#[actix_web::test]
async fn https_is_never_spoken_with_a_server_that_has_no_certificate() {
    let mut fake = fake_with(json_reply(SESSION)).await;
    fake.settings.base_url.set_scheme("https").unwrap();
    fake.settings.timeout = Duration::from_secs(2);
    let error = fake.client().identify(&js_code()).await.unwrap_err();
    assert!(
        matches!(
            error,
            WechatError::Unreachable { .. } | WechatError::Timeout { .. }
        ),
        "{error}"
    );
    assert_eq!(fake.all_requests(), 0);
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
    let server = std::thread::spawn(move || {
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
            std::thread::spawn(move || {
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
        let fake = fake_with_token(json_reply(body)).await;
        let error = fake.client().check_token().await.unwrap_err();
        assert!(
            matches!(error, WechatError::Garbage { .. }),
            "{body} {error}"
        );
    }
}

#[actix_web::test]
async fn no_text_of_ours_shows_a_secret() {
    // A WeChat, or a proxy before it, that quotes all it got.
    let fake = Fake::start(|request, before| {
        if request.is(StableToken) && before == 0 {
            return grant(1);
        }
        let quoted = format!("{} {}", request.target, request.body.replace('"', "'"));
        refusal(40097, &format!("invalid args {quoted} rid: 1-2-3"))
    })
    .await;
    let wechat = fake.client();
    let identity_error = wechat.identify(&js_code()).await.unwrap_err();
    let image_error = wechat.code_image("scene").await.unwrap_err();
    let token_error = fake_with_quoted_secret().await;
    let identity = fake_with(json_reply(SESSION)).await;
    let identity = identity.client().identify(&js_code()).await.unwrap();
    let token = AccessToken::new();
    let mut texts = format!("{wechat:?} {:?} {token:?} {identity:?}", fake.settings);
    for error in [identity_error, image_error, token_error] {
        assert!(error.to_string().contains("[hidden]"), "{error}");
        texts += &format!(
            " {error} {error:?} {} {}",
            error.advice_en(),
            error.advice_zh()
        );
    }
    assert!(!texts.contains("canary"), "{texts}");
    assert!(!texts.contains("o-reader"), "{texts}");
}

async fn fake_with_quoted_secret() -> WechatError {
    let reply = refusal(40097, "invalid args canary-app-secret rid: 1-2-3");
    let fake = fake_with_token(reply).await;
    fake.client().check_token().await.unwrap_err()
}

/// A fake that gives this to each call for a token.
async fn fake_with_token(reply: Reply) -> Fake {
    Fake::start(move |_, _| reply.clone()).await
}

#[test]
fn what_workers_share_can_be_shared() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<AccessToken>();
    shared::<super::WechatSettings>();
    shared::<WechatError>();
    shared::<super::CodeImage>();
    shared::<Endpoint>();
}
