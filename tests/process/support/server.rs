//! `saoma serve` with a simulated WeChat, which goes on when the server is killed.

use std::{net::TcpListener, path::Path, sync::Arc};

use nix::sys::signal::Signal;
use saoma::simulator::{Simulator, SimulatorSettings};

use super::{
    Browser, Cluster, Phone, Place, Program,
    port::free_port,
    program::{Ended, Environment},
    wait::{PATIENCE, eventually},
};

/// A server's process, and all that it needs to be started once more.
pub struct Server {
    pub url: String,
    pub admin_url: String,
    pub wechat: Arc<Simulator>,
    pub place: Place,
    pub environment: Environment,
    pub program: Program,
}

impl Server {
    /// A server on a database of its own.
    pub async fn start() -> Self {
        Self::start_with(Some(&Cluster::shared_database().await), &[]).await
    }

    /// A server with a PostgreSQL of its own, below its data directory.
    pub async fn start_private() -> Self {
        Self::start_with(None, &[]).await
    }

    /// A server on this database with other settings.
    pub async fn start_with(database: Option<&str>, options: &[(&str, &str)]) -> Self {
        Self::start_by(Program::start, database, options).await
    }

    /// A server on a database of its own that may open no more files than these.
    pub async fn start_with_files(most: u32, options: &[(&str, &str)]) -> Self {
        let database = Cluster::shared_database().await;
        let start = |arguments: &[&str], environment: &Environment, folder: &Path| {
            Program::start_with_files(most, arguments, environment, folder)
        };
        Self::start_by(start, Some(&database), options).await
    }

    async fn start_by(
        start: impl FnOnce(&[&str], &Environment, &Path) -> Program,
        database: Option<&str>,
        options: &[(&str, &str)],
    ) -> Self {
        let (port, admin_port) = (free_port(), free_port());
        let url = format!("http://localhost:{port}");
        let wechat = Arc::new(wechat(&url));
        let place = Place::new();
        let environment = environment(&place, port, admin_port, database, &wechat, options);
        let program = start(&["serve"], &environment, place.path());
        let mut server = Self {
            url,
            admin_url: format!("http://127.0.0.1:{admin_port}"),
            wechat,
            place,
            environment,
            program,
        };
        server.is_ready().await;
        server
    }

    /// Another instance of the same site, as behind one load balancer.
    pub async fn beside(&self, options: &[(&str, &str)]) -> Self {
        let (port, admin_port) = (free_port(), free_port());
        let place = Place::new();
        let key = std::fs::read_to_string(self.place.join("data/secret.key")).unwrap();
        let mut environment = self.environment.clone();
        set(
            &mut environment,
            &[
                ("SAOMA_LISTEN", &format!("127.0.0.1:{port}")),
                ("SAOMA_ADMIN_LISTEN", &format!("127.0.0.1:{admin_port}")),
                ("SAOMA_DATA_DIR", place.join("data").to_str().unwrap()),
                ("SAOMA_SECRET_KEY", &key),
            ],
        );
        set(&mut environment, options);
        let program = Program::start(&["serve"], &environment, place.path());
        let mut server = Self {
            url: format!("http://localhost:{port}"),
            admin_url: format!("http://127.0.0.1:{admin_port}"),
            wechat: self.wechat.clone(),
            place,
            environment,
            program,
        };
        server.is_ready().await;
        server
    }

    /// Waits until it serves with its database.
    pub async fn is_ready(&mut self) {
        let ready = format!("{}/readyz", self.url);
        let program = &mut self.program;
        eventually("the server is ready", async || {
            assert!(program.runs(), "the server has ended");
            status(&ready).await == Some(200)
        })
        .await;
    }

    /// `kill -9`, and the same command again.
    pub async fn kill_and_start_again(&mut self) {
        self.program.kill();
        self.program = Program::start(&["serve"], &self.environment, self.place.path());
        self.is_ready().await;
    }

    /// Ends it as a service manager does, and starts it again.
    pub async fn stop_and_start_again(&mut self) -> Ended {
        let ended = self.stop().await;
        self.program = Program::start(&["serve"], &self.environment, self.place.path());
        self.is_ready().await;
        ended
    }

    /// Ends it as a service manager does.
    pub async fn stop(&mut self) -> Ended {
        self.program.signal(Signal::SIGTERM);
        self.program.ends_within(PATIENCE).await
    }

    /// Another command with the same settings but these.
    pub async fn command(&self, arguments: &[&str], options: &[(&str, &str)]) -> Ended {
        let mut environment = self.environment.clone();
        set(&mut environment, options);
        run(arguments, &environment, &self.place).await
    }

