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

use std::sync::Arc;

use sqlx::PgConnection;

use super::{
    LIMIT, StoreError,
    batches::{Batches, Rules},
    connection_pool::ConnectionPool,
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

/// What the statements need.
#[derive(Debug, Clone)]
struct Database {
    pool: Arc<ConnectionPool>,
    timers: Timers,
}

impl Together {
    pub(super) fn new(pool: Arc<ConnectionPool>, timers: Timers) -> Self {
        let db = Database { pool, timers };
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
        self.pool.run(LIMIT, work).await
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
