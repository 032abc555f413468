//! Where an attempt gets its mini-program code.

mod images;
mod live;
mod single_flight;

use std::net::IpAddr;

use crate::{
    error::Error,
    login::ids::{AttemptId, Hash},
};

pub use images::{Image, Images};
pub use live::{Live, LiveShared};

/// A code that is ready to be shown.
#[derive(Debug, Clone)]
pub struct Code {
    /// Its image's name, which says nothing about the scene.
    pub image: String,
    /// Of the scene that the image carries.
    pub scene: Hash,
    /// Where it came from.
    pub source: Source,
    /// The lease of a code of the pool, higher with each; 0 for a code used once.
    pub epoch: i64,
}

/// Where a code comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Asked from WeChat while the page waits.
    Live,
}

impl Source {
    /// As the ticket says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
        }
    }
}

/// Who wants a code.
#[derive(Debug, Clone, Copy)]
pub struct Want {
    /// The attempt that is to show it.
    pub attempt: AttemptId,
    /// The browser's.
    pub address: IpAddr,
}

/// The sources of codes, for one worker.
#[derive(Debug, Clone)]
pub struct Codes {
    live: Live,
}

impl Codes {
    /// Codes from these sources.
    pub fn new(live: Live) -> Self {
        Self { live }
    }

    /// A code for this attempt alone.
    pub async fn code(&self, want: &Want) -> Result<Code, Error> {
        self.live.make(want).await
    }
}