    /// A browser that has opened the login page.
    pub async fn browser(&self) -> Browser {
        let mut browser = Browser::new(&self.url);
        let mut environment = self.environment.iter();
        let public = environment.find(|(name, _)| name == "SAOMA_PUBLIC_URL");
        browser.origin.clone_from(&public.unwrap().1);
        browser.open_login_page().await;
        browser
    }

    /// A metric of the admin address; 0 before anything has been counted.
    pub async fn metric(&self, name: &str) -> f64 {
        let url = format!("{}/metrics", self.admin_url);
        let mut answer = awc::Client::default().get(url).send().await.unwrap();
        let text = answer.body().await.unwrap();
        let text = std::str::from_utf8(&text).unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(name));
        value.map_or(0.0, |value| value.trim().parse().unwrap())
    }

    /// One login from the page to the session, by this phone.
    pub async fn log_in(&self, phone: &Phone) {
        let mut browser = self.browser().await;
        let ticket = browser.open_socket().await;
        let scene = browser.scene(&ticket).await;
        let scanned = phone.scan(&scene).await.expect(200);
        browser.expect("scanned").await;
        phone.confirm(&scanned["nonce"]).await.expect(200);
        browser.expect("login_succeeded").await;
        browser.redeem(&ticket["attempt"]).await.expect(200);
        browser.drop_socket();
    }

    /// A phone of somebody whom nobody knows here.
    pub async fn phone(&self) -> Phone {
        Phone::new(&self.url, self.wechat.url().as_str()).await
    }

    /// A browser that is signed in by this phone.
    pub async fn signed_in(&self, phone: &Phone) -> Browser {
        let mut browser = self.browser().await;
        let ticket = browser.open_socket().await;
        let scene = browser.scene(&ticket).await;
        let scan = phone.scan(&scene).await.expect(200);
        phone.confirm(&scan["nonce"]).await.expect(200);
        browser.redeem(&ticket["attempt"]).await.expect(200);
        browser.drop_socket();
        browser
    }

    /// A phone of a registered user.
    pub async fn registered_phone(&self, nickname: &str) -> Phone {
        let phone = self.phone().await;
        phone.register(Some(nickname)).await.expect(201);
        phone
    }
}

/// Runs a command to its end.
pub async fn run(arguments: &[&str], environment: &Environment, place: &Place) -> Ended {
    Program::start(arguments, environment, place.path())
        .ends_within(PATIENCE)
        .await
}

/// The status of an answer; none when nobody answers.
pub async fn status(url: &str) -> Option<u16> {
    let answer = awc::Client::default().get(url).send().await;
    answer.ok().map(|answer| answer.status().as_u16())
}

/// A simulated WeChat in the test's own process.
pub fn wechat(saoma_url: &str) -> Simulator {
    let settings = SimulatorSettings {
        saoma_url: Some(saoma_url.parse().unwrap()),
        ..SimulatorSettings::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    Simulator::start(listener, settings).unwrap()
}

/// One that other machines reach at this address.
pub fn wechat_on(address: &str) -> Simulator {
    let listener = TcpListener::bind((address, 0)).unwrap();
    Simulator::start(listener, SimulatorSettings::default()).unwrap()
}

/// The settings of a server whose timers are short.
pub fn environment(
    place: &Place,
    port: u16,
    admin_port: u16,
    database: Option<&str>,
    wechat: &Simulator,
    options: &[(&str, &str)],
) -> Environment {
    let simulated = SimulatorSettings::default();
    let data = place.join("data");
    let mut environment = Environment::new();
    set(
        &mut environment,
        &[
            ("SAOMA_LISTEN", &format!("127.0.0.1:{port}")),
            ("SAOMA_ADMIN_LISTEN", &format!("127.0.0.1:{admin_port}")),
            ("SAOMA_PUBLIC_URL", &format!("http://localhost:{port}")),
            ("SAOMA_DATA_DIR", data.to_str().unwrap()),
            ("SAOMA_DATABASE_CONNECTIONS", "4"),
            ("SAOMA_WECHAT_APP_ID", &simulated.app_id),
            ("SAOMA_WECHAT_APP_SECRET", &simulated.app_secret),
            ("SAOMA_WECHAT_BASE_URL", wechat.url().as_str()),
            ("SAOMA_RECHECK_INTERVAL", "200ms"),
            ("SAOMA_CODES", "live"),
            ("SAOMA_MAX_STARTS_PER_ADDRESS", "0"),
        ],
    );
    if let Some(database) = database {
        set(&mut environment, &[("DATABASE_URL", database)]);
    }
    set(&mut environment, options);
    environment
}

/// The later value of a name wins.
pub fn set(environment: &mut Environment, options: &[(&str, &str)]) {
    for &(name, value) in options {
        environment.retain(|(known, _)| known != name);
        environment.push((name.to_owned(), value.to_owned()));
    }
}
