//! What only WeChat can tell: whether it takes the account, and whether it draws our page.

use std::sync::Arc;

use super::{Checked, Finding, wrong};
use crate::{
    login::ids::Scene,
    settings::Settings,
    wechat::{AccessToken, Wechat, WechatError},
};

/// Asks for an access token: account, secret, allow-list (40164). In the normal mode this ends
/// nobody's token.
pub(super) async fn account(settings: &Settings) -> Result<(String, Wechat), Finding> {
    let token = Arc::new(AccessToken::new());
    let wechat = Wechat::new(settings.wechat.clone(), token);
    wechat.check_token().await.map_err(|error| told(&error))?;
    Ok(("AppID and AppSecret are right".to_owned(), wechat))
}

/// Has one code drawn: only that tells an unpublished page (41030) and a used-up quota (45009).
/// Its scene opens nothing.
pub(super) async fn code(wechat: Option<Wechat>) -> Checked {
    let wechat = wechat.ok_or(Finding::Skipped("not asked for, since WeChat is not well"))?;
    let scene = Scene::random();
    let drawn = wechat.code_image(scene.as_str()).await;
    let image = drawn.map_err(|error| told(&error))?;
    Ok(format!("WeChat draws one, {} bytes", image.bytes.len()))
}

fn told(error: &WechatError) -> Finding {
    wrong(format!("{error}. {}", error.advice_en()), error.advice_zh())
}
