//! The client against a WeChat that behaves, and against all the ways in which it may not.

mod errcodes;
mod faults;
mod identities;
mod images;
mod secrets;
mod tls;
mod tokens;

use std::time::Duration;

use secrecy::SecretString;

use super::{
    Endpoint::StableToken,
    WechatError,
    fake::{Fake, Reply, grant},
};

const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0 a code \xFF\xD9";
const PNG: &[u8] = b"\x89PNG\r\n\x1A\n a code \0\0\0\0IEND\xAE\x42\x60\x82";
const SESSION: &str = r#"{"session_key":"canary\/session==","openid":"o-reader"}"#;
/// Long enough for answers to overlap, short enough not to be noticed.
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

/// A fake that gives this to each call for a token.
async fn fake_with_token(reply: Reply) -> Fake {
    Fake::start(move |_, _| reply.clone()).await
}
