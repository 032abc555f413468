//! A private PostgreSQL for a server without `DATABASE_URL`.
//!
//! Saoma finds the PostgreSQL programs that are installed, makes a cluster in the data directory,
//! and runs it for itself alone, on a unix socket, until it stops. The files, in the order of a
//! start: `place` (where the cluster lies, and the lock on it), `account` (the user it runs as),
//! `leftover` (what a crash left running), `socket`, `binaries`, `cluster` (made once), `logs`,
//! `postmaster` (the running server), `keeper` (the thread that looks after it).
//!
//! Whoever may connect is told by the kernel (`peer` authentication) behind a folder that only the
//! cluster's user can enter, so there is no password. Saoma's own role owns its database and is no
//! superuser, so that a fault in Saoma is no way to the machine.

use std::path::Path;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use self::keeper::{Keeper, Running};
use self::leftover::PidFile;

mod account;
mod binaries;
mod cluster;
mod command;
mod error;
mod keeper;
mod leftover;
mod lock;
mod logs;
mod packages;
mod place;
mod postmaster;
mod prepare;
mod socket;

pub use self::error::PrivatePostgresError;

/// The name of the database, and of the role that owns it.
const DATABASE: &str = "saoma";

/// The role that makes the other, and that people use for what only a superuser may.
const SUPERUSER: &str = "postgres";

const PREPARE_LIMIT: Duration = Duration::from_secs(20);

/// A PostgreSQL server of Saoma's own.
///
/// Call [`stop`](Self::stop) before the process ends. When it is only dropped, or the process is
/// killed, the server is stopped too, but nobody waits for it; the next start does.
#[derive(Debug)]
pub struct PrivatePostgres {
    keeper: Keeper,
    running: Running,
}

/// How a private PostgreSQL differs from the ordinary one.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// For tests: nothing is flushed to disk, many connections are allowed, and the role `saoma`
    /// may make databases. Takes effect when the cluster is made, not later.
    pub fast_unsafe_for_tests: bool,
}

impl PrivatePostgres {
    /// Starts the server on the cluster below `data_dir`, which is made if it is not there.
    ///
    /// Waits until the server accepts connections and has the database: less than a second, a few
    /// seconds when the cluster is new, at the most two minutes after a crash.
    pub async fn start(data_dir: &Path) -> Result<Self, PrivatePostgresError> {
        Self::start_with(data_dir, Options::default()).await
    }

    /// Like [`start`](Self::start), with options.
    pub async fn start_with(
        data_dir: &Path,
        options: Options,
    ) -> Result<Self, PrivatePostgresError> {
        let may_create_databases = options.fast_unsafe_for_tests;
        let (keeper, running) = Keeper::start(data_dir.to_owned(), options).await?;
        let postgres = Self { keeper, running };
        let admin = postgres
            .connect_options()
            .username(SUPERUSER)
            .database(SUPERUSER);
        let prepared = prepare::role_and_database(admin, may_create_databases);
        match tokio::time::timeout(PREPARE_LIMIT, prepared).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                postgres.stop().await?;
                return Err(error.into());
            }
            Err(_) => {
                postgres.stop().await?;
                return Err(sqlx::Error::PoolTimedOut.into());
            }
        }
        tracing::info!(
            "private PostgreSQL {} runs on {} (psql '{}')",
            postgres.running.major,
            postgres.running.cluster.display(),
            postgres.url(),
        );
        Ok(postgres)
    }

    /// How to connect to the database `saoma` as its owner.
    pub fn connect_options(&self) -> PgConnectOptions {
        connect_options(&self.running.socket_dir)
    }

    /// How to connect to the server that another Saoma runs on this data
    /// directory; none if there is none that accepts connections.
    pub fn of_another(data_dir: &Path) -> Result<Option<PgConnectOptions>, PrivatePostgresError> {
        let file = PidFile::read(&data_dir.join("postgres"))?;
        Ok(file
            .filter(|file| file.ready)
            .map(|file| connect_options(&file.socket_dir)))
    }

    /// The database's address for a person, who may give it to `psql`, `pg_dump` or `sqlx`, as root
    /// or as the user that Saoma or PostgreSQL runs as.
    pub fn url(&self) -> String {
        url(&self.running.socket_dir)
    }

    /// The cluster's folder.
    pub fn cluster(&self) -> &Path {
        &self.running.cluster
    }

    /// Stops the server and waits until it is gone: quickly as a rule, after twenty seconds with
    /// less ceremony, half a minute at the most. Whoever is still connected is disconnected.
    pub async fn stop(self) -> Result<(), PrivatePostgresError> {
        self.keeper.stop().await
    }
}

fn connect_options(socket_dir: &Path) -> PgConnectOptions {
    // The environment's PG… variables are for other servers.
    PgConnectOptions::new_without_pgpass()
        .socket(socket_dir)
        .port(5432)
        .ssl_mode(PgSslMode::Disable)
        .username(DATABASE)
        .database(DATABASE)
}

fn url(socket_dir: &Path) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'/')
        .remove(b'-')
        .remove(b'_')
        .remove(b'.');
    let host = socket_dir.to_string_lossy();
    let host = utf8_percent_encode(&host, KEPT);
    format!("postgresql:///{DATABASE}?host={host}&user={DATABASE}")
}
