//! What is never shown.

use std::{fmt::Write, sync::Arc};

use super::{SESSION, fake_with, fake_with_token, js_code};
use crate::wechat::{
    AccessToken, CodeImage,
    Endpoint::{self, StableToken},
    Wechat, WechatError, WechatSettings,
    fake::{Fake, grant, json, refusal},
};

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
    let token = Arc::new(AccessToken::new());
    let wechat = Wechat::new(Arc::new(fake.settings.clone()), Arc::clone(&token));
    let identity_error = wechat.identify(&js_code()).await.unwrap_err();
    let image_error = wechat.code_image("scene").await.unwrap_err();
    let token_error = token_error_that_quotes().await;
    let identity = fake_with(json(SESSION)).await;
    let identity = identity.client().identify(&js_code()).await.unwrap();
    let mut texts = format!("{wechat:?} {:?} {token:?} {identity:?}", fake.settings);
    for error in [identity_error, image_error, token_error] {
        assert!(error.to_string().contains("[hidden]"), "{error}");
        let (en, zh) = (error.advice_en(), error.advice_zh());
        write!(texts, " {error} {error:?} {en} {zh}").unwrap();
    }
    assert!(!texts.contains("canary"), "{texts}");
    assert!(!texts.contains("o-reader"), "{texts}");
}

async fn token_error_that_quotes() -> WechatError {
    let reply = refusal(40097, "invalid args canary-app-secret rid: 1-2-3");
    let fake = fake_with_token(reply).await;
    fake.client().check_token().await.unwrap_err()
}

#[test]
fn what_workers_share_can_be_shared() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<AccessToken>();
    shared::<WechatSettings>();
    shared::<WechatError>();
    shared::<CodeImage>();
    shared::<Endpoint>();
}
