//! Makes the images of a block ready before its codes are shown.

use std::{cell::Cell, mem};

use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use super::{Code, Images};
use crate::codes::ImageError;

/// Images that are made ready at once.
const AT_ONCE: usize = 8;

/// Codes that were taken, all at the same moment.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) codes: Vec<Code>,
    /// The moment before.
    pub(super) taken_at: Instant,
}

/// The keeper's way to the images; without them somebody else serves them.
#[derive(Debug)]
pub(super) struct Warming {
    images: Option<Images>,
    waiting: Option<Block>,
    /// The block before had codes without images, and that was told.
    told: bool,
}

/// What became of one code's image.
enum Found {
    Ready(Code),
    /// The store is away: the code is good, and waits.
    Away(Code),
    /// It is gone or altered, and the code with it.
    Lost(ImageError),
}

impl Warming {
    pub(super) fn new(images: Option<Images>) -> Self {
        Self {
            images,
            waiting: None,
            told: false,
        }
    }

    /// So many codes may be held that their images stay in memory until they are shown. Those
    /// that were shown meanwhile have been used since, and are there as well.
    pub(super) fn most(&self) -> usize {
        let places = self.images.as_ref().and_then(Images::places);
        places.map_or(usize::MAX, |places| places / 2)
    }

    /// Codes whose images could not be loaded before. They are nobody else's, so
    /// they go before another block: a store that is away does not eat the stock.
    pub(super) fn waiting(&mut self) -> Option<Block> {
        self.waiting.take()
    }

    /// The block without the codes whose images are not here, or not yet.
    pub(super) async fn ready(&mut self, mut block: Block) -> Block {
        let Some(images) = &self.images else {
            return block;
        };
        let away = Cell::new(false);
        let looks = stream::iter(mem::take(&mut block.codes));
        let looks = looks.map(|code| look(images, code, &away));
        let mut looks = looks.buffer_unordered(AT_ONCE);
        let (mut waiting, mut lost) = (Vec::new(), Vec::new());
        while let Some(found) = looks.next().await {
            match found {
                Found::Ready(code) => block.codes.push(code),
                Found::Away(code) => waiting.push(code),
                Found::Lost(error) => lost.push(error),
            }
        }
        drop(looks);
        self.tell(&lost);
        if !waiting.is_empty() {
            self.waiting = Some(Block {
                codes: waiting,
                taken_at: block.taken_at,
            });
        }
        block
    }

    /// An instance whose images are elsewhere loses block after block.
    fn tell(&mut self, lost: &[ImageError]) {
        metrics::counter!("saoma_stock_lost_total").increment(lost.len() as u64);
        if let Some(error) = lost.first()
            && !self.told
        {
            tracing::error!(
                %error, codes = lost.len(),
                "codes of the stock have no image here and are left out; do all instances keep \
                 their images in one place?"
            );
        }
        self.told = !lost.is_empty();
    }
}

/// After the first image that the store did not give, the others need no look.
async fn look(images: &Images, code: Code, away: &Cell<bool>) -> Found {
    if away.get() {
        return Found::Away(code);
    }
    match images.warm(&code.image).await {
        Ok(()) => Found::Ready(code),
        Err(error) if error.is_of_the_store() => {
            away.set(true);
            Found::Away(code)
        }
        Err(error) => Found::Lost(error),
    }
}
