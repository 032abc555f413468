//! Fills the stock, alone among all instances.
//!
//! Every few seconds each instance counts what is left and what was used of late.
//! Below the low mark the one that gets the lock makes codes up to the high one.
//! Whatever fails ends the round; the next begins after a pause that grows.

mod batch;
pub mod by_hand;
pub mod forecast;
mod last_minute;
pub mod pauses;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix::{
    Actor, ActorFutureExt, Arbiter, AsyncContext, Context, Handler, Message, SpawnHandle,
    WrapFuture,
};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::{MakeError, Maker, Stock};
use crate::{
    settings::CodeSettings,
    store::{Counted, RefillLock, StockCount, Store},
};
use batch::{Batches, Failure};
use forecast::{Forecast, Marks};
use last_minute::LastMinute;
use pauses::Pauses;

/// Between two looks at a stock that needs nothing.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The actor. It has a thread of its own, since the way to WeChat belongs to its
/// thread and filling must not keep a login waiting.
#[derive(Debug)]
pub struct Refill {
    /// None while a round runs.
    work: Option<Work>,
    round: Arc<Mutex<()>>,
    next: Next,
}

/// What the actor does next.
#[derive(Debug)]
enum Next {
    /// Looks then, or as soon as it is told to.
    Look(SpawnHandle),
    /// Rests after a failure.
    Pause,
    /// Nothing before the round has ended.
    Round,
}

/// Look at the stock at once, unless the last try failed.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Look;

/// The refill's thread; it ends with this.
#[derive(Debug)]
pub struct Running {
    arbiter: Arbiter,
    /// Held by each round.
    round: Arc<Mutex<()>>,
    stopping: Arc<AtomicBool>,
}

impl Running {
    /// Begins no call any more, and waits until what has been made has its rows;
    /// not longer than `limit`.
    pub async fn stop(self, limit: Duration) {
        self.stopping.store(true, Ordering::Relaxed);
        if timeout(limit, self.round.lock()).await.is_err() {
            tracing::warn!("codes under way are given up");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.arbiter.stop();
    }
}

/// All that a refill needs.
#[derive(Debug)]
#[expect(missing_docs, reason = "the types say it")]
pub struct Parts<M> {
    pub store: Store,
    pub instance: String,
    pub stock: Stock,
    pub opens: Arc<str>,
    pub settings: CodeSettings,
    /// No pause after failures is longer.
    pub longest_pause: Duration,
    /// Gives a maker for the thread that it is called on.
    pub maker: M,
}

impl Refill {
    /// Starts it on a thread of its own.
    pub fn start<M>(parts: Parts<M>) -> Running
    where
        M: FnOnce() -> Maker + Send + 'static,
    {
        let arbiter = Arbiter::new();
        let (round, stopping) = (Arc::<Mutex<()>>::default(), Arc::<AtomicBool>::default());
        let (ours, told) = (round.clone(), stopping.clone());
        Self::start_in_arbiter(&arbiter.handle(), |_| Self {
            work: Some(Work::new(parts, told)),
            round: ours,
            next: Next::Round,
        });
        Running {
            arbiter,
            round,
            stopping,
        }
    }

    fn round(&mut self, context: &mut Context<Self>) {
        let Some(mut work) = self.work.take() else {
            return;
        };
        self.next = Next::Round;
        let held = self.round.clone();
        let round = async move {
            let _held = held.lock().await;
            let pause = work.round().await;
            (work, pause)
        };
        let ended = round.into_actor(self).map(|(work, pause), actor, context| {
            actor.work = Some(work);
            let later = pause.unwrap_or(LOOK_EVERY);
            let timer = context.run_later(later, Self::round);
            actor.next = match pause {
                Some(_) => Next::Pause,
                None => Next::Look(timer),
            };
        });
        context.spawn(ended);
    }
}

impl Actor for Refill {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        if let Some(work) = &self.work {
            let (stock, refill) = (work.stock.clone(), context.address());
            let told = async move {
                loop {
                    stock.runs_low().await;
                    // One that is not heard is followed by the next look.
                    let _ = refill.try_send(Look);
                }
            };
            context.spawn(told.into_actor(self));
        }
        self.round(context);
    }
}

impl Handler<Look> for Refill {
    type Result = ();

    fn handle(&mut self, _: Look, context: &mut Self::Context) {
        if let Next::Look(timer) = self.next {
            context.cancel_future(timer);
            self.round(context);
        }
    }
}

