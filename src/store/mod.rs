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
mod connection_pool;
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

use std::{str::FromStr, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection, migrate::MigrateError, postgres::PgConnectOptions};
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
pub use stock::{Counted, StockCount, TakenCodes, UsedCode};
pub use together::{NewSession, Redeemed, Scan};
pub use user_admin::ListedUser;
pub use users::{RegisterError, User};
pub use wechat_tokens::SealedToken;

use crate::settings::Timers;
use connection_pool::{ConnectionPool, connect};
use error::is_starting;
use together::Together;

/// One use case's limit, waiting for a connection included. The server's own
/// limit cannot be trusted alone: a stopped server enforces nothing.
const LIMIT: Duration = Duration::from_secs(2);

/// The limit of what gets a code, when the stock has let it wait for half a second.
const CODE_LIMIT: Duration = Duration::from_millis(1_500);

/// The limit of a start's first connection.
const REACH_LIMIT: Duration = Duration::from_secs(5);
/// A connection that has rested no longer is used without a question: under load all are. One
/// that its server has closed meanwhile costs a request, no more often than it would in the
/// middle of its statement.
const TRUSTED: Duration = Duration::from_secs(1);
/// The same where a question more hardly counts.
const BRIEFLY: Duration = Duration::from_millis(10);
/// Connections for what many ask for at once.
const TOGETHER: usize = 6;

/// The database.
#[derive(Debug, Clone)]
pub struct Store {
    pools: Arc<Pools>,
    together: Together,
    timers: Timers,
}

/// Who waits for whom.
#[derive(Debug)]
struct Pools {
    /// For all that has none of its own.
    any: ConnectionPool,
    /// For the attempts' inserts alone: their commits do not wait for the disk.
    begin: ConnectionPool,
    /// For what many ask for at once.
    together: Arc<ConnectionPool>,
    /// For what other instances tell of: somebody waits for it at both ends.
    news: ConnectionPool,
    /// For the looks at all attempts that wait.
    look: ConnectionPool,
    /// For readiness alone: many requests are no reason to take an instance's traffic away.
    ready: ConnectionPool,
}

impl Pools {
    fn all(&self) -> [&ConnectionPool; 6] {
        [
            &self.any,
            &self.begin,
            &self.together,
            &self.news,
            &self.look,
            &self.ready,
        ]
    }
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
        let batches = options.clone().options([
            // The plan that is kept was made while the table was small, and would go on
            // reading all of it until the next ANALYZE, with each new attempt more.
            ("enable_seqscan", "off"),
            // These statements take longer to plan than to run.
            ("plan_cache_mode", "force_generic_plan"),
        ]);
        let relaxed = batches.clone().options([("synchronous_commit", "off")]);
        let ends = Arc::default();
        let pool = |options: &PgConnectOptions, most, trusted| {
            ConnectionPool::new(options.clone(), most, trusted, &ends)
        };
        let together = Arc::new(pool(&batches, TOGETHER, TRUSTED));
        let pools = Pools {
            any: pool(&options, connections as usize, BRIEFLY),
            begin: pool(&relaxed, 1, TRUSTED),
            together: together.clone(),
            news: pool(&batches, 1, TRUSTED),
            look: pool(&batches, 1, TRUSTED),
            ready: pool(&options, 1, BRIEFLY),
        };
        Self {
            pools: Arc::new(pools),
            together: Together::new(together, timers),
            timers,
        }
    }

    /// Connects once, to say why if that fails. Waits 5 s at the most, also for a server that
    /// just starts.
    pub async fn reach(&self) -> Result<(), StoreError> {
        let deadline = Instant::now() + REACH_LIMIT;
        let connecting = Box::pin(connect(self.pools.any.options(), is_starting));
        let connected = timeout_at(deadline, connecting).await;
        let connection = connected.map_err(|_| StoreError::TimedOut)??;
        let _ = timeout_at(deadline, connection.close()).await;
        Ok(())
    }

    /// Brings the schema up to this version. A newer schema is left as it is,
    /// so that an older version can be started again. A migration that meets a
    /// running server's statements head-on is begun again, four times at the most.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        let mut migrator = sqlx::migrate!();
        migrator.set_ignore_missing(true);
        let connecting = Box::pin(connect(self.pools.any.options(), is_starting));
        let connected = timeout_at(Instant::now() + REACH_LIMIT, connecting).await;
        let mut connection = connected.map_err(|_| sqlx::Error::PoolTimedOut)??;
        // A migration may take longer than a request ever may.
        sqlx::query("set statement_timeout = 0")
            .execute(&mut connection)
            .await?;
        sqlx::query("set lock_timeout = '30s'")
            .execute(&mut connection)
            .await?;
        let mut done = migrator.run(&mut connection).await;
        for _ in 0..4 {
            if !done.as_ref().is_err_and(met_traffic) {
                break;
            }
            tracing::info!("the migration met other work on the database and is begun again");
            sleep(Duration::from_millis(200)).await;
            done = migrator.run(&mut connection).await;
        }
        connection.close().await?;
        done
    }

    /// Whether the database takes changes; one does not that only follows another, as after a
    /// failover. An error if it does not answer.
    pub async fn is_writable(&self) -> Result<bool, StoreError> {
        let ask = sqlx::query_scalar("show transaction_read_only");
        let ready = &self.pools.ready;
        let read_only: String = ready.run(LIMIT, async |db| ask.fetch_one(db).await).await?;
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

    /// Does something on every connection, such as to move a test's clock.
    pub async fn on_each_connection(&self, work: impl AsyncFn(&mut PgConnection)) {
        for pool in self.pools.all() {
            pool.each(&work).await;
        }
    }

    /// Ends all connections.
    pub async fn close(&self) {
        for pool in self.pools.all() {
            pool.close().await;
        }
    }

    /// Runs one use case's statements on one connection within [`LIMIT`]. A
    /// connection that did not answer in time is dropped, not used again.
    async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>,
    ) -> Result<T, StoreError> {
        self.pools.any.run(LIMIT, work).await
    }

    /// The same within [`CODE_LIMIT`].
    async fn run_for_code<T>(
        &self,
        work: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>,
    ) -> Result<T, StoreError> {
        self.pools.any.run(CODE_LIMIT, work).await
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

/// Seconds for an SQL parameter.
fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
