//! One process of the server under measurement, and what the kernel says of it.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command},
    time::Duration,
};

use actix_web::rt::time::sleep;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// A server that ends with its bench, also with one that fails.
pub struct Instance {
    pub port: u16,
    admin_port: u16,
    /// `saoma serve`, with the settings of other commands too.
    pub command: Command,
    server: Child,
}

/// Kilobytes.
pub struct Memory {
    pub rss: u64,
    pub pss: u64,
    pub dirty: u64,
}

/// Time on a core, of all threads, in user and kernel mode.
pub struct Cpu {
    pub seconds: f64,
}

impl Instance {
    /// Starts this command on ports of its own, and waits until it serves. Told where it is to
    /// be reached by others, `SAOMA_INTERNAL_URL` says so with its own port.
    pub async fn start(mut command: Command, port: u16) -> Self {
        let admin_port = free_port();
        command
            .env("SAOMA_LISTEN", format!("127.0.0.1:{port}"))
            .env("SAOMA_ADMIN_LISTEN", format!("127.0.0.1:{admin_port}"));
        if command.get_envs().any(|(name, _)| name == INTERNAL_URL) {
            command.env(INTERNAL_URL, format!("http://127.0.0.1:{admin_port}"));
        }
        let server = command.arg("serve").spawn().unwrap();
        let instance = Self {
            port,
            admin_port,
            command,
            server,
        };
        is_ready(port).await;
        instance
    }

    /// A number that the server counts.
    pub async fn metric(&self, name: &str) -> u64 {
        let url = format!("http://127.0.0.1:{}/metrics", self.admin_port);
        let mut answer = awc::Client::default().get(&url).send().await.unwrap();
        let body = answer.body().limit(1 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&body).into_owned();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0, |number| number.trim().parse().unwrap())
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.server.id()
    }

    pub fn memory(&self) -> Memory {
        Memory::of(self.pid()).unwrap()
    }

    /// Also of threads that have ended. The kernel counts in ticks of 10 ms.
    pub fn cpu(&self) -> Cpu {
        let text = fs::read_to_string(self.proc("stat")).unwrap();
        // Behind the name, which may have blanks: the state, then numbers.
        let (_, fields) = text.rsplit_once(") ").unwrap();
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
        Cpu {
            seconds: (ticks(11) + ticks(12)) / 100.0,
        }
    }

    fn proc(&self, file: &str) -> PathBuf {
        Path::new("/proc").join(self.pid().to_string()).join(file)
    }

    /// As a service manager does it.
    pub async fn stop(mut self) {
        let pid = Pid::from_raw(i32::try_from(self.pid()).unwrap());
        kill(pid, Signal::SIGTERM).unwrap();
        while self.server.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Memory {
    /// Of a process, if it is there.
    pub fn of(pid: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let of = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        Some(Self {
            rss: of("Rss:")?,
            pss: of("Pss:")?,
            dirty: of("Private_Dirty:")?,
        })
    }
}

const INTERNAL_URL: &str = "SAOMA_INTERNAL_URL";

/// Kilobytes that a process holds in memory.
pub fn rss(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find(|line| line.starts_with("VmRSS:"));
    let mut words = line.unwrap().split_whitespace();
    words.nth(1).unwrap().parse().unwrap()
}

/// Waits until a server answers that it is ready.
pub async fn is_ready(port: u16) {
    let url = format!("http://127.0.0.1:{port}/readyz");
    // Under a tool that counts its instructions it takes its time.
    for _ in 0..3_000 {
        let answer = awc::Client::default().get(&url).send().await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("the server does not start");
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
