//! Codes that WeChat makes while the page waits.

use super::{Code, Images, Source};
use crate::{error::Error, login::ids::Scene, wechat::Wechat};

/// The way to WeChat, for one worker.
#[derive(Debug, Clone)]
pub struct Live {
    wechat: Wechat,
    images: Images,
}

impl Live {
    /// Codes asked from WeChat, whose images are kept here.
    pub fn new(wechat: Wechat, images: Images) -> Self {
        Self { wechat, images }
    }

    /// Asks WeChat for a code with a new scene and keeps its image.
    pub async fn make(&self) -> Result<Code, Error> {
        let scene = Scene::random();
        let image = self.wechat.code_image(scene.as_str()).await;
        let image = image.map_err(|error| {
            tracing::warn!(%error, advice = %error.advice_en(), "WeChat made no code");
            Error::CodesUnavailable(error.to_string(), error.retry_in())
        })?;
        let name = self.images.keep_warm(image).await;
        let name = name.map_err(|error| Error::CodesUnavailable(error.to_string(), None))?;
        Ok(Code {
            image: name,
            scene: scene.hash(),
            source: Source::Live,
            epoch: 0,
        })
    }
}
