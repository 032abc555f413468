//! `saoma migrate` and `sqlx migrate run` give the same schema.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use sqlx::{Connection, PgConnection};

use crate::support::database::TestDatabase;

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn saoma_migrate(database: &TestDatabase) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_saoma"));
    run(command.arg("migrate").env("DATABASE_URL", database.url()));
}

/// The schema as SQL, without the random words that newer versions of `pg_dump` add.
fn schema(database: &TestDatabase) -> String {
    let output =
        run(Command::new("pg_dump").args(["--schema-only", "--no-owner", &database.url()]));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The sqlx program on the path or where `make` keeps tools.
fn sqlx() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain([root]);
    places
        .map(|place| place.join("sqlx"))
        .find(|file| file.is_file())
}

#[actix_web::test]
async fn saoma_migrate_gives_the_same_schema_as_sqlx_migrate_run() {
    let (ours, theirs) = (TestDatabase::create().await, TestDatabase::create().await);
    saoma_migrate(&ours);
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    if let Some(sqlx) = sqlx() {
        let mut command = Command::new(sqlx);
        command
            .args(["migrate", "run", "--source"])
            .arg(&migrations);
        run(command.env("DATABASE_URL", theirs.url()));
    } else {
        // What the program itself calls.
        let migrator = sqlx::migrate::Migrator::new(migrations).await.unwrap();
        let pool = sqlx::PgPool::connect_with(theirs.options.clone())
            .await
            .unwrap();
        migrator.run(&pool).await.unwrap();
        pool.close().await;
    }
    let schema = schema(&ours);
    assert!(schema.contains("CREATE TABLE public.login_attempts"));
    assert_eq!(schema, self::schema(&theirs));
    let mut applied = Vec::new();
    for database in [&ours, &theirs] {
        applied.push(
            database
                .count("select count(*) from _sqlx_migrations")
                .await,
        );
    }
    assert_eq!(applied[0], applied[1]);
}

#[actix_web::test]
async fn g9_a_migration_that_meets_a_running_server_head_on_is_begun_again() {
    let database = TestDatabase::create().await;
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut first = sqlx::migrate::Migrator::new(migrations).await.unwrap();
    // The tables as 0.1 made them.
    first
        .migrations
        .to_mut()
        .retain(|migration| migration.version < 20_261_124_000_000);
    let mut server = PgConnection::connect_with(&database.options).await.unwrap();
    first.run(&mut server).await.unwrap();
    let mut say = async |sql: &'static str| {
        sqlx::raw_sql(sql).execute(&mut server).await.unwrap();
    };
    // A statement of the server locks its tables in another order than the migration.
    say("begin; select from sessions").await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_saoma"));
    command.arg("migrate").env("DATABASE_URL", database.url());
    let migrating = std::thread::spawn(move || run(&mut command));
    let waits = "select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'";
    while !migrating.is_finished() && database.count(waits).await == 0 {}
    say("select from users; commit").await;
    migrating.join().unwrap();
}

#[actix_web::test]
async fn g9_migrating_twice_and_from_a_newer_schema_changes_nothing() {
    let database = TestDatabase::create().await;
    saoma_migrate(&database);
    let before = schema(&database);
    database
        .execute(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
             values (99991231235959, 'of a newer version', true, '\\x00', 0)",
        )
        .await;
    saoma_migrate(&database);
    assert_eq!(schema(&database), before);
}
