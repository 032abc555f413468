//! A Redis of a test's own.

use std::{
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use uuid::Uuid;

use super::{answer::PATIENCE, port::free_port};

/// A running redis-server, which keeps nothing on the disk.
#[derive(Debug)]
pub struct RedisServer {
    pub port: u16,
    options: Vec<String>,
    folder: PathBuf,
    child: Option<Child>,
}

impl RedisServer {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// With more of redis-server's options; with a certificate it takes TLS alone.
    pub fn start_with(options: &[&str]) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(Uuid::new_v4().to_string());
        std::fs::create_dir_all(&folder).unwrap();
        let mut redis = Self {
            port: free_port(),
            options: options.iter().map(|&option| option.to_owned()).collect(),
            folder,
            child: None,
        };
        redis.run();
        redis
    }

    /// Starts it, also once more on the same port.
    pub fn run(&mut self) {
        let port = self.port.to_string();
        let secure = self
            .options
            .iter()
            .any(|option| option == "--tls-cert-file");
        let (plain, tls) = if secure { ("0", &*port) } else { (&*port, "0") };
        let child = Command::new("redis-server")
            .args([
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
                "--dir",
            ])
            .arg(&self.folder)
            .args(&self.options)
            .args(["--port", plain, "--tls-port", tls])
            .stdout(Stdio::null())
            .spawn();
        self.child = Some(child.expect("redis-server is installed (scripts/install.sh test)"));
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(began.elapsed() < PATIENCE, "redis-server does not start");
            sleep(Duration::from_millis(5));
        }
    }

    /// As if its machine lost its power.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Somebody who can reach it.
    pub async fn client(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.url()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    /// Sends one command.
    pub async fn command<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.query_async(&mut self.client().await).await.unwrap()
    }

    /// The channels that somebody listens at.
    pub async fn channels(&self) -> Vec<String> {
        self.command(&["PUBSUB", "CHANNELS"]).await
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
