//! The server under measurement, and what the kernel says of it.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use actix_web::rt::time::sleep;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use saoma::{
    simulator::{Simulator, SimulatorSettings},
    store::private::PrivatePostgres,
};

/// A fresh server with its database and its WeChat, both outside its process.
pub struct Bench {
    pub port: u16,
    server: Child,
    simulator: Simulator,
    postgres: PrivatePostgres,
    folder: PathBuf,
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

impl Bench {
    /// Starts all of it; the server pings as often as told.
    pub async fn start(ping_interval: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("saoma-bench-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        let postgres = PrivatePostgres::start(&folder).await.unwrap();
        let simulated = SimulatorSettings::default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let simulator = Simulator::start(listener, simulated.clone()).unwrap();
        let port = free_port();
        let server = Command::new(env!("CARGO_BIN_EXE_saoma"))
            .arg("serve")
            .env("DATABASE_URL", postgres.url())
            .env("SAOMA_LISTEN", format!("127.0.0.1:{port}"))
            .env("SAOMA_ADMIN_LISTEN", "127.0.0.1:0")
            .env("SAOMA_PUBLIC_URL", format!("http://localhost:{port}"))
            .env("SAOMA_DATA_DIR", folder.join("server"))
            .env("SAOMA_WECHAT_APP_ID", simulated.app_id)
            .env("SAOMA_WECHAT_APP_SECRET", simulated.app_secret)
            .env("SAOMA_WECHAT_BASE_URL", simulator.url().as_str())
            .env("SAOMA_PING_INTERVAL", ping_interval)
            // Nothing expires while it is measured, and one address may do all.
            .env("SAOMA_SCAN_TTL", "1h")
            .env("SAOMA_ATTEMPT_TTL", "1h")
            .env("SAOMA_MAX_SOCKETS_PER_ADDRESS", "0")
            .env("SAOMA_MAX_STARTS_PER_ADDRESS", "0")
            .env("SAOMA_MAX_REDEEMS_PER_ADDRESS", "0")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let bench = Self {
            port,
            server,
            simulator,
            postgres,
            folder,
        };
        bench.is_ready().await;
        bench
    }

    async fn is_ready(&self) {
        let url = format!("http://127.0.0.1:{}/readyz", self.port);
        for _ in 0..500 {
            let answer = awc::Client::default().get(&url).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("the server does not start");
    }

    /// The simulated WeChat's address.
    pub fn wechat(&self) -> String {
        self.simulator.url().to_string()
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.server.id()
    }

    pub fn memory(&self) -> Memory {
        let text = fs::read_to_string(self.proc("smaps_rollup")).unwrap();
        let of = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        Memory {
            rss: of("Rss:"),
            pss: of("Pss:"),
            dirty: of("Private_Dirty:"),
        }
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
        Path::new("/proc")
            .join(self.server.id().to_string())
            .join(file)
    }

    pub async fn stop(mut self) {
        let pid = Pid::from_raw(i32::try_from(self.server.id()).unwrap());
        kill(pid, Signal::SIGTERM).unwrap();
        while self.server.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(20)).await;
        }
        self.simulator.stop().await;
        self.postgres.stop().await.unwrap();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Kilobytes that a process holds in memory.
pub fn rss(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find(|line| line.starts_with("VmRSS:"));
    let mut words = line.unwrap().split_whitespace();
    words.nth(1).unwrap().parse().unwrap()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
