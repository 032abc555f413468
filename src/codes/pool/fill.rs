//! Growing the pool: a command's work, done once, while servers run.

use std::time::Duration;

use anyhow::Context;
use futures_util::future::join_all;
use tokio::time::{Instant, sleep_until};

use crate::{
    codes::{
        MakeError, Maker, NewCode,
        by_hand::{Patience, Stopping, Told},
    },
    store::Store,
    wechat::WechatError,
};

/// Codes that are asked for at once.
const AT_ONCE: usize = 8;
/// So many at the most in this time: a third of the 5,000 a minute that WeChat allows,
/// which leaves the rest to the pages that are open.
const PACE: Duration = Duration::from_millis(300);
/// Fills the pool.
#[derive(Debug)]
pub struct PoolFill {
    /// Where the codes are listed.
    pub store: Store,
    /// Who makes them.
    pub maker: Maker,
    /// What they open.
    pub opens: String,
    /// After the first failure; twice as long after each that follows. 2 s are usual.
    pub pause: Duration,
    /// Ends it early.
    pub stopping: Stopping,
}

impl PoolFill {
    /// Makes codes until there are `size`, and tells how it goes. Returns how many
    /// there are: fewer if it was stopped. What is made stays, so a call after a failure
    /// goes on from there.
    ///
    /// Fails when WeChat fails five times in a row, with longer and longer pauses
    /// between, and at once when it refuses for good or no image can be kept.
    pub async fn fill(&self, size: i64, mut tell: impl FnMut(Told<'_>)) -> anyhow::Result<i64> {
        let mut patience = Patience::new(self.pause);
        loop {
            let have = self.store.pool_size(&self.opens).await?;
            tell(Told::Have(have));
            let missing = usize::try_from(size - have).unwrap_or(0);
            if missing == 0 || self.stopping.is_stopped() {
                return Ok(have);
            }
            let next = Instant::now() + PACE;
            let round = (0..missing.min(AT_ONCE)).map(|_| self.maker.make());
            let mut failed: Option<WechatError> = None;
            let mut stop: Option<anyhow::Error> = None;
            for made in join_all(round).await {
                match made {
                    Ok(made) => {
                        if let Err(error) = self.add(&made, size).await {
                            self.maker.discard(&made).await;
                            stop = stop.or(Some(error));
                        }
                    }
                    // A pause says less than the error that began it.
                    Err(MakeError::Wechat(error)) => failed = failed.or(Some(error)),
                    Err(MakeError::Image(error)) => stop = stop.or(Some(error.into())),
                }
            }
            // Only now, when the codes of this round that could be kept have their rows.
            if let Some(error) = stop {
                return Err(error).context("the pool is not filled further");
            }
            let Some(error) = failed else {
                patience.worked();
                sleep_until(next).await;
                continue;
            };
            let pause = patience.after(&error)?;
            tell(Told::Pause(&error, pause));
            self.stopping.sleep(pause).await;
        }
    }

    async fn add(&self, made: &NewCode, size: i64) -> anyhow::Result<()> {
        // Another command may take the same number at the same time, or the last place.
        while self
            .store
            .add_pool_code(made, &self.opens, size)
            .await?
            .is_none()
        {
            if self.store.pool_size(&self.opens).await? >= size {
                self.maker.discard(made).await;
                break;
            }
        }
        Ok(())
    }
}
