//! One private PostgreSQL for all tests, one database for each.

use std::{
    path::Path,
    sync::{Mutex, OnceLock},
    thread,
    time::Duration,
};

use saoma::store::{
    Store,
    private::{Options, PrivatePostgres},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, postgres::PgConnectOptions};
use tokio::sync::OnceCell;
use uuid::Uuid;

static CLUSTER: OnceLock<Mutex<PrivatePostgres>> = OnceLock::new();

/// Where the tests' PostgreSQL listens.
pub fn cluster() -> PgConnectOptions {
    let cluster = CLUSTER.get_or_init(|| {
        // A runtime of its own, since every test has one and none outlives them all.
        let started = thread::spawn(|| {
            actix_web::rt::System::new().block_on(async {
                let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("api-tests");
                std::fs::create_dir_all(&place).unwrap();
                let options = Options {
                    fast_unsafe_for_tests: true,
                };
                let cluster = PrivatePostgres::start_with(&place, options).await.unwrap();
                drop_left_over(&cluster.connect_options()).await;
                cluster
            })
        });
        Mutex::new(started.join().unwrap())
    });
    cluster.lock().unwrap().connect_options()
}

/// A database that is dropped with its test.
#[derive(Debug)]
pub struct TestDatabase {
    pub options: PgConnectOptions,
    name: String,
}

impl TestDatabase {
    /// A new, empty database.
    pub async fn create() -> Self {
        Self::copy_of("template1").await
    }

    /// A new database with this version's schema, copied since that is quicker than migrating.
    pub async fn migrated() -> Self {
        static TEMPLATE: OnceCell<()> = OnceCell::const_new();
        let template = "migrated";
        let made = async {
            execute(&cluster(), "drop database if exists migrated").await;
            execute(&cluster(), "create database migrated").await;
            let options = cluster().database(template);
            let pool = PgPool::connect_with(options).await.unwrap();
            sqlx::migrate!().run(&pool).await.unwrap();
            pool.close().await;
        };
        TEMPLATE.get_or_init(|| made).await;
        Self::copy_of(template).await
    }

    async fn copy_of(template: &str) -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let sql = format!("create database {name} template {template}");
        execute(&cluster(), &sql).await;
        Self {
            options: cluster().database(&name),
            name,
        }
    }

    /// The address, for a server that reads it from a setting.
    pub fn url(&self) -> String {
        let socket = self.options.get_socket().unwrap().to_str().unwrap();
        let socket = socket.replace('/', "%2F");
        format!("postgres://saoma@{socket}/{}?sslmode=disable", self.name)
    }

    /// Runs one statement as nobody but a test would.
    pub async fn execute(&self, sql: &str) {
        execute(&self.options, sql).await;
    }

    /// One number that a statement counts.
    pub async fn count(&self, sql: &str) -> i64 {
        let mut connection = PgConnection::connect_with(&self.options).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    /// One value, as text.
    pub async fn text(&self, sql: &str) -> String {
        let mut connection = PgConnection::connect_with(&self.options).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(format!("select ({sql})::text")))
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    /// Stops the clock of this database at what an expression gives now.
    pub async fn stop_clock_at(&self, sql: &str) {
        let at = self.text(sql).await;
        let function = "create or replace function saoma_now() returns timestamptz \
             language sql stable parallel safe return";
        self.execute(&format!("{function} timestamptz '{at}'"))
            .await;
    }

    /// Takes the database away from everybody, or gives it back.
    pub async fn set_away(&self, away: bool) {
        let name = &self.name;
        let sql = format!("alter database {name} with allow_connections = {}", !away);
        execute(&cluster(), &sql).await;
        if away {
            let sql = "select pg_terminate_backend(pid) from pg_stat_activity where datname";
            execute(&cluster(), &format!("{sql} = '{name}'")).await;
        }
    }

    /// How far the clock of this database goes before the real one, for connections to come.
    pub async fn set_clock(&self, offset: &str) {
        let name = &self.name;
        // Only a superuser may give a database a setting that PostgreSQL does not know.
        let superuser = self.options.clone().username("postgres");
        let sql = format!("alter database {name} set saoma.clock_offset = '{offset}'");
        execute(&superuser, &sql).await;
    }

    /// Moves the clock of this database alone, also in these servers' open connections.
    pub async fn advance(&self, stores: &[&Store], by: Duration) {
        let offset = self.offset().await + by.as_secs_f64();
        let seconds = format!("{offset} seconds");
        self.set_clock(&seconds).await;
        let set = async |connection: &mut PgConnection| {
            sqlx::query("select set_config('saoma.clock_offset', $1, false)")
                .bind(&seconds)
                .execute(connection)
                .await
                .unwrap();
        };
        for store in stores {
            store.on_each_connection(&set).await;
        }
    }

    async fn offset(&self) -> f64 {
        let mut connection = PgConnection::connect_with(&self.options).await.unwrap();
        let sql = "select extract(epoch from saoma_now() - now())::float8";
        sqlx::query_scalar(sql)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }
}

impl Drop for TestDatabase {
    /// Also after a test that failed: the next run begins with none.
    fn drop(&mut self) {
        let name = self.name.clone();
        // Nobody waits for it: the next run drops what this one leaves.
        thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                execute(
                    &cluster(),
                    &format!("drop database if exists {name} with (force)"),
                )
                .await;
            });
        });
    }
}

/// Drops the databases of tests that ended with their process.
async fn drop_left_over(options: &PgConnectOptions) {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    let sql = "select datname from pg_database where datname like 'test\\_%'";
    let names: Vec<String> = sqlx::query_scalar(sql)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    for name in names {
        execute(options, &format!("drop database {name} with (force)")).await;
    }
}

async fn execute(options: &PgConnectOptions, sql: &str) {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}
