//! Codes made some at once, no faster than WeChat allows.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, future::ready, stream};
use tokio::time::{Instant, sleep_until};

use super::super::{MakeError, Maker, NewCode};
use crate::store::{Store, StoreError};

/// Calls to WeChat that are under way together: enough for the usual rate of 50 a second where
/// each takes a second. The rate holds whatever WeChat's speed is.
const AT_ONCE: usize = 48;
/// Codes whose rows are written together, so that the stock costs few statements.
const MOST: u32 = 128;
/// A slow batch ends after this, so that a stock that is empty gets codes soon.
const AT_THE_LATEST: Duration = Duration::from_secs(2);

/// Why a batch has fewer codes than were wanted.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Make(#[from] MakeError),
    #[error("the database: {0}")]
    Store(#[from] StoreError),
}

/// Makes codes, batch after batch.
#[derive(Debug)]
pub(super) struct Batches {
    store: Store,
    opens: Arc<str>,
    maker: Maker,
    /// Between the beginnings of two calls.
    gap: Duration,
    next_call: Cell<Instant>,
    stopping: Arc<AtomicBool>,
}

impl Batches {
    /// At most `rate` calls in a minute, none once `stopping` is set.
    pub(super) fn new(
        store: Store,
        opens: Arc<str>,
        maker: Maker,
        rate: u32,
        stopping: Arc<AtomicBool>,
    ) -> Self {
        Self {
            store,
            opens,
            maker,
            gap: Duration::from_secs(60) / rate,
            next_call: Cell::new(Instant::now()),
            stopping,
        }
    }

    /// Adds up to `missing` codes to the stock, their images first, and says how many
    /// it were; fewer after two seconds, or after a failure.
    pub(super) async fn add(&self, missing: u32) -> (usize, Option<Failure>) {
        let (codes, failure) = self.make(missing).await;
        let failure = failure.map(Failure::Make);
        if codes.is_empty() {
            return (0, failure);
        }
        if let Err(error) = self.store.add_stock(&self.opens, &codes).await {
            // A row that is there after all needs its image; one that is not leaves an
            // image that `saoma codes verify` finds.
            if error.is_undone() {
                self.discard(&codes).await;
            }
            return (0, Some(error.into()));
        }
        (codes.len(), failure)
    }

    /// What is under way at the end is waited for: a code that WeChat has drawn is
    /// not thrown away.
    async fn make(&self, missing: u32) -> (Vec<NewCode>, Option<MakeError>) {
        let end = Instant::now() + AT_THE_LATEST;
        let failure = Cell::new(None);
        let failed = Cell::new(false);
        let calls = stream::iter(0..missing.min(MOST))
            .take_while(|_| {
                let over = failed.get() || self.are_stopped() || Instant::now() >= end;
                ready(!over)
            })
            .map(async |_| {
                self.turn().await;
                self.maker.make().await
            })
            .buffer_unordered(AT_ONCE)
            .filter_map(async |made| match made {
                Ok(code) => Some(code),
                Err(error) => {
                    if !failed.replace(true) {
                        failure.set(Some(error));
                    }
                    None
                }
            });
        let codes = calls.collect().await;
        (codes, failure.into_inner())
    }

    /// Whether no more are made.
    pub(super) fn are_stopped(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Gives up codes whose rows could not be written.
    async fn discard(&self, codes: &[NewCode]) {
        for code in codes {
            self.maker.discard(code).await;
        }
    }

    async fn turn(&self) {
        let turn = self.next_call.get().max(Instant::now());
        self.next_call.set(turn + self.gap);
        sleep_until(turn).await;
    }
}
