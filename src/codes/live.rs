//! Codes that WeChat makes while the page waits.

use std::{sync::Arc, time::Duration};

use super::{Code, MakeError, Maker, Source, Want, single_flight::SingleFlight};
use crate::{
    error::Error,
    login::ids::AttemptId,
    store::{Store, StoreError},
};

/// Why there is no code.
#[derive(Debug, Clone)]
enum Failure {
    /// What happened, and when another try can help.
    NoCode(String, Option<Duration>),
    /// The database is away.
    NoRow,
}

/// What all workers share: renewals of one attempt may come to several at once.
#[derive(Debug, Clone, Default)]
pub struct LiveShared(Arc<SingleFlight<AttemptId, Result<Code, Failure>>>);

/// The way to WeChat, for one worker.
#[derive(Debug, Clone)]
pub struct Live {
    maker: Maker,
    store: Store,
    opens: Arc<str>,
    instance: Arc<str>,
    flights: LiveShared,
}

impl Live {
    /// Codes of this maker, noted by this instance as opening this.
    pub fn new(
        maker: Maker,
        store: Store,
        opens: Arc<str>,
        instance: &str,
        flights: LiveShared,
    ) -> Self {
        Self {
            maker,
            store,
            opens,
            instance: instance.into(),
            flights,
        }
    }

    /// Asks WeChat for a code with a new scene, 5 s at the most, and keeps its image. Who asks
    /// for the same attempt meanwhile gets the same code; it goes into the attempt once.
    pub async fn make(&self, want: &Want) -> Result<Code, Error> {
        let flights = &self.flights.0;
        let made = flights.run(want.attempt, async || self.ask().await).await;
        made.map_err(|failure| match failure {
            Failure::NoCode(why, retry_in) => Error::CodesUnavailable(why, retry_in),
            Failure::NoRow => Error::Unavailable(StoreError::TimedOut),
        })
    }

    /// How long WeChat is left alone from now on, if it is.
    pub fn pause(&self) -> Option<Duration> {
        self.maker.pause()
    }

    async fn ask(&self) -> Result<Code, Failure> {
        let made = self.maker.make_warm().await.map_err(|error| {
            error.warn();
            let retry_in = match &error {
                MakeError::Wechat(error) => error.retry_in(),
                MakeError::Image(_) => None,
            };
            Failure::NoCode(error.to_string(), retry_in)
        })?;
        // Its row brings the image's end, once the attempt is long over.
        let noted = self
            .store
            .note_live_code(&self.instance, &self.opens, &made)
            .await;
        if let Err(error) = noted {
            self.maker.discard(&made).await;
            tracing::warn!(%error, "the row of a new code could not be written");
            return Err(Failure::NoRow);
        }
        Ok(Code {
            image: made.image,
            scene: made.scene,
            source: Source::Live,
            epoch: 0,
        })
    }
}
