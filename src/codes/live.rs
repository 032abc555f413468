//! Codes that WeChat makes while the page waits.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{Code, MakeError, Maker, Source, Want, single_flight::SingleFlight};
use crate::{
    error::Error,
    login::ids::AttemptId,
    store::{Store, StoreError},
};

/// After a code that could not be kept, one view in this time may ask WeChat: what would come
/// of it is thrown away, and counts in WeChat's limits.
const REST: Duration = Duration::from_secs(1);

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
pub struct LiveShared(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    flights: SingleFlight<AttemptId, Result<Code, Failure>>,
    /// Until when nobody asks, since codes cannot be kept.
    resting: Mutex<Option<(Instant, Failure)>>,
}

impl Shared {
    /// Why WeChat is not asked now. When the time is over one tries, and the others go on
    /// resting until it has kept its code.
    fn rest(&self) -> Option<Failure> {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, failure) = resting.as_mut()?;
        let now = Instant::now();
        if now < *until {
            return Some(failure.clone());
        }
        *until = now + REST;
        None
    }

    /// Whether a code that WeChat made could be kept.
    fn note(&self, failure: Option<&Failure>) {
        let resting = failure.map(|failure| (Instant::now() + REST, failure.clone()));
        *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = resting;
    }
}

/// The way to WeChat, for one worker.
#[derive(Debug, Clone)]
pub struct Live {
    maker: Maker,
    store: Store,
    opens: Arc<str>,
    instance: Arc<str>,
    shared: LiveShared,
}

impl Live {
    /// Codes of this maker, noted by this instance as opening this.
    pub fn new(
        maker: Maker,
        store: Store,
        opens: Arc<str>,
        instance: &str,
        shared: LiveShared,
    ) -> Self {
        Self {
            maker,
            store,
            opens,
            instance: instance.into(),
            shared,
        }
    }

    /// Asks WeChat for a code with a new scene, 5 s at the most, and keeps its image. Who asks
    /// for the same attempt meanwhile gets the same code; it goes into the attempt once.
    pub async fn make(&self, want: &Want) -> Result<Code, Error> {
        if let Some(failure) = self.shared.0.rest() {
            return Err(failure.into());
        }
        let flights = &self.shared.0.flights;
        let made = flights.run(want.attempt, async || self.ask().await).await;
        Ok(made?)
    }

    /// How long WeChat is left alone from now on, if it is.
    pub fn pause(&self) -> Option<Duration> {
        self.maker.pause()
    }

    async fn ask(&self) -> Result<Code, Failure> {
        let made = match self.maker.make_warm().await {
            Ok(made) => made,
            Err(error) => return Err(self.none_made(&error)),
        };
        // Its row brings the image's end, once the attempt is long over.
        let noted = self
            .store
            .note_live_code(&self.instance, &self.opens, &made)
            .await;
        if let Err(error) = noted {
            self.maker.discard(&made).await;
            tracing::warn!(%error, "the row of a new code could not be written");
            self.shared.0.note(Some(&Failure::NoRow));
            return Err(Failure::NoRow);
        }
        self.shared.0.note(None);
        Ok(Code {
            image: made.image,
            scene: made.scene,
            source: Source::Live,
            epoch: 0,
        })
    }
    fn none_made(&self, error: &MakeError) -> Failure {
        error.warn();
        match error {
            MakeError::Wechat(error) => Failure::NoCode(error.to_string(), error.retry_in()),
            MakeError::Image(_) => {
                let failure = Failure::NoCode(error.to_string(), None);
                self.shared.0.note(Some(&failure));
                failure
            }
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NoCode(why, retry_in) => Self::CodesUnavailable(why, retry_in),
            Failure::NoRow => Self::Unavailable(StoreError::TimedOut),
        }
    }
}