/// What fills the stock, in rounds.
#[derive(Debug)]
struct Work {
    store: Store,
    instance: String,
    stock: Stock,
    opens: Arc<str>,
    settings: CodeSettings,
    batches: Batches,
    counted: Counted,
    last_minute: LastMinute,
    forecast: Forecast,
    pauses: Pauses,
    /// It has been above a quarter of its mark since it was low.
    was_fine: bool,
}

impl Work {
    fn new<M: FnOnce() -> Maker>(parts: Parts<M>, stopping: Arc<AtomicBool>) -> Self {
        let maker = (parts.maker)();
        let (store, opens) = (parts.store.clone(), parts.opens.clone());
        let rate = parts.settings.stock_rate;
        Self {
            batches: Batches::new(store, opens, maker, rate, stopping),
            store: parts.store,
            instance: parts.instance,
            stock: parts.stock,
            opens: parts.opens,
            settings: parts.settings,
            counted: Counted::default(),
            last_minute: LastMinute::default(),
            forecast: Forecast::default(),
            pauses: Pauses::new(parts.longest_pause),
            was_fine: false,
        }
    }

    /// One look and all that follows from it; how long to rest if it failed.
    async fn round(&mut self) -> Option<Duration> {
        match self.look_and_fill().await {
            Ok(()) => {
                if self.pauses.has_failed() {
                    self.pauses.end();
                    tracing::info!("the stock of codes is filled again");
                }
                None
            }
            Err(failure) => Some(self.rest(&failure)),
        }
    }

    fn rest(&mut self, failure: &Failure) -> Duration {
        metrics::counter!("saoma_stock_failures_total").increment(1);
        let at_least = match failure {
            Failure::Make(MakeError::Wechat(error)) => error.retry_in(),
            _ => None,
        };
        let first = !self.pauses.has_failed();
        let pause = self.pauses.next(at_least, rand::random());
        let left = self.stock.level().map(|level| level.left);
        if first {
            if let Failure::Make(error) = failure {
                error.warn();
            }
            tracing::warn!(
                %failure, left, ?pause,
                "the stock of codes is not filled; it is tried again, and again"
            );
        } else {
            tracing::debug!(%failure, left, ?pause, "the stock of codes is still not filled");
        }
        pause
    }

    async fn look_and_fill(&mut self) -> Result<(), Failure> {
        let most = self.settings.stock_max;
        let before = self.counted;
        let count = self.store.count_stock(&self.opens, most, before).await?;
        let marks = self.note(count);
        if left(count) >= marks.low {
            return Ok(());
        }
        let Some(mut lock) = self.store.lock_refill(&self.instance).await? else {
            return Ok(());
        };
        let filled = self.fill(&mut lock).await;
        lock.release().await;
        filled
    }

    /// Batches up to the high mark, as long as the lock is ours.
    async fn fill(&mut self, lock: &mut RefillLock) -> Result<(), Failure> {
        let mut made = 0;
        loop {
            // Codes with a lower number than those that were left before it may come too.
            let before = Counted {
                below: 0,
                ..self.counted
            };
            let count = lock
                .count_stock(&self.opens, self.settings.stock_max, before)
                .await?;
            let marks = self.note(count);
            let missing = marks.high.saturating_sub(left(count));
            if self.batches.are_stopped() {
                return Ok(());
            }
            if missing == 0 {
                tracing::info!(made, stock = marks.high, "the stock of codes is full");
                return Ok(());
            }
            let (added, failure) = self.batches.add(missing).await;
            if added > 0 {
                made += added;
                metrics::counter!("saoma_stock_made_total").increment(added as u64);
                self.stock.was_filled();
                // Some work: the next failure is the first of its row.
                self.pauses.end();
            }
            if let Some(failure) = failure {
                return Err(failure);
            }
        }
    }

    fn note(&mut self, count: StockCount) -> Marks {
        self.counted = count.counted;
        let used = u32::try_from(count.used).unwrap_or(u32::MAX);
        let now = Instant::now();
        let in_a_minute = self.last_minute.add(used, now);
        self.forecast.note(in_a_minute, now);
        let marks = self.forecast.marks(&self.settings);
        self.stock
            .note_level(u64::from(left(count)), u64::from(marks.high));
        let Some(level) = self.stock.level() else {
            return marks;
        };
        metrics::gauge!("saoma_stock_left").set(level.left as f64);
        metrics::gauge!("saoma_stock_mark").set(level.mark as f64);
        if level.is_low() && self.was_fine {
            tracing::warn!(
                left = level.left,
                mark = level.mark,
                "less than a quarter of the stock of codes is left"
            );
        }
        self.was_fine = !level.is_low();
        marks
    }
}

fn left(count: StockCount) -> u32 {
    u32::try_from(count.left).unwrap_or(u32::MAX)
}
