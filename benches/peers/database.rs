//! A fresh PostgreSQL with Saoma's schema and people, for one server.

use std::{fs, io::Write, path::Path};

use sqlx::{Connection, Executor, PgConnection, postgres::PgConnectOptions};

use saoma::store::private::PrivatePostgres;

use crate::peers::{
    client::people::PEOPLE,
    processes::{Cpu, parent_of},
};

/// Beside those of Saoma's own. Hundreds of thousands of codes are only for the benchmark; they
/// shall neither drive all else out of the buffers nor bring checkpoints, which would fall on one
/// server's seconds and not on another's.
const SETTINGS: &str = "shared_preload_libraries = 'pg_stat_statements'
shared_buffers = 512MB
max_wal_size = 16GB
checkpoint_timeout = 1h";

/// Starts one whose statements are counted.
pub async fn start(folder: &Path) -> PrivatePostgres {
    let postgres = PrivatePostgres::start(folder).await.unwrap();
    let settings = postgres.cluster().join("postgresql.conf");
    let mut file = fs::OpenOptions::new().append(true).open(settings).unwrap();
    writeln!(file, "{SETTINGS}").unwrap();
    drop(file);
    postgres.stop().await.unwrap();
    let postgres = PrivatePostgres::start(folder).await.unwrap();
    let mut admin = connect(&admin(&postgres)).await;
    admin
        .execute("create extension pg_stat_statements")
        .await
        .unwrap();
    postgres
}

fn admin(postgres: &PrivatePostgres) -> PgConnectOptions {
    postgres.connect_options().username("postgres")
}

async fn connect(options: &PgConnectOptions) -> PgConnection {
    PgConnection::connect_with(options).await.unwrap()
}

/// Brings the schema up to date.
pub async fn migrate(postgres: &PrivatePostgres) {
    let mut connection = connect(&postgres.connect_options()).await;
    sqlx::migrate!().run(&mut connection).await.unwrap();
}

/// Registers people whose phones are signed in: person N's token is the SHA-256 of "person N".
pub async fn register_people(postgres: &PrivatePostgres, app_id: &str) {
    let sql = "with person as (
            select n, gen_random_uuid() as id, sha256(convert_to('person ' || n, 'UTF8')) as token
            from generate_series(0, $1 - 1) n
        ), added as (
            insert into users (id, nickname) select id, 'Li' from person
        ), known as (
            insert into wechat_identities (app_id, openid, user_id)
            select $2, 'o' || n, id from person
        )
        insert into phone_sessions (id, token_hash, app_id, openid, expires_at)
        select gen_random_uuid(), sha256(token), $2, 'o' || n, saoma_now() + interval '30 days'
        from person";
    let mut connection = connect(&postgres.connect_options()).await;
    sqlx::query(sql)
        .bind(i32::try_from(PEOPLE).unwrap())
        .bind(app_id)
        .execute(&mut connection)
        .await
        .unwrap();
    connection.execute("analyze").await.unwrap();
}

/// Adds codes to a stock that has some: a code's scene is the first 24 bytes of its image's name.
pub async fn add_stock(postgres: &PrivatePostgres, count: usize) {
    let sql = "with image as (
            select sha256(convert_to('image ' || n, 'UTF8')) as name from generate_series(1, $1) n
        )
        insert into codes (kind, scene_hash, image, bytes, opens)
        select 'stock', sha256(convert_to(translate(
                encode(substring(name from 1 for 24), 'base64'), '+/', '-_'), 'UTF8')),
            encode(name, 'hex') || '.png', 1000, (select opens from codes limit 1)
        from image";
    let mut connection = connect(&postgres.connect_options()).await;
    sqlx::query(sql)
        .bind(i32::try_from(count).unwrap())
        .execute(&mut connection)
        .await
        .unwrap();
    connection.execute("vacuum analyze codes").await.unwrap();
}

/// What the server has cost its database so far.
pub struct Spent {
    pub statements: u64,
    pub cpu: Cpu,
    /// Bytes of the write-ahead log.
    pub wal: u64,
}

pub async fn spent(postgres: &PrivatePostgres) -> Spent {
    let mut admin = connect(&admin(postgres)).await;
    let (statements, wal, backend): (i64, i64, i32) = sqlx::query_as(
        "select coalesce((select sum(calls) from pg_stat_statements s join pg_roles r
                on r.oid = s.userid where r.rolname = 'saoma'), 0)::bigint,
            pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint, pg_backend_pid()",
    )
    .fetch_one(&mut admin)
    .await
    .unwrap();
    let postmaster = parent_of(backend.unsigned_abs()).unwrap();
    Spent {
        statements: statements.unsigned_abs(),
        cpu: Cpu::of(&[postmaster]),
        wal: wal.unsigned_abs(),
    }
}
