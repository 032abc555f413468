//! The server under measurement, with all that it needs.

#[path = "instance.rs"]
pub mod instance;

use std::{
    fs,
    net::TcpListener,
    ops::Deref,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use actix_web::rt::{task::spawn_blocking, time::sleep};
use saoma::{
    simulator::{Simulator, SimulatorSettings},
    store::private::PrivatePostgres,
};
use sqlx::Connection;

use instance::{Instance, free_port};

/// The server under measurement.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_saoma");

/// A fresh server with its database and its WeChat, both outside its process.
pub struct Bench {
    pub instance: Instance,
    simulator: Simulator,
    postgres: PrivatePostgres,
    folder: PathBuf,
}

impl Deref for Bench {
    type Target = Instance;

    fn deref(&self) -> &Instance {
        &self.instance
    }
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
        let port = free_port();
        command
            .env("DATABASE_URL", postgres.url())
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
        Self {
            instance: Instance::start(command, port).await,
            simulator,
            postgres,
            folder,
        }
    }

    /// One more instance of the same site on this machine, as the first one is.
    pub async fn beside(&self) -> Instance {
        Instance::start(self.command(), free_port()).await
    }

    /// The program with the first instance's settings.
    fn command(&self) -> Command {
        let first = &self.instance.command;
        let mut command = Command::new(first.get_program());
        let settings = first.get_envs();
        command.envs(settings.filter_map(|(name, value)| Some((name, value?))));
        command.stdout(Stdio::null());
        command
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

    /// Changes the server's database.
    pub async fn execute(&self, sql: &'static str) {
        let mut connection = self.connect().await;
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
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
        let mut command = self.command();
        command.args(["codes", "pool", "--size", &size.to_string()]);
        // WeChat is in this process.
        let made = spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();
        assert!(made.status.success(), "{made:?}");
    }

    pub async fn stop(self) {
        self.instance.stop().await;
        self.simulator.stop().await;
        self.postgres.stop().await.unwrap();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// An empty folder of this bench alone.
pub fn fresh_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("saoma-bench-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    folder
}
