//! Postgres: the only place that knows SQL.
//!
//! Every change of an attempt is a guarded UPDATE in autocommit that must hit one
//! row, alone or with others' in one statement ([`together`]); every time comes
//! from the database's `saoma_now()`.

mod attempt_rows;
mod attempts;
mod audit;
mod avatars;
mod batches;
mod begin;
mod codes;
mod confirms;
mod deletion;
mod error;
mod housekeeping;
mod instances;
mod news;
mod pending_users;
mod phone_sessions;
mod phone_sockets;
mod pool;
pub mod private;
mod refill_lock;
mod resume;
mod session_lists;
mod sessions;
mod signing_keys;
mod stock;
mod together;
mod user_admin;
mod users;
mod wechat_tokens;

use std::{array::from_fn, str::FromStr, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::{
    Connection, PgConnection, PgPool,
    migrate::MigrateError,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::{Instant, sleep, timeout_at};

pub use audit::{AuditEntry, AuditQuery};
pub use begin::{BeginQueue, NewAttempt};
pub use codes::{CodeRow, CodesSize, OtherCodes};
pub use confirms::Answer;
pub use deletion::DeletedBy;
pub use error::StoreError;
pub use instances::{Instance, OtherInstance};
pub use news::{Known, Seen};
pub use pending_users::PendingUser;
pub use phone_sessions::{PHONE_SESSION_SECONDS, PhoneSession};
pub use phone_sockets::{PhoneView, SeenPhone};
pub use pool::{Lease, LeaseRules, PoolState};
pub use refill_lock::RefillLock;
pub use resume::ResumeQueue;
pub use session_lists::{EndedBy, ListedSession};
pub use sessions::{SESSION_DAYS, Session};
pub use signing_keys::{KeyChange, NewSigningKey, SealedKey};
pub use stock::{StockCount, TakenCodes, UsedCode};
pub use together::{NewSession, Redeemed, Scan};
pub use user_admin::ListedUser;
pub use users::{RegisterError, User};
pub use wechat_tokens::SealedToken;

use crate::settings::Timers;
use together::{Group, Together};

/// One use case's limit, waiting for a connection included. The server's own
/// limit cannot be trusted alone: a stopped server enforces nothing.
const LIMIT: Duration = Duration::from_secs(2);

/// The limit of what gets a code, when the stock has let it wait for half a second.
const CODE_LIMIT: Duration = Duration::from_millis(1_500);

/// The limit of a start's first connection.
const REACH_LIMIT: Duration = Duration::from_secs(5);
/// A connection that was used so lately is used again without a question: under load
/// all are, and one that its server has closed meanwhile costs a request no more often
/// than it would in the middle of its statement.
const TRUSTED: Duration = Duration::from_millis(10);

/// For what many ask for at once: the threads share these groups of connections.
const TOGETHER_GROUPS: usize = 2;
/// Connections of a group, each a pool of its own: the first that is free is taken, so that
/// while few ask it is always the same one. Its server process has plans and pages at hand: a
/// push takes a fifth less than with three that take turns.
const TOGETHER_CONNECTIONS: usize = 3;

/// The database.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
    /// For the attempts' inserts alone: their commits do not wait for the disk.
    begin_pool: PgPool,
    /// For what many ask for at once.
    together_pools: Arc<[Group; TOGETHER_GROUPS]>,
    together: Together,
    /// For what other instances tell of: somebody waits for it at both ends, and what is lost
    /// with a connection is found by the next look.
    news_pool: PgPool,
    /// For the looks at all that waits: always the same connection, whose server process has
    /// what they read at hand.
    look_pool: PgPool,
    /// For readiness alone: a busy pool is no reason to take an instance's traffic away.
    ready_pool: PgPool,
    timers: Timers,
}

impl Store {
    /// Options for a database's address.
    pub fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
        Ok(PgConnectOptions::from_str(url)?)
    }

    /// Connects on first use, so that a server also starts without its database.
    pub fn new(options: &PgConnectOptions, connections: u32, timers: Timers) -> Self {
        let options = options
            .clone()
            .application_name("saoma")
            .options([("statement_timeout", "2s"), ("lock_timeout", "1s")]);
        let pool = PgPoolOptions::new().max_connections(connections);
        let small = |most| limits(PgPoolOptions::new().max_connections(most));
        let batches = options.clone().options([
            // The plan that is kept was made while the table was small, and would go on
            // reading all of it until the next ANALYZE, with each new attempt more.
            ("enable_seqscan", "off"),
            // These statements take longer to plan than to run.
            ("plan_cache_mode", "force_generic_plan"),
        ]);
        let relaxed = batches.clone().options([("synchronous_commit", "off")]);
        let one = || small(1).connect_lazy_with(batches.clone());
        let together_pools = Arc::new(from_fn(|_| from_fn(|_| one())));
        let unasked = || {
            let one = small(1).before_acquire(|_, _| Box::pin(async { Ok(true) }));
            one.connect_lazy_with(batches.clone())
        };
        Self {
            pool: limits(pool).connect_lazy_with(options.clone()),
            ready_pool: small(1).connect_lazy_with(options),
            begin_pool: small(1).connect_lazy_with(relaxed),
            together: Together::new(together_pools.clone(), timers),
            together_pools,
            look_pool: unasked(),
            news_pool: unasked(),
            timers,
        }
    }

    /// Connects once, past the pools, which keep the reason of a failure to
    /// themselves. Waits 5 s at the most, also for a server that just starts.
    pub async fn reach(&self) -> Result<(), StoreError> {
        /// What Postgres answers while it starts or recovers.
        const STARTING: &str = "57P03";
        let options = self.pool.connect_options();
        let deadline = Instant::now() + REACH_LIMIT;
        loop {
            let connected = timeout_at(deadline, PgConnection::connect_with(&options)).await;
            match connected.map_err(|_| StoreError::TimedOut)? {
                Ok(connection) => {
                    let _ = timeout_at(deadline, connection.close()).await;
                    return Ok(());
                }
                Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(STARTING) => {
                    sleep(Duration::from_millis(100)).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Brings the schema up to this version. A newer schema is left as it is,
    /// so that an older version can be started again. A migration that meets a
    /// running server's statements head-on is begun again, four times at the most.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        let mut migrator = sqlx::migrate!();
        migrator.set_ignore_missing(true);
        let mut connection = self.pool.acquire().await?;
        // A migration may take longer than a request ever may.
        sqlx::query("set statement_timeout = 0")
            .execute(&mut *connection)
            .await?;
        sqlx::query("set lock_timeout = '30s'")
            .execute(&mut *connection)
            .await?;
        let mut done = migrator.run(&mut *connection).await;
        for _ in 0..4 {
            if !done.as_ref().is_err_and(met_traffic) {
                break;
            }
            tracing::info!("the migration met other work on the database and is begun again");
            sleep(Duration::from_millis(200)).await;
            done = migrator.run(&mut *connection).await;
        }
        connection.close().await?;
        done
    }

    /// Whether the database takes changes; one does not that only follows another, as after a
    /// failover. An error if it does not answer.
    pub async fn is_writable(&self) -> Result<bool, StoreError> {
        let read_only: String = Self::run_on(&self.ready_pool, LIMIT, async |db| {
            sqlx::query_scalar("show transaction_read_only")
                .fetch_one(db)
                .await
        })
        .await?;
        Ok(read_only == "off")
    }

    /// The server's version, such as "15.4".
    pub async fn server_version(&self) -> Result<String, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar("show server_version")
                .fetch_one(db)
                .await
        })
        .await
    }

    /// The server's own clock, which no test moves.
    pub async fn clock(&self) -> Result<DateTime<Utc>, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar("select clock_timestamp()")
                .fetch_one(db)
                .await
        })
        .await
    }

    /// Every pool that reads the time, so that a test can move its database's clock in all
    /// connections.
    pub fn pools(&self) -> Vec<&PgPool> {
        let mut pools = vec![
            &self.pool,
            &self.begin_pool,
            &self.news_pool,
            &self.look_pool,
        ];
        pools.extend(self.together_pools.as_flattened());
        pools
    }

    /// Ends all connections.
    pub async fn close(&self) {
        self.begin_pool.close().await;
        for pool in self.together_pools.as_flattened() {
            pool.close().await;
        }
        self.news_pool.close().await;
        self.look_pool.close().await;
        self.ready_pool.close().await;
        self.pool.close().await;
    }

    /// Runs one use case's statements on one connection within [`LIMIT`]. A
    /// connection that did not answer in time is dropped, not used again.
    async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>,
    ) -> Result<T, StoreError> {
        Self::run_on(&self.pool, LIMIT, work).await
    }

    /// The same within [`CODE_LIMIT`].
    async fn run_for_code<T>(
        &self,
        work: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>,
    ) -> Result<T, StoreError> {
        Self::run_on(&self.pool, CODE_LIMIT, work).await
    }

    async fn run_on<T>(
        pool: &PgPool,
        limit: Duration,
        work: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>,
    ) -> Result<T, StoreError> {
        let deadline = Instant::now() + limit;
        let acquired = timeout_at(deadline, pool.acquire()).await;
        let mut connection = acquired.map_err(|_| StoreError::TimedOut)??;
        let answer = timeout_at(deadline, work(&mut connection)).await;
        if let Ok(answer) = answer {
            return Ok(answer?);
        }
        connection.close_on_drop();
        Err(StoreError::TimedOut)
    }
}

/// Whether a migration was undone since it and others waited for each other.
fn met_traffic(error: &MigrateError) -> bool {
    const DEADLOCK: &str = "40P01";
    const LOCK_TIMEOUT: &str = "55P03";
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return false;
    };
    let refusal = error.as_database_error();
    let code = refusal.and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| [DEADLOCK, LOCK_TIMEOUT].contains(&&*code))
}

fn limits(pool: PgPoolOptions) -> PgPoolOptions {
    pool.acquire_timeout(Duration::from_secs(1))
        .idle_timeout(Duration::from_secs(600))
        .max_lifetime(Duration::from_secs(3600))
        // A round trip less before each use case.
        .test_before_acquire(false)
        .before_acquire(|connection, known| {
            Box::pin(async move {
                if known.idle_for > TRUSTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}

/// Seconds for an SQL parameter.
fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
