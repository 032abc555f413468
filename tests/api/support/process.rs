//! The server as a process of its own, for what happens to processes.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use saoma::simulator::Simulator;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{
    Browser, Phone,
    browser::PATIENCE,
    database::TestDatabase,
    server::{free_port, settings, simulator},
};

/// A running `saoma serve`; killed when it is dropped.
pub struct ServerProcess {
    pub url: String,
    pub simulator: Simulator,
    _database: TestDatabase,
    data_dir: PathBuf,
    set: Vec<String>,
    child: Child,
}

impl ServerProcess {
    pub async fn start() -> Self {
        let port = free_port();
        let url = format!("http://localhost:{port}");
        let simulator = simulator(&url);
        let database = TestDatabase::migrated().await;
        let data_dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(Uuid::new_v4().to_string());
        let set = settings(port, &database, &simulator, &data_dir);
        let child = spawn(&set);
        let server = Self {
            url,
            simulator,
            _database: database,
            data_dir,
            set,
            child,
        };
        server.wait_until_it_serves().await;
        server
    }

    /// Starts it again on the same port after its end.
    pub async fn start_again(&mut self) {
        self.child.wait().unwrap();
        self.child = spawn(&self.set);
        self.wait_until_it_serves().await;
    }

    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    /// Whether it ended by itself and well.
    pub async fn ended_well(&mut self) -> bool {
        let ended = async {
            loop {
                match self.child.try_wait().unwrap() {
                    Some(status) => return status.success(),
                    None => sleep(Duration::from_millis(20)).await,
                }
            }
        };
        timeout(PATIENCE, ended).await.expect("it goes on")
    }

    pub async fn browser(&self) -> Browser {
        let mut browser = Browser::new(&self.url);
        browser.open_login_page().await;
        browser
    }

    pub async fn registered_phone(&self) -> Phone {
        let phone = Phone::new(&self.url, self.simulator.url().as_str()).await;
        phone.register(None).await.expect(201);
        phone
    }

    async fn wait_until_it_serves(&self) {
        let client = awc::Client::default();
        let healthy = async {
            loop {
                if client
                    .get(format!("{}/readyz", self.url))
                    .send()
                    .await
                    .is_ok()
                {
                    return;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, healthy).await.expect("it does not start");
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.data_dir);
    }
}

fn spawn(set: &[String]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_saoma"));
    command.arg("serve");
    for pair in set {
        command.args(["--set", pair]);
    }
    command.stdout(Stdio::null()).spawn().unwrap()
}
