//! A PostgreSQL that a test may stop, freeze and start again.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, OnceLock, mpsc},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, Uid, User},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};
use uuid::Uuid;

use super::{Place, wait::PATIENCE};

/// One server with its data, in a folder of its own.
#[derive(Debug)]
pub struct Cluster {
    place: Place,
    postmaster: Option<Child>,
}

impl Cluster {
    /// A new server. It ends with the thread that started it.
    pub fn start() -> Self {
        let place = Place::new();
        if let Some(user) = other_user() {
            chown(
                place.path(),
                Some(user.uid.as_raw()),
                Some(user.gid.as_raw()),
            )
            .unwrap();
        }
        let made = as_user(&program("initdb"))
            .args(["--auth=trust", "--username=saoma", "--encoding=UTF8"])
            .args(["--no-locale", "--no-sync", "-D"])
            .arg(place.join("data"))
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success(), "initdb failed");
        let mut cluster = Self {
            place,
            postmaster: None,
        };
        cluster.start_again();
        cluster
    }

    /// The address of a new database on the server that all tests share, which none of them stops.
    pub async fn shared_database() -> String {
        static SHARED: OnceLock<Mutex<PathBuf>> = OnceLock::new();
        let folder = SHARED.get_or_init(|| {
            let (sender, receiver) = mpsc::channel();
            // A thread that lives as long as the process, for the server to live as long.
            thread::spawn(move || {
                Place::sweep();
                let cluster = Self::start();
                sender.send(cluster.place.path().to_owned()).unwrap();
                thread::park();
            });
            Mutex::new(receiver.recv().unwrap())
        });
        let folder = folder.lock().unwrap().clone();
        database_in(&folder).await
    }

    /// The address of a new database on this server.
    pub async fn database(&self) -> String {
        database_in(self.place.path()).await
    }

    /// The address of a new database whose tables lie in this folder.
    pub async fn database_on(&self, folder: &Path) -> String {
        if let Some(user) = other_user() {
            let (user, group) = (user.uid.as_raw(), user.gid.as_raw());
            chown(folder, Some(user), Some(group)).unwrap();
        }
        let host = self.place.path().to_str().unwrap().replace('/', "%2F");
        let admin = format!("postgres://saoma@{host}/postgres?sslmode=disable");
        let place = format!("create tablespace small location '{}'", folder.display());
        execute(&admin, &place).await;
        execute(&admin, "create database small tablespace small").await;
        sibling(&admin, "small")
    }

    /// Starts it on its data, also after a crash.
    pub fn start_again(&mut self) {
        let log = fs::File::create(self.place.join("log")).unwrap();
        let postmaster = as_user(&program("postgres"))
            .args(["-c", "listen_addresses=", "-c", "fsync=off"])
            .args(["-c", "max_connections=300", "-k"])
            .arg(self.place.path())
            .arg("-D")
            .arg(self.place.join("data"))
            .stderr(log)
            .spawn();
        self.postmaster = Some(postmaster.unwrap());
        let deadline = Instant::now() + PATIENCE;
        while !self.accepts() {
            assert!(Instant::now() < deadline, "PostgreSQL does not start");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn accepts(&self) -> bool {
        let asked = Command::new(program("pg_isready"))
            .arg("-h")
            .arg(self.place.path())
            .stdout(Stdio::null())
            .status();
        asked.unwrap().success()
    }

    /// What `pg_ctl stop -m immediate` does: no goodbye, and a recovery at the next start.
    pub fn stop_at_once(&mut self) {
        let Some(mut postmaster) = self.postmaster.take() else {
            return;
        };
        kill(pid(&postmaster), Signal::SIGQUIT).unwrap();
        postmaster.wait().unwrap();
    }

    /// Its processes stay and answer nothing, as on a machine that hangs.
    pub fn freeze(&self) {
        self.signal_all(Signal::SIGSTOP);
    }

    /// They go on.
    pub fn thaw(&self) {
        self.signal_all(Signal::SIGCONT);
    }

    /// The postmaster first, which so starts nobody new.
    fn signal_all(&self, signal: Signal) {
        let postmaster = pid(self.postmaster.as_ref().unwrap());
        kill(postmaster, signal).unwrap();
        let path = format!("/proc/{postmaster}/task/{postmaster}/children");
        for child in fs::read_to_string(path).unwrap().split_whitespace() {
            // One that has just ended needs no signal.
            let _ = kill(Pid::from_raw(child.parse().unwrap()), signal);
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.postmaster.is_some() {
            self.thaw();
        }
        self.stop_at_once();
    }
}

/// Runs one statement as nobody but a test would.
pub async fn execute(url: &str, sql: &str) {
    let options: PgConnectOptions = url.parse().unwrap();
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

/// One number that a statement counts.
pub async fn count(url: &str, sql: &str) -> i64 {
    let options: PgConnectOptions = url.parse().unwrap();
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    let counted = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
        .fetch_one(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    counted
}

/// The address of the database of this name on the server of `url`.
pub fn sibling(url: &str, name: &str) -> String {
    let mut url = url::Url::parse(url).unwrap();
    url.set_path(name);
    url.into()
}

async fn database_in(folder: &Path) -> String {
    let host = folder.to_str().unwrap().replace('/', "%2F");
    let admin = format!("postgres://saoma@{host}/postgres?sslmode=disable");
    let name = format!("test_{}", Uuid::new_v4().simple());
    execute(&admin, &format!("create database {name}")).await;
    sibling(&admin, &name)
}

/// PostgreSQL refuses to run as root.
fn other_user() -> Option<User> {
    let named = || User::from_name("postgres").unwrap();
    Uid::effective()
        .is_root()
        .then(|| named().expect("root's tests need the user `postgres`"))
}

/// A program that is ended with the thread that starts it.
fn as_user(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT", "--"]).arg(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap());
    command.current_dir("/").process_group(0);
    if let Some(user) = other_user() {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command
}

/// One of the newest PostgreSQL's programs.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let folders = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    let mut found: Vec<_> = folders.map(|folder| folder.join(name)).collect();
    found.retain(|path| path.exists());
    found.sort();
    found.pop().unwrap_or_else(|| name.into())
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap())
}
