//! What many people ask for in the same moment, each kind in statements of its own
//! that serve all of them: who holds a phone, its scan, its confirm, and the redeem.
//!
//! Rows are locked in the order of their ids, so that two batches never wait for
//! each other. What cannot be told apart in a statement's answer never goes
//! together: two scans or confirms of one person, two redeems of one browser.

mod confirms;
mod phones;
mod redeems;
mod scans;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use sqlx::{PgConnection, PgPool};

use super::{
    LIMIT, Store, StoreError,
    batches::{Batches, Rules},
    phone_sessions::PhoneSession,
};
use crate::{
    login::{attempt::Attempt, ids::Hash},
    settings::Timers,
};
use confirms::Confirm;
use redeems::Redeem;
pub use redeems::{NewSession, Redeemed};
use scans::FirstScan;
pub use scans::Scan;

/// Of each kind; more than that is answered `unavailable` at once.
const ROOM: usize = 1024;
/// Statements of one kind at the same time, while few ask.
const AT_ONCE: usize = 3;

/// The ways into the batches.
#[derive(Debug, Clone)]
pub(super) struct Together {
    pub(super) phones: Batches<Hash, Option<PhoneSession>>,
    pub(super) scans: Batches<FirstScan, Option<Attempt>>,
    pub(super) confirms: Batches<Confirm, Option<Attempt>>,
    pub(super) redeems: Batches<Redeem, Option<Redeemed>>,
}

/// Connections, each a pool of its own.
pub(super) type Group = [PgPool; super::TOGETHER_CONNECTIONS];

/// What the statements need.
#[derive(Debug, Clone)]
struct Database {
    groups: Arc<[Group]>,
    timers: Timers,
}

impl Together {
    pub(super) fn new(groups: Arc<[Group]>, timers: Timers) -> Self {
        let db = Database { groups, timers };
        Self {
            phones: phones::batches(db.clone()),
            scans: scans::batches(db.clone()),
            confirms: confirms::batches(db.clone()),
            redeems: redeems::batches(db),
        }
    }
}

impl Database {
    async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>,
    ) -> Result<T, StoreError> {
        Store::run_on(self.pool(), LIMIT, work).await
    }

    /// The first free connection of this thread's group, or of another's; if none is free, one of
    /// this group in its turn. An answer wakes the thread that opened its connection, which is
    /// then most often the one that waits for it.
    fn pool(&self) -> &PgPool {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        static TURN: AtomicUsize = AtomicUsize::new(0);
        thread_local!(static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed));
        let (others, own) = self
            .groups
            .split_at(NUMBER.with(|number| number % self.groups.len()));
        let mut pools = own.iter().chain(others).flatten();
        let is_free = |pool: &&PgPool| pool.num_idle() > 0 || pool.size() == 0;
        pools.find(is_free).unwrap_or_else(|| {
            let turn = TURN.fetch_add(1, Ordering::Relaxed);
            &own[0][turn % own[0].len()]
        })
    }
}

fn rules<I>(name: &'static str, apart: fn(&I, &I) -> bool) -> Rules<I> {
    Rules {
        name,
        room: ROOM,
        at_once: AT_ONCE,
        apart,
    }
}
