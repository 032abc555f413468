//! A whole server on ports of its own, with its simulator and its database.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use actix_web::dev::ServerHandle;
use saoma::{
    codes::Stock,
    login::{keys::KeyWatch, recheck::Recheck},
    session::transport::Transport,
    settings::{Flags, Settings},
    simulator::{Fault, FaultMode, Simulator, SimulatorSettings},
    startup::{Application, Build},
    store::Store,
};
use uuid::Uuid;

use super::{Answer, Browser, Phone, database::TestDatabase};
use super::{canaries, port::free_port};

/// Settings by name, such as `("SAOMA_REGISTRATION", "closed")`.
pub type Options<'a> = &'a [(&'a str, &'a str)];

/// A running server.
pub struct TestServer {
    pub url: String,
    /// What browsers have in their address bar: the URL of the site's first instance.
    pub public_url: String,
    pub admin_url: String,
    pub simulator: Arc<Simulator>,
    pub database: Arc<TestDatabase>,
    pub store: Store,
    pub recheck: Recheck,
    pub stock: Stock,
    keys: KeyWatch,
    pub data_dir: PathBuf,
    handles: [ServerHandle; 2],
    running: Option<actix_web::rt::task::JoinHandle<()>>,
}

impl TestServer {
    /// A server with the defaults.
    pub async fn start() -> Arc<Self> {
        Self::start_with(&[]).await
    }

    /// A server with other settings.
    pub async fn start_with(options: Options<'_>) -> Arc<Self> {
        Self::start_on(TestDatabase::migrated().await, options).await
    }

    /// A server for which the kernel keeps little of what a client has not read.
    pub async fn start_narrow(options: Options<'_>) -> Arc<Self> {
        let build = Build {
            unread_bytes: Some(2_048),
            ..build()
        };
        Self::start_as(TestDatabase::migrated().await, options, build).await
    }

    /// Another instance of the same site, as behind one load balancer, with the database, the
    /// WeChat and the data directory of this one, which it must not outlive.
    pub async fn beside(&self, options: Options<'_>) -> Arc<Self> {
        Self::start_at(
            free_port(),
            &self.public_url,
            self.database.clone(),
            self.simulator.clone(),
            self.data_dir.clone(),
            options,
            build(),
        )
        .await
    }

    /// A server on a database that a test has prepared.
    pub async fn start_on(
        database: impl Into<Arc<TestDatabase>>,
        options: Options<'_>,
    ) -> Arc<Self> {
        Self::start_as(database, options, build()).await
    }

    async fn start_as(
        database: impl Into<Arc<TestDatabase>>,
        options: Options<'_>,
        build: Build,
    ) -> Arc<Self> {
        let data_dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(Uuid::new_v4().to_string());
        let (port, database) = (free_port(), database.into());
        let url = format!("http://localhost:{port}");
        let simulator = Arc::new(simulator(&url));
        Self::start_at(port, &url, database, simulator, data_dir, options, build).await
    }

    async fn start_at(
        port: u16,
        public_url: &str,
        database: Arc<TestDatabase>,
        simulator: Arc<Simulator>,
        data_dir: PathBuf,
        options: Options<'_>,
        build: Build,
    ) -> Arc<Self> {
        let url = format!("http://localhost:{port}");
        let mut set = settings(port, &database, &simulator, &data_dir);
        // Tests let the server look again themselves; see `look_again`.
        set.push("SAOMA_RECHECK_INTERVAL=1h".to_owned());
        set.push(format!("SAOMA_PUBLIC_URL={public_url}"));
        set.extend(
            options
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        );
        let settings = Settings::load(&Flags {
            set,
            ..Flags::default()
        })
        .unwrap();
        canaries::start_log();
        let application = Application::build_as(settings, build).await.unwrap();
        let admin_url = format!("http://{}", application.admin_address());
        let handles = application.handles();
        let (store, recheck) = (application.store.clone(), application.recheck.clone());
        let keys = application.keys.clone();
        let stock = application.stock.clone();
        let running = actix_web::rt::spawn(async {
            application.run_until_stopped().await.unwrap();
        });
        Arc::new(Self {
            url,
            public_url: public_url.to_owned(),
            admin_url,
            simulator,
            database,
            store,
            recheck,
            stock,
            keys,
            data_dir,
            handles,
            running: Some(running),
        })
    }

    /// Stops it in order, as a signal does. What it does at its end goes on meanwhile.
    pub async fn stop(&self) {
        self.handles[0].stop(true).await;
    }

    /// A browser that has opened the login page.
    pub async fn browser(self: &Arc<Self>) -> Browser {
        let mut browser = Browser::new(&self.url);
        browser.origin.clone_from(&self.public_url);
        browser.open_login_page().await;
        browser
    }

    /// A phone of somebody whom nobody knows here.
    pub async fn phone(self: &Arc<Self>) -> Phone {
        Phone::new(&self.url, self.simulator.url().as_str()).await
    }

