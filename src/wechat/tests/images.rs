//! The image of a mini-program code.

use serde_json::{Value, json};

use super::{JPEG, PNG, fake_with, image_error};
use crate::wechat::{
    Endpoint::CodeImage,
    ImageKind, WechatError,
    fake::{Reply, answer},
};

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
    let release = json!({"scene": "s", "page": "pages/index/wsLogin", "check_path": true,
        "width": 430});
    let trial = json!({"scene": "s", "page": "pages/index/wsLogin", "check_path": false,
        "env_version": "trial", "width": 430});
    let home = json!({"scene": "s", "check_path": true, "width": 430});
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
async fn t3_an_error_under_an_image_content_type_is_an_error() {
    let body = r#" {"errcode":41030,"errmsg":"invalid page rid: 1-2-3"}"#;
    let error = image_error(answer("image/jpeg", body)).await;
    assert!(matches!(error, WechatError::OurRequest(_)), "{error}");
    assert_eq!(error.errcode(), Some(41030));
}

#[actix_web::test]
async fn t3_an_image_that_is_none_is_refused() {
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
async fn t3_an_image_that_breaks_off_is_refused() {
    let longer = JPEG.len() + 1;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {longer}\r\n\r\n");
    let error = image_error(Reply::Raw([head.as_bytes(), JPEG].concat())).await;
    assert!(matches!(error, WechatError::Unreachable { .. }), "{error}");
    let chunked =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\n\xFF\xD8\xFF\xE0abcd\r\n";
    let error = image_error(Reply::Raw(chunked.to_vec())).await;
    assert!(matches!(error, WechatError::Garbage { .. }), "{error}");
}
