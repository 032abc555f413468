//! Codes that WeChat makes while the page waits.

use std::sync::Arc;

use super::{Code, MakeError, Maker, Source};
use crate::{error::Error, store::Store};

/// The way to WeChat, for one worker.
#[derive(Debug, Clone)]
pub struct Live {
    maker: Maker,
    store: Store,
    opens: Arc<str>,
    instance: Arc<str>,
}

impl Live {
    /// Codes of this maker, noted by this instance as opening this.
    pub fn new(maker: Maker, store: Store, opens: Arc<str>, instance: &str) -> Self {
        Self {
            maker,
            store,
            opens,
            instance: instance.into(),
        }
    }

    /// Asks WeChat for a code with a new scene and keeps its image.
    pub async fn make(&self) -> Result<Code, Error> {
        let made = self.maker.make_warm().await.map_err(|error| {
            error.warn();
            let retry_in = match &error {
                MakeError::Wechat(error) => error.retry_in(),
                MakeError::Image(_) => None,
            };
            Error::CodesUnavailable(error.to_string(), retry_in)
        })?;
        // Its row brings the image's end, once the attempt is long over.
        let noted = self
            .store
            .note_live_code(&self.instance, &self.opens, &made)
            .await;
        if let Err(error) = noted {
            self.maker.discard(&made).await;
            return Err(error.into());
        }
        Ok(Code {
            image: made.image,
            scene: made.scene,
            source: Source::Live,
            epoch: 0,
        })
    }
}
