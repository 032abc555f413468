//! Codes that WeChat makes while the page waits.

use std::{sync::Arc, time::Duration};

use super::{Code, Images, Source, Want, single_flight::SingleFlight};
use crate::{
    error::Error,
    login::ids::{AttemptId, Scene},
    wechat::{Breaker, Wechat},
};

/// Why there is no code, and when another try can help.
type Failure = (String, Option<Duration>);

/// What all workers share: renewals of one attempt may come to several at once.
#[derive(Debug, Clone)]
pub struct LiveShared {
    breaker: Arc<Breaker>,
    flights: Arc<SingleFlight<AttemptId, Result<Code, Failure>>>,
}

impl LiveShared {
    /// With the breaker of all calls for codes.
    pub fn new(breaker: Arc<Breaker>) -> Self {
        let flights = Arc::default();
        Self { breaker, flights }
    }
}

/// The way to WeChat, for one worker.
#[derive(Debug, Clone)]
pub struct Live {
    wechat: Wechat,
    images: Images,
    shared: LiveShared,
}

impl Live {
    /// Codes asked from WeChat, whose images are kept here.
    pub fn new(wechat: Wechat, images: Images, shared: LiveShared) -> Self {
        Self {
            wechat,
            images,
            shared,
        }
    }

    /// Asks WeChat for a code with a new scene, 5 s at the most, and keeps its image. Who asks
    /// for the same attempt meanwhile gets the same code; it goes into the attempt once.
    pub async fn make(&self, want: &Want) -> Result<Code, Error> {
        let flights = &self.shared.flights;
        let made = flights.run(want.attempt, async || self.ask().await).await;
        made.map_err(|(why, retry_in)| Error::CodesUnavailable(why, retry_in))
    }

    async fn ask(&self) -> Result<Code, Failure> {
        let scene = Scene::random();
        let call = self.wechat.code_image(scene.as_str());
        let image = self.shared.breaker.guard(call).await.map_err(|error| {
            if !error.is_pause() {
                tracing::warn!(%error, advice = %error.advice_en(), "WeChat made no code");
            }
            (error.to_string(), error.retry_in())
        })?;
        let name = self.images.keep(image).await.map_err(|error| {
            tracing::error!(%error, "a code's image could not be kept; is the disk full?");
            (error.to_string(), None)
        })?;
        Ok(Code {
            image: name,
            scene: scene.hash(),
            source: Source::Live,
            epoch: 0,
        })
    }
}
