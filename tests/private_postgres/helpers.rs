//! What the tests of the private PostgreSQL share.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use saoma::store::private::{Options, PrivatePostgres, PrivatePostgresError};
use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, Connection};

/// A data directory that is removed at the end of its test, and the cluster with it, wherever that
/// lies.
pub struct DataDir(PathBuf);

impl DataDir {
    /// A directory that every user can reach.
    pub fn new() -> Self {
        Self::below(Path::new("/tmp"), 0o755)
    }

    /// A directory `data` in a new folder of the given mode below `parent`.
    pub fn below(parent: &Path, mode: u32) -> Self {
        let folder = parent.join(format!("saoma-test-{:016x}", rand::random::<u64>()));
        fs::DirBuilder::new()
            .mode(mode)
            .create(&folder)
            .expect("the test's folder");
        Self(folder.join("data"))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn cluster(&self) -> PathBuf {
        fs::canonicalize(self.0.join("postgres")).expect("the cluster is there")
    }

    /// The postmaster that runs on this directory.
    pub fn postmaster(&self) -> Pid {
        let file = fs::read_to_string(self.cluster().join("postmaster.pid")).expect("it runs");
        Pid::from_raw(
            file.lines()
                .next()
                .expect("a line")
                .parse()
                .expect("a number"),
        )
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        if let Ok(cluster) = fs::read_link(self.0.join("postgres")) {
            let _ = fs::remove_dir_all(cluster.parent().expect("a cluster has a home"));
        }
        let _ = fs::remove_dir_all(self.0.parent().expect("made below a folder"));
    }
}

/// Starts on `dir` without flushing: only a crash of the machine would show the difference.
pub async fn start(dir: &Path) -> Result<PrivatePostgres, PrivatePostgresError> {
    let options = Options {
        fast_unsafe_for_tests: true,
    };
    PrivatePostgres::start_with(dir, options).await
}

pub async fn connect(postgres: &PrivatePostgres) -> PgConnection {
    postgres
        .connect_options()
        .connect()
        .await
        .expect("the server accepts its owner")
}

pub async fn remember(postgres: &PrivatePostgres, word: &str) {
    let mut connection = connect(postgres).await;
    sqlx::query("CREATE TABLE IF NOT EXISTS words (word text)")
        .execute(&mut connection)
        .await
        .expect("the owner may make tables");
    sqlx::query("INSERT INTO words VALUES ($1)")
        .bind(word)
        .execute(&mut connection)
        .await
        .expect("and write into them");
    connection.close().await.expect("closed");
}

pub async fn remembered(postgres: &PrivatePostgres) -> Vec<String> {
    let mut connection = connect(postgres).await;
    sqlx::query_scalar("SELECT word FROM words")
        .fetch_all(&mut connection)
        .await
        .expect("what was written can be read")
}

/// The one value that `SHOW` gives for a setting.
pub async fn setting(postgres: &PrivatePostgres, name: &'static str) -> String {
    let mut connection = connect(postgres).await;
    sqlx::query_scalar("SELECT current_setting($1)")
        .bind(name)
        .fetch_one(&mut connection)
        .await
        .expect("the setting exists")
}

pub fn is_root() -> bool {
    Uid::effective().is_root()
}

pub fn lives(pid: Pid) -> bool {
    kill(pid, None) != Err(Errno::ESRCH)
}

pub fn kill_hard(pid: Pid) {
    kill(pid, Signal::SIGKILL).expect("the process can be killed");
}

/// Waits until `condition` holds, ten seconds at the most.
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "not within ten seconds: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
