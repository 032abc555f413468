//! Where an attempt gets its mini-program code.
//!
//! The owner's first source, then the others: a stock of codes made ahead, a
//! pool of codes lent again and again, WeChat while the page waits.

mod by_hand;
mod images;
mod live;
mod maker;
mod pool;
pub mod refill;
mod single_flight;
pub mod stock;
mod switch;
pub mod tidy;
pub mod verify;

use std::net::IpAddr;

use crate::{
    error::Error,
    login::ids::{AttemptId, Hash},
    store::{PoolState, StoreError},
};

pub use by_hand::{Stopping, Told};
pub use images::{BUCKET_CONNECTIONS, IMMUTABLE, Image, ImageError, ImageStore, Images, Listed};
pub use live::{Live, LiveShared};
pub use maker::{MakeError, Maker};
pub use pool::{Pool, PoolFill, PoolOrder, pool_rate};
pub use stock::Stock;
pub use switch::Switch;

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

/// A code that has its image and no row yet.
#[derive(Debug, Clone)]
pub struct NewCode {
    /// Its image's name.
    pub image: String,
    /// Of the scene that the image carries.
    pub scene: Hash,
    /// The image's size.
    pub bytes: usize,
}

/// Where a code comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Made ahead, used once.
    Stock,
    /// Made once, lent to one attempt at a time.
    Pool,
    /// Asked from WeChat while the page waits.
    Live,
}

impl Source {
    /// In the order in which they are asked.
    pub const ALL: [Self; 3] = [Self::Stock, Self::Pool, Self::Live];

    /// As the ticket says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Pool => "pool",
            Self::Live => "live",
        }
    }

    /// From the word of the ticket and of the settings.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == word)
    }

    /// This one, then the others.
    fn then_others(self) -> Vec<Self> {
        let others = Self::ALL.into_iter().filter(|&other| other != self);
        [self].into_iter().chain(others).collect()
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
    order: Vec<Source>,
    stock: Stock,
    /// None where nobody is asked for a number: a reusable code would be unsafe.
    pool: Option<Pool>,
    live: Live,
    switch: Switch,
    images: Images,
}

/// What is left of the codes, for whoever watches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodesLeft {
    /// Where codes come from now; none while no source has any.
    pub source: Option<Source>,
    /// The stock; none while this server does not keep one or has not looked yet.
    pub stock: Option<stock::Level>,
    /// The pool; none while it has no codes.
    pub pool: Option<PoolState>,
}

impl Codes {
    /// Codes from these sources, this one first.
    pub fn new(
        first: Source,
        stock: Stock,
        pool: Option<Pool>,
        live: Live,
        switch: Switch,
        images: Images,
    ) -> Self {
        let order = first.then_others();
        Self {
            order,
            stock,
            pool,
            live,
            switch,
            images,
        }
    }

    /// A code for this attempt alone, from the first source that has one.
    pub async fn code(&self, want: &Want) -> Result<Code, Error> {
        let mut refusal = None;
        for (place, &source) in self.order.iter().enumerate() {
            match self.code_of(source, want).await {
                Ok(Some(code)) => {
                    self.switch.note(place, &self.order);
                    metrics::counter!("saoma_codes_total", "source" => source.as_str())
                        .increment(1);
                    return Ok(code);
                }
                Ok(None) => {}
                // Without the database a code of another source is of no use either.
                Err(error @ Error::Unavailable(_)) => return Err(error),
                Err(error) => refusal = Some(error),
            }
        }
        self.switch.note(self.order.len(), &self.order);
        metrics::counter!("saoma_codes_unavailable_total").increment(1);
        Err(refusal
            .unwrap_or_else(|| Error::CodesUnavailable("no source has a code".to_owned(), None)))
    }

    /// None from a source that has no code now.
    async fn code_of(&self, source: Source, want: &Want) -> Result<Option<Code>, Error> {
        match source {
            Source::Stock => Ok(self.stock.code().await?),
            Source::Pool => match &self.pool {
                Some(pool) => Ok(self.pooled(pool, want).await?),
                None => Ok(None),
            },
            Source::Live => self.live.make(want).await.map(Some),
        }
    }

    /// A code of the pool whose image is at hand.
    async fn pooled(&self, pool: &Pool, want: &Want) -> Result<Option<Code>, StoreError> {
        let Some(code) = pool.code(want).await? else {
            return Ok(None);
        };
        if let Err(error) = self.images.warm(&code.image).await {
            pool.rest();
            // What is wrong with the store has been told, once.
            if !error.is_of_the_store() {
                tracing::error!(%error, image = code.image, "a code of the pool has no image here");
            }
            return Ok(None);
        }
        Ok(Some(code))
    }

    /// Whether a code is too dear for a page that nobody looks at.
    pub fn are_scarce(&self) -> bool {
        let source = self.order.get(self.switch.place());
        let only_live = matches!(source, None | Some(Source::Live));
        self.stock.is_scarce() || (only_live && self.live.pause().is_some())
    }

    /// What is left now.
    pub fn left(&self) -> CodesLeft {
        let place = self.switch.place();
        CodesLeft {
            source: self.order.get(place).copied(),
            stock: self.stock.level(),
            pool: self.pool.as_ref().and_then(Pool::level),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Source::{Live, Pool, Stock};

    #[test]
    fn the_owners_source_comes_first_and_the_others_keep_their_order() {
        assert_eq!(Stock.then_others(), [Stock, Pool, Live]);
        assert_eq!(Pool.then_others(), [Pool, Stock, Live]);
        assert_eq!(Live.then_others(), [Live, Stock, Pool]);
    }
}
