//! A WeChat that is slow, broken or somebody else.

use super::{MOMENT, SESSION, fake_with, identify_error, image_error, js_code};
use crate::wechat::{
    Endpoint::Identity,
    WechatError,
    fake::{Reply, answer, json},
};

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
async fn t6_a_redirect_is_not_followed() {
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
    let mut no_length = b"HTTP/1.0 200 OK\r\n\r\n\xFF\xD8\xFF".to_vec();
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
async fn t6_https_is_never_spoken_with_a_server_that_has_no_certificate() {
    let mut fake = fake_with(json(SESSION)).await;
    fake.settings.base_url.set_scheme("https").unwrap();
    let error = fake.client().identify(&js_code()).await.unwrap_err();
    assert!(matches!(error, WechatError::Unreachable { .. }), "{error}");
    assert_eq!(fake.all_requests(), 0);
}
