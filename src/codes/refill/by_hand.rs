//! Filling the stock now, by a command, beside servers that may do the same.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail};
use tokio::time::Instant;

use super::{
    super::{
        MakeError, Maker,
        by_hand::{Patience, Stopping, Told},
    },
    batch::{Batches, Failure},
};
use crate::store::{Counted, RefillLock, Store};

/// Between two looks while another fills.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long the stock of one who fills may stand still before he is given up.
const STANDS_STILL: Duration = Duration::from_secs(120);

/// Fills the stock up to a number.
#[derive(Debug)]
pub struct StockFill {
    store: Store,
    instance: String,
    opens: Arc<str>,
    batches: Batches,
    pause: Duration,
    stopping: Stopping,
}

/// All that it needs.
#[derive(Debug)]
pub struct Parts {
    /// Where codes are listed.
    pub store: Store,
    /// The name under which the lock is held.
    pub instance: String,
    /// What the codes open.
    pub opens: Arc<str>,
    /// Who makes them.
    pub maker: Maker,
    /// Calls in a minute.
    pub rate: u32,
    /// After the first failure; twice as long after each that follows. 2 s are usual.
    pub pause: Duration,
    /// Ends it early.
    pub stopping: Stopping,
}

/// How some work under the lock ended.
enum Ended {
    /// With so many codes: enough, or it was stopped.
    With(i64),
    /// It goes on after this time.
    Pause(Duration),
}

impl StockFill {
    /// Nothing is begun yet.
    pub fn new(parts: Parts) -> Self {
        let (store, opens, stopping) = (parts.store, parts.opens, parts.stopping);
        let flag = stopping.0.clone();
        Self {
            batches: Batches::new(store.clone(), opens.clone(), parts.maker, parts.rate, flag),
            instance: parts.instance,
            pause: parts.pause,
            store,
            opens,
            stopping,
        }
    }

    /// Makes codes until there are `size` in the stock, and tells how it goes. Returns
    /// how many there are: fewer if it was stopped. What is made stays, so a call after
    /// a failure goes on from there.
    ///
    /// While another fills the stock it waits for him, as long as the stock grows. Fails
    /// when it does not for two minutes, when WeChat fails five times in a row or refuses
    /// for good, and when an image or a row cannot be kept.
    pub async fn fill(&self, size: i64, mut tell: impl FnMut(Told<'_>)) -> anyhow::Result<i64> {
        let mut patience = Patience::new(self.pause);
        loop {
            let (lock, have) = self.lock(size, &mut tell).await?;
            let Some(mut lock) = lock else {
                return Ok(have);
            };
            let ended = self.hold(&mut lock, size, &mut patience, &mut tell).await;
            lock.release().await;
            match ended? {
                Ended::With(have) => return Ok(have),
                Ended::Pause(pause) => self.stopping.sleep(pause).await,
            }
        }
    }

    /// The lock, and how many codes there are; none where there is nothing left to do.
    async fn lock(
        &self,
        size: i64,
        tell: &mut impl FnMut(Told<'_>),
    ) -> anyhow::Result<(Option<RefillLock>, i64)> {
        let mut grown = (-1, Instant::now());
        loop {
            let all = Counted::default();
            let count = self.store.count_stock(&self.opens, u32::MAX, all);
            let have = count.await?.left;
            tell(Told::Have(have));
            if have >= size || self.stopping.is_stopped() {
                return Ok((None, have));
            }
            if let Some(lock) = self.store.lock_refill(&self.instance).await? {
                return Ok((Some(lock), have));
            }
            let holder = self.store.refill_holder().await?;
            tell(Told::Waits(holder.as_deref()));
            if have > grown.0 {
                grown = (have, Instant::now());
            }
            if grown.1.elapsed() > STANDS_STILL {
                bail!(
                    "another instance ({}) fills the stock, which has stood at {have} codes for \
                     two minutes; its log says why",
                    holder.as_deref().unwrap_or("of an unknown name"),
                );
            }
            self.stopping.sleep(LOOK_EVERY).await;
        }
    }

    async fn hold(
        &self,
        lock: &mut RefillLock,
        size: i64,
        patience: &mut Patience,
        tell: &mut impl FnMut(Told<'_>),
    ) -> anyhow::Result<Ended> {
        loop {
            let all = Counted::default();
            let have = lock.count_stock(&self.opens, u32::MAX, all).await?.left;
            tell(Told::Have(have));
            let missing = u32::try_from(size - have).unwrap_or(0);
            if missing == 0 || self.stopping.is_stopped() {
                return Ok(Ended::With(have));
            }
            let (added, failure) = self.batches.add(missing).await;
            if added > 0 {
                patience.worked();
            }
            match failure {
                None => {}
                Some(Failure::Make(MakeError::Wechat(error))) => {
                    let pause = patience.after(&error)?;
                    tell(Told::Pause(&error, pause));
                    return Ok(Ended::Pause(pause));
                }
                Some(failure) => return Err(failure).context("the stock is not filled further"),
            }
        }
    }
}
