//! Growing the pool: a command's work, done once, while servers run.

use std::time::Duration;

use anyhow::Context;
use futures_util::future::join_all;
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    codes::{MakeError, Maker, NewCode},
    store::Store,
};

/// Codes that are asked for at once.
const AT_ONCE: usize = 8;
/// So many at the most in this time: a third of the 5,000 a minute that WeChat allows,
/// which leaves the rest to the pages that are open.
const PACE: Duration = Duration::from_millis(300);
/// How long an error that may pass at once asks to wait.
const PASSES: Duration = Duration::from_secs(2);
/// Rounds in a row that may fail before the command gives up.
const FAILURES: u32 = 5;

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
}

impl PoolFill {
    /// Makes codes until there are `size`, and tells each time how many there are.
    /// What is made stays, so a call after a failure goes on from there.
    ///
    /// Fails when WeChat fails five times in a row, with longer and longer pauses
    /// between, and at once when it refuses for good or no image can be kept.
    pub async fn fill(&self, size: i64, mut tell: impl FnMut(i64)) -> anyhow::Result<i64> {
        let mut failures = 0;
        loop {
            let have = self.store.pool_size(&self.opens).await?;
            tell(have);
            let missing = usize::try_from(size - have).unwrap_or(0);
            if missing == 0 {
                return Ok(have);
            }
            let next = Instant::now() + PACE;
            let round = (0..missing.min(AT_ONCE)).map(|_| self.maker.make());
            let mut failed = None;
            for made in join_all(round).await {
                match made {
                    Ok(made) => self.add(&made, size).await?,
                    Err(MakeError::Wechat(error)) => failed = Some(error),
                    Err(MakeError::Image(error)) => {
                        return Err(error).context("the pool stays as it is");
                    }
                }
            }
            let Some(error) = failed else {
                failures = 0;
                sleep_until(next).await;
                continue;
            };
            failures += 1;
            let Some(wanted) = error.retry_in().filter(|_| failures < FAILURES) else {
                let advice = error.advice_en();
                return Err(error).context(format!("WeChat makes no more codes; {advice}"));
            };
            let pause = self.pause * 2_u32.pow(failures - 1);
            // A limit of WeChat's lasts longer than what may pass at once.
            let pause = if wanted > PASSES { wanted } else { pause };
            tracing::warn!(%error, ?pause, "WeChat made no code; asked again after a pause");
            sleep(pause).await;
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
