//! What dies unasked. The owner is this test binary again, as a process of its own that only runs
//! `the_owner`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::ConnectOptions;

use crate::helpers::{DataDir, eventually, kill_hard, lives, remember, remembered, start};

const DATA_DIR: &str = "SAOMA_TEST_OWNER_DATA_DIR";

/// Not a test by itself: the process that `Owner` runs. It starts a server and waits to be killed.
#[tokio::test]
async fn the_owner() {
    let Some(dir) = std::env::var_os(DATA_DIR).map(PathBuf::from) else {
        return;
    };
    let postgres = start(&dir).await.unwrap();
    remember(&postgres, "before the crash").await;
    println!("\nready");
    tokio::time::sleep(Duration::from_mins(2)).await;
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn the_server_sees_no_secret_and_no_ctrl_c_of_its_owner() {
    if cfg!(not(target_os = "linux")) {
        return;
    }
    let dir = DataDir::new();
    let owner = Owner::of(dir.path());
    let postmaster = dir.postmaster();
    let environment = std::fs::read(format!("/proc/{postmaster}/environ")).unwrap();
    let group = nix::unistd::getpgid(Some(postmaster)).unwrap();
    owner.kill();
    start(dir.path()).await.unwrap().stop().await.unwrap();

    assert!(!environment.is_empty());
    assert!(!String::from_utf8_lossy(&environment).contains("canary"));
    // The terminal sends Ctrl-C to the process group in its foreground, the owner's.
    assert_eq!(group, postmaster);
}

/// A process that owns a running server, with the data "before the crash" in it.
struct Owner(Child);

impl Owner {
    fn of(dir: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crashes::the_owner", "--nocapture"])
            .env(DATA_DIR, dir)
            .env("SAOMA_SECRET_KEY", "canary-secret")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let ready = stdout
            .lines()
            .map_while(Result::ok)
            .any(|line| line == "ready");
        assert!(ready, "the owner did not start");
        Self(child)
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
async fn after_a_killed_owner_the_next_start_has_the_data() {
    let dir = DataDir::new();
    let owner = Owner::of(dir.path());
    owner.kill();

    let postgres = start(dir.path()).await.unwrap();
    assert_eq!(remembered(&postgres).await, ["before the crash"]);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn the_server_does_not_outlive_a_killed_owner() {
    if cfg!(not(target_os = "linux")) {
        return;
    }
    let dir = DataDir::new();
    let owner = Owner::of(dir.path());
    let postmaster = dir.postmaster();
    owner.kill();
    eventually("the postmaster ends", || !lives(postmaster)).await;
    start(dir.path()).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_postmaster_that_was_left_running_is_stopped_by_the_next_start() {
    let dir = DataDir::new();
    let owner = Owner::of(dir.path());
    let left_over = dir.postmaster();
    // A stopped process does not see the signal that the owner's death sends it: so it stays.
    kill(left_over, Signal::SIGSTOP).unwrap();
    owner.kill();
    assert!(lives(left_over));
    kill(left_over, Signal::SIGCONT).unwrap();

    let postgres = start(dir.path()).await.unwrap();
    eventually("the one left over ends", || !lives(left_over)).await;
    assert_eq!(remembered(&postgres).await, ["before the crash"]);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn after_owner_and_postmaster_were_killed_the_next_start_recovers() {
    let dir = DataDir::new();
    let owner = Owner::of(dir.path());
    kill_hard(dir.postmaster());
    owner.kill();

    let postgres = start(dir.path()).await.unwrap();
    assert_eq!(remembered(&postgres).await, ["before the crash"]);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_postmaster_that_was_killed_is_started_again() {
    let dir = DataDir::new();
    let postgres = start(dir.path()).await.unwrap();
    remember(&postgres, "kept").await;
    let first: Pid = dir.postmaster();
    kill_hard(first);

    let mut answered = false;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        answered = postgres.connect_options().connect().await.is_ok();
        if answered {
            break;
        }
    }
    assert!(answered, "nobody started it again");
    assert_ne!(dir.postmaster(), first);
    assert_eq!(remembered(&postgres).await, ["kept"]);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_first_start_that_was_cut_short_is_done_again() {
    let dir = DataDir::new();
    std::fs::create_dir_all(dir.path().join("postgres.new/base")).unwrap();
    std::fs::write(dir.path().join("postgres.new/PG_VERSION"), "15\n").unwrap();
    let postgres = start(dir.path()).await.unwrap();
    assert!(!dir.path().join("postgres.new").exists());
    postgres.stop().await.unwrap();
}
