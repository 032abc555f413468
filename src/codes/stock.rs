//! Codes made ahead, each used once.
//!
//! An instance takes them in blocks: from the commit that marks a block as taken
//! its codes are this instance's alone. What it does not use is lost with it, so
//! that no code is ever shown twice. A view takes one from memory.

mod held;
mod warming;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout, timeout_at},
};

use super::{Code, Images, Source};
use crate::store::{Store, StoreError};
use held::{Asked, Held};
use warming::{Block, Warming};

/// How long a view waits for a block that is on its way.
const WAIT: Duration = Duration::from_millis(500);
/// How often codes that were held too long are dropped.
const TICK: Duration = Duration::from_secs(60);

/// The stock as this instance uses it. All workers share one; a clone is cheap.
#[derive(Debug, Clone)]
pub struct Stock(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Store,
    /// What a code has to open to be of use here.
    opens: Arc<str>,
    instance: String,
    /// The number of the last code that was taken.
    after: AtomicI64,
    held: Mutex<Held>,
    /// The keeper is to look.
    wanted: Notify,
    /// The keeper has taken a block, or has found that there is none.
    looked: watch::Sender<()>,
    /// The refill is to look.
    low: Notify,
    level: Mutex<Option<Level>>,
    /// It has been above a quarter of its mark.
    has_been_fine: AtomicBool,
}

/// How full the stock is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Codes that nobody has taken, and those that this instance holds.
    pub left: u64,
    /// Codes of a full stock, by the use that is expected.
    pub mark: u64,
}

impl Level {
    /// Below a quarter of the mark: somebody should know.
    pub fn is_low(self) -> bool {
        self.left.saturating_mul(4) < self.mark
    }

    /// Below a twentieth of it.
    pub fn is_nearly_empty(self) -> bool {
        self.left.saturating_mul(20) < self.mark
    }
}

impl Stock {
    /// The stock's codes that open this; none is held yet.
    pub fn new(store: Store, opens: Arc<str>, instance: &str) -> Self {
        Self(Arc::new(Shared {
            store,
            opens,
            instance: instance.to_owned(),
            after: AtomicI64::new(0),
            held: Mutex::new(Held::default()),
            wanted: Notify::new(),
            looked: watch::Sender::new(()),
            low: Notify::new(),
            level: Mutex::new(None),
            has_been_fine: AtomicBool::new(false),
        }))
    }

    /// A code, at once if one is held, else after half a second at the most;
    /// none from a stock that is used up. Fails while the database is away.
    pub async fn code(&self) -> Result<Option<Code>, StoreError> {
        let deadline = Instant::now() + WAIT;
        let mut looked = None;
        loop {
            match self.ask() {
                Asked::Code(code) => return Ok(Some(code)),
                Asked::UsedUp => return Ok(None),
                Asked::Away => return Err(StoreError::TimedOut),
                Asked::Wait => {}
            }
            // Once more after subscribing: a block may have come in between.
            let Some(looked) = &mut looked else {
                looked = Some(self.0.looked.subscribe());
                continue;
            };
            if !matches!(timeout_at(deadline, looked.changed()).await, Ok(Ok(()))) {
                let is_away = self.held().is_away();
                return if is_away {
                    Err(StoreError::TimedOut)
                } else {
                    Ok(None)
                };
            }
        }
    }

    fn ask(&self) -> Asked {
        let mut held = self.held();
        let asked = held.ask(Instant::now());
        if held.runs_low() {
            self.0.wanted.notify_one();
        }
        asked
    }

    /// Takes blocks whenever they are needed, until the process ends. `ahead`:
    /// the first before anybody asks. Without `images` somebody else serves them.
    pub async fn keep(self, ahead: bool, images: Option<Images>) {
        if ahead {
            self.0.wanted.notify_one();
        }
        let mut warming = Warming::new(images);
        let mut healthy = true;
        loop {
            let wanted = timeout(TICK, self.0.wanted.notified()).await.is_ok();
            let missing = {
                let mut held = self.held();
                held.drop_old(Instant::now());
                held.missing(Instant::now(), warming.most())
            };
            if !wanted || missing == 0 {
                continue;
            }
            let taken = self.take(missing, &mut warming).await;
            if let Err(error) = &taken
                && healthy
            {
                tracing::warn!(%error, "no codes could be taken from the stock");
            }
            healthy = taken.is_ok();
            self.hold(taken, missing);
            self.0.looked.send_replace(());
        }
    }

    /// What came of asking for `missing` codes.
    fn hold(&self, taken: Result<Block, StoreError>, missing: u32) {
        let now = Instant::now();
        let (codes, taken_at) = match taken {
            Ok(block) => (block.codes, block.taken_at),
            Err(error) if error.is_away() => return self.held().miss(now),
            Err(_) => (Vec::new(), now),
        };
        if codes.len() < usize::try_from(missing).unwrap_or(usize::MAX) {
            self.0.low.notify_one();
        }
        self.held().put(codes, taken_at, now);
    }

    /// A block that is ours alone, without the codes whose images are not here.
    async fn take(&self, most: u32, warming: &mut Warming) -> Result<Block, StoreError> {
        let block = match warming.waiting() {
            Some(block) => block,
            None => self.take_another(most).await?,
        };
        Ok(warming.ready(block).await)
    }

    async fn take_another(&self, most: u32) -> Result<Block, StoreError> {
        let (shared, taken_at) = (&self.0, Instant::now());
        let Shared {
            store,
            instance,
            opens,
            after,
            ..
        } = &**shared;
        let before = after.load(Ordering::Relaxed);
        let mut taken = store.take_stock(instance, opens, before, most).await?;
        after.store(taken.last, Ordering::Relaxed);
        let missing = most.saturating_sub(u32::try_from(taken.codes.len()).unwrap_or(most));
        // What another instance had in its hands and did not take after all.
        if missing > 0
            && before > 0
            && let Ok(left) = store.take_stock(instance, opens, 0, missing).await
        {
            taken.codes.extend(left.codes);
        }
        let codes = taken.codes;
        Ok(Block { codes, taken_at })
    }

    /// Waits until a block came short.
    pub async fn runs_low(&self) {
        self.0.low.notified().await;
    }

    /// There are new codes in it.
    pub fn was_filled(&self) {
        self.held().expect_more();
        self.0.wanted.notify_one();
    }

    /// What the database has left, and what a full stock has.
    pub fn note_level(&self, left: u64, mark: u64) {
        let level = Level { left, mark };
        *self.locked_level() = Some(level);
        if !level.is_low() {
            self.0.has_been_fine.store(true, Ordering::Relaxed);
        }
    }

    /// Whether nearly nothing is left of a stock that was fuller. One that is
    /// being filled for the first time lacks nothing.
    pub fn is_scarce(&self) -> bool {
        let nearly_empty = self.level().is_some_and(Level::is_nearly_empty);
        nearly_empty && self.0.has_been_fine.load(Ordering::Relaxed)
    }

    /// How full the stock is; none before the refill has looked.
    pub fn level(&self) -> Option<Level> {
        let level = *self.locked_level();
        let held = self.held().len();
        level.map(|level| Level {
            left: level.left + held,
            ..level
        })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn locked_level(&self) -> MutexGuard<'_, Option<Level>> {
        self.0.level.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A code that was taken from the stock.
impl Code {
    pub(crate) fn of_stock(image: String, scene: crate::login::ids::Hash) -> Self {
        Self {
            image,
            scene,
            source: Source::Stock,
            epoch: 0,
        }
    }
}
