//! Reusable codes: a small pool, each code leased to one attempt at a time.
//!
//! A reserve for when nothing else is left: whoever kept a picture of a code may
//! scan it when another's page shows it, so a scan of one always asks for the number.

mod demand;
mod fill;
mod quota;
mod turns;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::time::{MissedTickBehavior, interval};

use super::{Code, Source, Want};
use crate::{
    login::limits::subscriber,
    settings::{PoolSettings, Timers},
    store::{LeaseRules, PoolState, Store, StoreError},
};
use demand::{Demand, Numbers};
pub use fill::PoolFill;
use quota::Quota;
use turns::Turns;

/// How long nobody looks again whether an unfilled pool has been filled, or whether images
/// that could not be shown can be.
const REST: Duration = Duration::from_secs(5);
/// How often the codes are counted, for whoever watches the server.
const COUNTED: Duration = Duration::from_secs(15);

/// Which of the free codes is leased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolOrder {
    /// Any of them: nobody can tell which code comes next.
    Random,
    /// The one with the lowest number, so that few images are enough for caches.
    Lowest,
}

/// The pool, one for all workers.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Store,
    settings: PoolSettings,
    opens: Arc<str>,
    /// A lease and its quarantine together: what one login costs the pool.
    cycle: Duration,
    quota: Quota,
    turns: Turns,
    seen: Mutex<Seen>,
}

/// What this process has seen of the pool.
#[derive(Debug, Default)]
struct Seen {
    demand: Demand,
    warned: Option<Instant>,
    rests_since: Option<Instant>,
    /// Of a pool that has codes.
    state: Option<PoolState>,
}

/// A lease and its quarantine: how long a code is away for one login.
fn cycle(settings: &PoolSettings, timers: &Timers) -> Duration {
    timers.scan.min(timers.attempt) + settings.quarantine
}

/// Codes a second that a pool of this size can go on giving.
pub fn pool_rate(size: i64, settings: &PoolSettings, timers: &Timers) -> f64 {
    Numbers::of(size, cycle(settings, timers), 0.0).served
}

impl Pool {
    /// The pool of the codes that open this.
    pub fn new(store: Store, settings: PoolSettings, timers: &Timers, opens: Arc<str>) -> Self {
        let cycle = cycle(&settings, timers);
        Self(Arc::new(Shared {
            store,
            settings,
            opens,
            cycle,
            quota: Quota::new(settings.per_address, cycle),
            turns: Turns::default(),
            seen: Mutex::default(),
        }))
    }

    /// A code for this attempt alone, until long after its end. None: no code is
    /// free, or this address has had its share, and another source has to serve.
    pub async fn code(&self, want: &Want) -> Result<Option<Code>, StoreError> {
        let now = Instant::now();
        self.seen().demand.count(now);
        if self.rests(now) {
            return Ok(None);
        }
        let Some(turn) = self.0.turns.take() else {
            return Ok(None);
        };
        let address = subscriber(want.address);
        if !self.0.quota.take(address, now) {
            metrics::counter!("saoma_pool_refused_total", "reason" => "address").increment(1);
            return Ok(None);
        }
        let leased = self.0.store.lease_code(want.attempt, &self.rules()).await;
        if !matches!(leased, Ok(Some(_))) {
            self.0.quota.give_back(address);
        }
        let leased = leased?;
        turn.note(leased.is_none());
        let Some(lease) = leased else {
            metrics::counter!("saoma_pool_refused_total", "reason" => "used_up").increment(1);
            self.used_up(now).await?;
            return Ok(None);
        };
        tracing::debug!(number = lease.number, epoch = lease.epoch, attempt = %want.attempt, "code leased");
        Ok(Some(Code {
            image: lease.image,
            scene: lease.scene,
            source: Source::Pool,
            epoch: lease.epoch,
        }))
    }

    /// How many codes there are, and how many are free now.
    pub async fn state(&self) -> Result<PoolState, StoreError> {
        self.0.store.pool_state(&self.rules()).await
    }

    /// Counts the codes until the process ends.
    pub async fn watch(self) {
        let mut tick = interval(COUNTED);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            match self.state().await {
                Ok(state) => self.note(state),
                Err(error) => tracing::debug!(%error, "the pool is counted at the next look"),
            }
        }
    }

    fn note(&self, state: PoolState) {
        let filled = state.size > 0;
        self.seen().state = filled.then_some(state);
        if filled {
            metrics::gauge!("saoma_pool_size").set(state.size as f64);
            metrics::gauge!("saoma_pool_free").set(state.free as f64);
        }
    }

    /// As counted last; none of a pool without codes.
    pub fn level(&self) -> Option<PoolState> {
        self.seen().state
    }

    fn rules(&self) -> LeaseRules<'_> {
        LeaseRules {
            opens: &self.0.opens,
            order: self.0.settings.order,
            quarantine: self.0.settings.quarantine,
        }
    }

    /// Leases no code for a while: they cannot be shown, and each would be lost for its lease
    /// and its quarantine.
    pub fn rest(&self) {
        self.seen().rests_since = Some(Instant::now());
    }

    fn rests(&self, now: Instant) -> bool {
        let since = self.seen().rests_since;
        since.is_some_and(|since| now.saturating_duration_since(since) < REST)
    }

    /// No code was free. Says so once in the time that a code takes to come back,
    /// with the numbers that the owner needs.
    async fn used_up(&self, now: Instant) -> Result<(), StoreError> {
        let cycle = self.0.cycle;
        let warned = self.seen().warned;
        if warned.is_some_and(|at| now.duration_since(at) < cycle) {
            return Ok(());
        }
        let size = self.0.store.pool_size(&self.0.opens).await?;
        let mut seen = self.seen();
        if size == 0 {
            seen.rests_since = Some(now);
            return Ok(());
        }
        seen.warned = Some(now);
        let numbers = Numbers::of(size, cycle, seen.demand.per_second(now));
        tracing::warn!(
            codes = size,
            "the pool of codes is used up: it serves {:.2} codes a second, {:.2} are asked for \
             here, which needs {} codes (`saoma codes pool --size {}`)",
            numbers.served,
            numbers.wanted,
            numbers.size,
            numbers.size,
        );
        Ok(())
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
