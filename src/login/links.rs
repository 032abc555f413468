//! Login on the phone that shows the page: a link opens the mini program, since no phone scans its
//! own screen.
//!
//! A page cannot put its code into a link: only the image carries the scene. So the attempt gets
//! one more scene, derived from its id and stored nowhere but as a hash. Whoever opens the link
//! comes by another entry than the camera, and is asked for the number (see `check`).

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    Login,
    attempt::Step,
    begin::Requester,
    ids::{AttemptId, Scene},
    keys::SecretKey,
};
use crate::{error::Error, wechat::WechatSettings};

/// Makes the scenes of links. Each server with the secret key gets the same one for an attempt.
pub struct LinkScenes(hmac::Key);

impl LinkScenes {
    /// Scenes that nobody without this key can tell.
    pub fn new(key: &SecretKey) -> anyhow::Result<Self> {
        let key = key.derive("link scenes")?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// The scene of this attempt's link: 24 bytes, as a code's.
    fn of(&self, attempt: AttemptId) -> Option<Scene> {
        let tag = hmac::sign(&self.0, attempt.0.as_bytes());
        let bytes = tag.as_ref().get(..24)?;
        Scene::parse(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl std::fmt::Debug for LinkScenes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkScenes(…)")
    }
}

impl Login {
    /// The link that opens the mini program for this pending attempt, good until the attempt's
    /// next renewal. There is none where the owner has not allowed it.
    pub async fn link(&self, id: AttemptId, requester: &Requester) -> Result<String, Error> {
        if !self.settings.opens_by_link {
            return Err(Error::NotFound);
        }
        self.limits.start(requester.address).await?;
        let scene = self.links.of(id);
        let scene = scene.ok_or_else(|| Error::Internal(anyhow::anyhow!("no scene")))?;
        let hash = &requester.browser_hash;
        if self.store.add_link_scene(id, hash, &scene.hash()).await? {
            return Ok(plain_scheme(&self.settings.wechat, &scene));
        }
        let attempt = self.find(id, requester).await?;
        Err(attempt.refusal(Step::Scan))
    }
}

/// WeChat's plain URL scheme (its page 获取 URL Scheme): the path without a leading slash and as it
/// is, the query percent-encoded as one value. A scene needs no more than its `=`.
fn plain_scheme(wechat: &WechatSettings, scene: &Scene) -> String {
    format!(
        "weixin://dl/business/?appid={}&path={}&query=scene%3D{}&env_version={}",
        wechat.app_id,
        wechat.page.trim_start_matches('/'),
        scene.as_str(),
        wechat.env_version,
    )
}