    /// A phone of a registered user.
    pub async fn registered_phone(self: &Arc<Self>, nickname: &str) -> Phone {
        let phone = self.phone().await;
        phone.register(Some(nickname)).await.expect(201);
        phone
    }

    /// What WeChat does to all requests until `state().clear_faults()`.
    pub fn fault(&self, path: &str, mode: FaultMode) {
        let fault = Fault::new(path, mode);
        self.simulator.state().add_fault(fault).unwrap();
    }

    /// What another system does that asks for an access token of its own by force.
    pub async fn end_access_token(&self) {
        let state = self.simulator.state();
        state.set_overlap_after_forced_refresh(false);
        // WeChat forces nothing within 30 s.
        state.advance(Duration::from_secs(31));
        let wechat = SimulatorSettings::default();
        let body = serde_json::json!({
            "grant_type": "client_credential", "appid": wechat.app_id,
            "secret": wechat.app_secret, "force_refresh": true,
        });
        let url = self.simulator.url().join("/cgi-bin/stable_token").unwrap();
        let forced = super::browser::client()
            .post(url.as_str())
            .send_json(&body)
            .await;
        Answer::of(forced.unwrap()).await.expect(200);
    }

    /// WeChat takes its time on a path.
    pub fn slow(&self, path: &str, milliseconds: u64) {
        let fault = Fault {
            delay_ms: Some(milliseconds),
            ..Fault::new(path, FaultMode::Slow)
        };
        self.simulator.state().add_fault(fault).unwrap();
    }

    /// Moves the database's clock, and lets the server look at what that did.
    pub async fn advance(&self, by: Duration) {
        self.database.advance(&[&self.store], by).await;
        self.look_again().await;
    }

    /// What the server does every few seconds by itself.
    pub async fn look_again(&self) {
        self.recheck.once().await.unwrap();
        self.keys.once().await.unwrap();
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        canaries::keep_metrics(&self.admin_url);
        for handle in &self.handles {
            drop(handle.stop(false));
        }
        if let Some(running) = self.running.take() {
            running.abort();
        }
        let _ = std::fs::remove_dir_all(&self.data_dir);
    }
}

/// What carries the sockets: the standalone server's own transport, or, to run
/// the same tests over the other one, an application's.
pub fn transport() -> Transport {
    match std::env::var("SAOMA_TEST_TRANSPORT").as_deref() {
        Err(_) => Transport::Dense,
        Ok("actors") => Transport::Actors,
        Ok(other) => panic!("SAOMA_TEST_TRANSPORT is {other:?}, which is no transport"),
    }
}

fn build() -> Build {
    Build {
        transport: transport(),
        unread_bytes: None,
    }
}

/// WeChat, whose phone calls the server at this address.
pub fn simulator(url: &str) -> Simulator {
    let settings = SimulatorSettings {
        saoma_url: Some(url.parse().unwrap()),
        ..SimulatorSettings::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    Simulator::start(listener, settings).unwrap()
}

/// The settings of every server under test.
pub fn settings(
    port: u16,
    database: &TestDatabase,
    simulator: &Simulator,
    data_dir: &Path,
) -> Vec<String> {
    let wechat = SimulatorSettings::default();
    vec![
        format!("DATABASE_URL={}", database.url()),
        format!("SAOMA_LISTEN=127.0.0.1:{port}"),
        "SAOMA_ADMIN_LISTEN=127.0.0.1:0".to_owned(),
        format!("SAOMA_PUBLIC_URL=http://localhost:{port}"),
        format!("SAOMA_DATA_DIR={}", data_dir.display()),
        format!("SAOMA_WECHAT_APP_ID={}", wechat.app_id),
        format!("SAOMA_WECHAT_APP_SECRET={}", wechat.app_secret),
        format!("SAOMA_WECHAT_BASE_URL={}", simulator.url()),
        "SAOMA_SITE_NAME=Test Site".to_owned(),
        // Many tests count what WeChat is asked for.
        "SAOMA_CODES=live".to_owned(),
        "SAOMA_DATABASE_CONNECTIONS=4".to_owned(),
        // Nobody waits in tests until somebody has really gone.
        "SAOMA_ABSENT_AFTER=100ms".to_owned(),
        "SAOMA_MAX_STARTS_PER_ADDRESS=0".to_owned(),
        "SAOMA_MAX_REDEEMS_PER_ADDRESS=0".to_owned(),
        "SAOMA_MAX_SCANS_PER_USER=0".to_owned(),
        "SAOMA_MAX_CONFIRMS_PER_USER=0".to_owned(),
        "SAOMA_MAX_FAILURES_PER_USER=0".to_owned(),
        "SAOMA_MAX_REGISTRATIONS_PER_USER=0".to_owned(),
    ]
}
