//! Makes one code: a new scene, WeChat's image of it, the image kept.

use std::{sync::Arc, time::Duration};

use super::{ImageError, Images, NewCode};
use crate::{
    login::ids::Scene,
    wechat::{Breaker, CodeImage, Wechat, WechatError},
};

/// The way to WeChat and to the images, for one thread.
#[derive(Debug, Clone)]
pub struct Maker {
    wechat: Wechat,
    images: Images,
    breaker: Arc<Breaker>,
}

/// Why there is no code.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// WeChat drew none.
    #[error(transparent)]
    Wechat(#[from] WechatError),
    /// It was drawn and could not be kept.
    #[error("a code's image could not be kept: {0}")]
    Image(#[from] ImageError),
}

impl Maker {
    /// Codes drawn there and kept here, while this breaker lets calls through.
    pub fn new(wechat: Wechat, images: Images, breaker: Arc<Breaker>) -> Self {
        Self {
            wechat,
            images,
            breaker,
        }
    }

    /// How long WeChat is left alone from now on, if it is.
    pub fn pause(&self) -> Option<Duration> {
        self.breaker.pause()
    }

    /// A code for later, which nobody knows of yet: its row is the caller's to write.
    pub async fn make(&self) -> Result<NewCode, MakeError> {
        let (scene, image) = self.draw().await?;
        let bytes = image.bytes.len();
        Ok(NewCode {
            image: self.images.keep(image).await?,
            scene: scene.hash(),
            bytes,
        })
    }

    /// Such a code that is about to be shown, so that its image is at hand then.
    pub async fn make_warm(&self) -> Result<NewCode, MakeError> {
        let (scene, image) = self.draw().await?;
        let bytes = image.bytes.len();
        Ok(NewCode {
            image: self.images.keep_warm(image).await?,
            scene: scene.hash(),
            bytes,
        })
    }

    async fn draw(&self) -> Result<(Scene, CodeImage), MakeError> {
        let scene = Scene::random();
        let call = self.wechat.code_image(scene.as_str());
        let image = self.breaker.guard(call).await?;
        Ok((scene, image))
    }

    /// Gives up a code whose row could not be written.
    pub async fn discard(&self, code: &NewCode) {
        if let Err(error) = self.images.delete(&code.image).await {
            tracing::warn!(%error, image = code.image, "an image without a row is left");
        }
    }
}

impl MakeError {
    /// Logs why, with what the owner can do about it.
    pub fn warn(&self) {
        match self {
            // Told once, when the pause began.
            Self::Wechat(error) if error.is_pause() => {}
            Self::Wechat(error) => {
                tracing::warn!(%error, advice = %error.advice_en(), "WeChat made no code");
            }
            // The image store has told it, once and not for each code.
            Self::Image(_) => {}
        }
    }
}
