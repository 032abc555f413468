//! Where an attempt gets its mini-program code.

mod images;

use crate::{error::Error, login::ids::Scene, wechat::Wechat};

pub use images::{Image, ImageFolder};

/// A code that is ready to be shown.
#[derive(Debug, Clone)]
pub struct Code {
    /// Its image's name, which says nothing about the scene.
    pub name: String,
    /// `live`, until there are others.
    pub source: &'static str,
}

/// The sources of codes, for one worker.
#[derive(Debug, Clone)]
pub struct Codes {
    wechat: Wechat,
    images: ImageFolder,
}

impl Codes {
    /// Codes asked from WeChat, images kept in a folder.
    pub fn new(wechat: Wechat, images: ImageFolder) -> Self {
        Self { wechat, images }
    }

    /// Asks WeChat for the code of this scene and keeps its image.
    pub async fn make(&self, scene: &Scene) -> Result<Code, Error> {
        let image = self
            .wechat
            .code_image(scene.as_str())
            .await
            .map_err(|error| {
                tracing::warn!(%error, advice = %error.advice_en(), "WeChat made no code");
                Error::CodesUnavailable(error.to_string(), error.retry_in())
            })?;
        let name = self.images.keep(image).await.map_err(|error| {
            tracing::error!(%error, "a code's image could not be kept; is the disk full?");
            Error::CodesUnavailable(error.to_string(), None)
        })?;
        Ok(Code {
            name,
            source: "live",
        })
    }
}
