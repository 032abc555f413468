//! What is refused, and in what words.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::unistd::User;

use crate::helpers::{DataDir, is_root, remember, remembered, start};

#[tokio::test]
async fn a_second_server_on_the_same_directory_is_refused_and_harms_nothing() {
    let dir = DataDir::new();
    let postgres = start(dir.path()).await.unwrap();
    remember(&postgres, "mine").await;

    let error = start(dir.path()).await.unwrap_err().to_string();

    let process = format!("(process {})", std::process::id());
    assert!(
        error.contains("another Saoma") && error.contains(&process),
        "{error}"
    );
    assert!(error.contains("SAOMA_DATA_DIR"), "{error}");
    assert_eq!(remembered(&postgres).await, ["mine"]);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_cluster_of_a_missing_version_names_the_package_and_the_steps() {
    let dir = DataDir::new();
    start(dir.path()).await.unwrap().stop().await.unwrap();
    fs::write(dir.cluster().join("PG_VERSION"), "13\n").unwrap();

    let error = start(dir.path()).await.unwrap_err().to_string();

    for part in [
        "PostgreSQL 13",
        "postgresql-13",
        "pg_dump",
        "pg_restore",
        "mv '",
    ] {
        assert!(error.contains(part), "{part} is missing: {error}");
    }
    // The address in the steps is the real one.
    fs::write(dir.cluster().join("PG_VERSION"), "15\n").unwrap();
    let postgres = start(dir.path()).await.unwrap();
    assert!(error.contains(&postgres.url()), "{error}");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_with_other_things_in_it_is_left_alone() {
    let dir = DataDir::new();
    fs::create_dir_all(dir.path().join("postgres")).unwrap();
    fs::write(dir.path().join("postgres/letter.txt"), "dear").unwrap();
    if is_root() {
        std::os::unix::fs::chown(dir.path().join("postgres"), Some(65534), None).unwrap();
    }

    let error = start(dir.path()).await.unwrap_err().to_string();

    assert!(error.contains("did not make"), "{error}");
    assert_eq!(
        fs::read_to_string(dir.path().join("postgres/letter.txt")).unwrap(),
        "dear"
    );
}

#[tokio::test]
async fn a_start_that_fails_says_what_the_server_said() {
    let dir = DataDir::new();
    start(dir.path()).await.unwrap().stop().await.unwrap();
    let config = dir.cluster().join("postgresql.conf");
    let mut text = fs::read_to_string(&config).unwrap();
    text.push_str("shared_buffers = plenty\n");
    fs::write(&config, text).unwrap();

    let error = start(dir.path()).await.unwrap_err().to_string();

    assert!(error.contains("shared_buffers"), "{error}");
}

#[tokio::test]
async fn another_user_is_not_let_in_even_where_the_folder_is_open() {
    if !is_root() {
        return;
    }
    let dir = DataDir::new();
    let postgres = start(dir.path()).await.unwrap();
    let socket_dir = postgres.connect_options().get_socket().unwrap().clone();
    let everybody = |mode| fs::Permissions::from_mode(mode);
    fs::set_permissions(&socket_dir, everybody(0o755)).unwrap();
    fs::set_permissions(socket_dir.join(".s.PGSQL.5432"), everybody(0o777)).unwrap();

    let nobody = User::from_name("nobody").unwrap().unwrap();
    let output = Command::new("psql")
        .args([&postgres.url(), "-c", "SELECT 1"])
        .uid(nobody.uid.as_raw())
        .gid(nobody.gid.as_raw())
        .current_dir("/")
        .output()
        .unwrap();

    postgres.stop().await.unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("Peer authentication failed"), "{text}");
}
