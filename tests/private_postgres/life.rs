//! Starting, stopping, and what lies between.

use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use saoma::store::private::PrivatePostgres;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::helpers::{DataDir, eventually, lives, remember, remembered, setting, start};

#[tokio::test]
async fn data_survives_a_stop_and_the_second_start_is_quick() {
    let dir = DataDir::new();
    let postgres = start(dir.path()).await.unwrap();
    remember(&postgres, "hello").await;
    postgres.stop().await.unwrap();

    let again = Instant::now();
    let postgres = start(dir.path()).await.unwrap();
    let took = again.elapsed();
    assert_eq!(remembered(&postgres).await, ["hello"]);
    postgres.stop().await.unwrap();
    assert!(
        took < Duration::from_secs(5),
        "the second start took {took:?}"
    );
}

#[tokio::test]
async fn nothing_is_left_of_a_server_that_was_stopped() {
    let dir = DataDir::new();
    let postgres = start(dir.path()).await.unwrap();
    let postmaster = dir.postmaster();
    let socket_dir = postgres.connect_options().get_socket().unwrap().clone();
    assert!(lives(postmaster));
    assert_eq!(socket_dir.metadata().unwrap().mode() & 0o777, 0o700);

    postgres.stop().await.unwrap();

    assert!(!lives(postmaster), "the postmaster still runs");
    assert!(!socket_dir.exists(), "the socket's folder is still there");
    assert!(!dir.cluster().join("postmaster.pid").exists());
}

#[tokio::test]
async fn a_server_that_is_only_dropped_is_stopped_too() {
    let dir = DataDir::new();
    let postgres = start(dir.path()).await.unwrap();
    let postmaster = dir.postmaster();
    drop(postgres);
    eventually("the postmaster ends", || !lives(postmaster)).await;
}

#[tokio::test]
async fn an_open_connection_does_not_hold_up_the_stop() {
    let dir = DataDir::new();
    let postgres = start(dir.path()).await.unwrap();
    let mut connection = postgres.connect_options().connect().await.unwrap();
    sqlx::query("BEGIN").execute(&mut connection).await.unwrap();
    let began = Instant::now();
    postgres.stop().await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "it waited for the client"
    );
}

#[tokio::test]
async fn it_listens_on_its_socket_only_and_is_durable() {
    let dir = DataDir::new();
    let postgres = PrivatePostgres::start(dir.path()).await.unwrap();
    assert_eq!(setting(&postgres, "listen_addresses").await, "");
    assert_eq!(setting(&postgres, "fsync").await, "on");
    assert_eq!(setting(&postgres, "synchronous_commit").await, "on");
    assert_eq!(setting(&postgres, "full_page_writes").await, "on");
    assert_eq!(setting(&postgres, "server_encoding").await, "UTF8");
    assert_eq!(setting(&postgres, "shared_buffers").await, "64MB");
    assert_eq!(setting(&postgres, "is_superuser").await, "off");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_person_can_use_the_address_with_the_usual_tools() {
    let dir = DataDir::new();
    let postgres = start(dir.path()).await.unwrap();
    remember(&postgres, "from a person").await;

    let mut connection = postgres
        .url()
        .parse::<PgConnectOptions>()
        .unwrap()
        .connect()
        .await
        .unwrap();
    let user: String = sqlx::query_scalar("SELECT current_user::text")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(user, "saoma");
    connection.close().await.unwrap();

    let dump = std::process::Command::new("pg_dump")
        .arg(postgres.url())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&dump.stdout);
    assert!(
        text.contains("from a person"),
        "{}",
        String::from_utf8_lossy(&dump.stderr)
    );
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn errors_in_the_servers_log_quote_no_rows() {
    let dir = DataDir::new();
    let postgres = start(dir.path()).await.unwrap();
    let mut connection = postgres.connect_options().connect().await.unwrap();
    sqlx::query("CREATE TABLE people (openid text PRIMARY KEY)")
        .execute(&mut connection)
        .await
        .unwrap();
    for _ in 0..2 {
        let _ = sqlx::query("INSERT INTO people VALUES ($1)")
            .bind("canary-openid")
            .execute(&mut connection)
            .await;
    }
    postgres.stop().await.unwrap();

    let mut log = String::new();
    for entry in std::fs::read_dir(dir.path().join("postgres-log")).unwrap() {
        log.push_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    assert!(
        log.contains("people_pkey"),
        "the error itself is logged: {log}"
    );
    assert!(!log.contains("canary-openid"), "{log}");
}

#[tokio::test]
async fn two_data_directories_have_two_servers_at_once() {
    let (one, other) = (DataDir::new(), DataDir::new());
    let (first, second) = tokio::join!(start(one.path()), start(other.path()));
    let (first, second) = (first.unwrap(), second.unwrap());
    remember(&first, "one").await;
    remember(&second, "other").await;
    assert_eq!(remembered(&first).await, ["one"]);
    assert_eq!(remembered(&second).await, ["other"]);
    first.stop().await.unwrap();
    assert_eq!(remembered(&second).await, ["other"]);
    second.stop().await.unwrap();
}
