//! The server under measurement, and what the kernel says of it.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use actix_web::rt::{task::spawn_blocking, time::sleep};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use saoma::{
    simulator::{Simulator, SimulatorSettings},
    store::private::PrivatePostgres,
};
use sqlx::Connection;

/// The server under measurement.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_saoma");

/// A fresh server with its database and its WeChat, both outside its process.
pub struct Bench {
    pub port: u16,
    admin_port: u16,
    /// `saoma serve`, with the settings of other commands too.
    command: Command,
    server: Running,
    simulator: Simulator,
    postgres: PrivatePostgres,
    folder: PathBuf,
}

/// A server that ends with its bench, also with one that fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
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
        // Each socket has a code of its own, made when it asks.
        let live = ("SAOMA_CODES", "live".to_owned());
        Self::start_with(ping_interval, &[live]).await
    }

    /// With these settings too.
    pub async fn start_with(ping_interval: &str, settings: &[(&str, String)]) -> Self {
        let folder = fresh_folder();
        let postgres = PrivatePostgres::start(&folder).await.unwrap();
        let program = Command::new(PROGRAM);
        Self::start_on(folder, postgres, program, ping_interval, settings).await
    }

    /// On a database that is there already, in its folder; by a command that runs [`PROGRAM`].
    pub async fn start_on(
        folder: PathBuf,
        postgres: PrivatePostgres,
        mut command: Command,
        ping_interval: &str,
        settings: &[(&str, String)],
    ) -> Self {
        let simulated = SimulatorSettings::default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let simulator = Simulator::start(listener, simulated.clone()).unwrap();
        let (port, admin_port) = (free_port(), free_port());
        command
            .env("DATABASE_URL", postgres.url())
            .env("SAOMA_LISTEN", format!("127.0.0.1:{port}"))
            .env("SAOMA_ADMIN_LISTEN", format!("127.0.0.1:{admin_port}"))
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
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null());
        let server = Running(command.arg("serve").spawn().unwrap());
        let bench = Self {
            port,
            admin_port,
            command,
            server,
            simulator,
            postgres,
            folder,
        };
        is_ready(bench.port).await;
        bench
    }

    /// The server's database.
    pub fn postgres(&self) -> &PrivatePostgres {
        &self.postgres
    }

    /// The simulated WeChat's address.
    pub fn wechat(&self) -> String {
        self.simulator.url().to_string()
    }

    /// Lets WeChat misbehave in this way only.
    pub async fn faults(&self, fault: &serde_json::Value) {
        let url = format!("{}_sim/faults", self.wechat());
        let client = awc::Client::default();
        client.delete(&url).send().await.unwrap();
        client.post(&url).send_json(fault).await.unwrap();
    }

    /// Calls that WeChat has had.
    pub async fn wechat_calls(&self) -> u64 {
        let url = format!("{}_sim/stats", self.wechat());
        let mut answer = awc::Client::default().get(&url).send().await.unwrap();
        let stats: serde_json::Value = answer.json().await.unwrap();
        let endpoints = stats.as_object().unwrap().values();
        endpoints
            .filter_map(|endpoint| endpoint["calls"].as_u64())
            .sum()
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

    /// One row of the server's database.
    pub async fn query<T>(&self, sql: &'static str) -> T
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
    {
        let mut connection = self.connect().await;
        sqlx::query_as(sql)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    async fn connect(&self) -> sqlx::PgConnection {
        let options = self.postgres.connect_options();
        sqlx::PgConnection::connect_with(&options).await.unwrap()
    }

    /// Waits until the stock has so many.
    pub async fn codes_ready(&self, count: u32) {
        for _ in 0..600 {
            let (ready,): (i64,) = self
                .query("select count(*) from codes where kind = 'stock'")
                .await;
            if ready >= i64::from(count) {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("the stock is not filled");
    }

    /// Adds this many codes to the stock, with the images that it has.
    pub async fn multiply_stock(&self, count: u32) {
        let sql = "insert into codes (kind, scene_hash, image, bytes, opens)
            select 'stock', sha256(convert_to(gen_random_uuid()::text, 'UTF8')), made.image, made.bytes, made.opens
            from (select *, row_number() over () - 1 as row from codes where kind = 'stock') made
            join generate_series(1, $1) as copy(n) on copy.n % 50 = made.row";
        let mut connection = self.connect().await;
        let count = i32::try_from(count).unwrap();
        sqlx::query(sql)
            .bind(count)
            .execute(&mut connection)
            .await
            .unwrap();
    }

    /// Makes a pool by the command.
    pub async fn fill_pool(&self, size: u32) {
        let mut command = Command::new(self.command.get_program());
        let settings = self.command.get_envs();
        command.envs(settings.filter_map(|(name, value)| Some((name, value?))));
        command.args(["codes", "pool", "--size", &size.to_string()]);
        // WeChat is in this process.
        let made = spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();
        assert!(made.status.success(), "{made:?}");
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.server.0.id()
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
        Path::new("/proc")
            .join(self.server.0.id().to_string())
            .join(file)
    }

    pub async fn stop(mut self) {
        let pid = Pid::from_raw(i32::try_from(self.server.0.id()).unwrap());
        kill(pid, Signal::SIGTERM).unwrap();
        while self.server.0.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(20)).await;
        }
        self.simulator.stop().await;
        self.postgres.stop().await.unwrap();
        let _ = fs::remove_dir_all(&self.folder);
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

/// An empty folder of this bench alone.
pub fn fresh_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("saoma-bench-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    folder
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
