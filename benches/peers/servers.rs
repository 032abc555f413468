//! The servers that are measured, each on its own fresh database.

use std::{
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use actix_web::rt::time::sleep;
use nix::{
    sys::{
        resource::{Resource, getrlimit},
        signal::{Signal, kill, killpg},
    },
    unistd::Pid,
};
use saoma::{simulator::SimulatorSettings, store::private::PrivatePostgres};

use crate::{
    peers::{
        client::page::Dialect,
        database,
        processes::{self, Cpu},
    },
    process::{
        Bench, PROGRAM, fresh_folder,
        instance::{Memory, free_port, is_ready},
    },
};

/// All of them, Saoma first.
pub const SERVERS: [Server; 8] = [
    Server::new("saoma", "Saoma", Dialect::Plain),
    Server::new("axum", "axum, tokio-tungstenite", Dialect::Plain),
    Server::new("actix-ws", "actix-ws", Dialect::Plain),
    Server::new("ws", "Node ws", Dialect::Plain),
    Server::new("socket.io", "socket.io", Dialect::SocketIo),
    Server::new("nchan", "nginx with nchan", Dialect::Subscribe),
    Server::new("uvicorn", "Channels on uvicorn", Dialect::Plain).slow(),
    Server::new("daphne", "Channels on daphne", Dialect::Plain).slow(),
];

/// One that can be started.
#[derive(Debug, Clone, Copy)]
pub struct Server {
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    pub dialect: Dialect,
    /// It opens some hundred sockets in a second, so it gets fewer.
    pub is_slow: bool,
}

impl Server {
    const fn new(name: &'static str, title: &'static str, dialect: Dialect) -> Self {
        Self {
            name,
            title,
            dialect,
            is_slow: false,
        }
    }

    const fn slow(self) -> Self {
        Self {
            is_slow: true,
            ..self
        }
    }

    pub fn is_saoma(&self) -> bool {
        self.name == "saoma"
    }

    /// Starts it, on a database with people and, for Saoma, so many codes in stock.
    pub async fn start(&self, codes: usize) -> Started {
        let folder = fresh_folder();
        let postgres = database::start(&folder).await;
        if self.is_saoma() {
            return start_saoma(folder, postgres, Command::new(PROGRAM), codes).await;
        }
        database::migrate(&postgres).await;
        database::register_people(&postgres, &SimulatorSettings::default().app_id).await;
        let port = free_port();
        let children = self.start_peer(&folder, &postgres, port);
        is_ready(port).await;
        Started {
            port,
            kind: Kind::Peer {
                children,
                postgres,
                folder,
            },
        }
    }

    /// The processes of a peer: all that a team would run, but for PostgreSQL.
    fn start_peer(&self, folder: &Path, postgres: &PrivatePostgres, port: u16) -> Vec<Group> {
        let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
        let run = |mut command: Command| {
            let log = File::create(folder.join(format!("{}.log", self.name))).unwrap();
            let errors = log.try_clone().unwrap();
            command
                .env("DATABASE_URL", postgres.url())
                .stdin(Stdio::null())
                .stdout(log)
                .stderr(errors)
                .process_group(0);
            Group(
                command
                    .spawn()
                    .unwrap_or_else(|error| panic!("{command:?}: {error}")),
            )
        };
        match self.name {
            "axum" | "actix-ws" => {
                let mut program = Command::new(built(self.name));
                program.env("PORT", port.to_string());
                vec![run(program)]
            }
            "ws" | "socket.io" => {
                let mut node = Command::new("node");
                // As the `Dockerfile`s of Node's own guide have it.
                node.env("NODE_ENV", "production")
                    .env("PORT", port.to_string());
                node.arg(peers.join(format!("node/{}.mjs", self.name)));
                vec![run(node)]
            }
            "nchan" => start_nchan(&peers, folder, port, run),
            _ => start_channels(self.name, &peers, folder, port, run),
        }
    }
}

/// Saoma as `saoma serve` runs it, with all limits for addresses and people off: one machine does
/// all here.
pub async fn start_saoma(
    folder: PathBuf,
    postgres: PrivatePostgres,
    mut program: Command,
    codes: usize,
) -> Started {
    /// The simulator makes these; nobody scans them.
    const MADE: u32 = 100;
    let mut settings: Vec<_> = [
        "SAOMA_MAX_SCANS_PER_USER",
        "SAOMA_MAX_CONFIRMS_PER_USER",
        "SAOMA_MAX_FAILURES_PER_USER",
        "SAOMA_MAX_PER_SECOND",
    ]
    .map(|name| (name, "0".to_owned()))
    .into();
    settings.extend([
        ("SAOMA_STOCK_SIZE", MADE.to_string()),
        ("SAOMA_STOCK_MAX", MADE.to_string()),
        ("SAOMA_CONFIRM_TTL", "1h".to_owned()),
        ("SAOMA_REDEEM_TTL", "1h".to_owned()),
        // The images are somebody else's, as with a bucket: what is measured is the login.
        (
            "SAOMA_CODE_BASE_URL",
            "http://localhost:8080/codes".to_owned(),
        ),
    ]);
    program.stderr(File::create(folder.join("saoma.log")).unwrap());
    let bench = Bench::start_on(folder, postgres, program, "25s", &settings).await;
    bench.codes_ready(MADE).await;
    database::register_people(bench.postgres(), &SimulatorSettings::default().app_id).await;
    database::add_stock(bench.postgres(), codes).await;
    Started {
        port: bench.port,
        kind: Kind::Saoma(Box::new(bench)),
    }
}

fn start_nchan(
    peers: &Path,
    folder: &Path,
    site: u16,
    run: impl Fn(Command) -> Group,
) -> Vec<Group> {
    let (application, publisher) = (free_port(), free_port());
    let mut behind = Command::new(built("behind-nchan"));
    behind
        .env("PORT", application.to_string())
        .env("SITE_PORT", site.to_string())
        .env("PUBLISHER_PORT", publisher.to_string());
    let (_, files) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let mut config = fs::read_to_string(peers.join("nchan/nginx.conf")).unwrap();
    let words = [
        (
            "MODULE",
            "/usr/lib/nginx/modules/ngx_nchan_module.so".to_owned(),
        ),
        ("FOLDER", folder.display().to_string()),
        ("FILES", files.to_string()),
        ("CONNECTIONS", (files - 100).to_string()),
        ("SITE", site.to_string()),
        ("APPLICATION", application.to_string()),
        ("PUBLISHER", publisher.to_string()),
    ];
    for (word, value) in words {
        config = config.replace(&format!("@{word}@"), &value);
    }
    let file = folder.join("nginx.conf");
    fs::write(&file, config).unwrap();
    let mut nginx = Command::new("nginx");
    nginx.arg("-c").arg(file);
    vec![run(behind), run(nginx)]
}

fn start_channels(
    name: &str,
    peers: &Path,
    folder: &Path,
    port: u16,
    run: impl Fn(Command) -> Group,
) -> Vec<Group> {
    let python = PathBuf::from(std::env::var("PEERS_PYTHON").expect("PEERS_PYTHON"));
    let socket = folder.join("redis.sock");
    let mut redis = Command::new("redis-server");
    redis
        .args([
            "--port",
            "0",
            "--save",
            "",
            "--appendonly",
            "no",
            "--unixsocket",
        ])
        .arg(&socket);
    let mut server = Command::new(python.with_file_name(name));
    server
        .current_dir(peers.join("channels"))
        .env("REDIS_URL", format!("unix://{}", socket.display()))
        .env("PORT", port.to_string())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("DJANGO_SETTINGS_MODULE", "settings");
    let port = port.to_string();
    if name == "daphne" {
        server.args(["--verbosity", "0", "--bind", "127.0.0.1", "--port", &port]);
        server.args(["--ping-interval", "25", "--ping-timeout", "50"]);
    } else {
        server.args(["--host", "127.0.0.1", "--port", &port, "--backlog", "4096"]);
        server.args(["--ws-ping-interval", "25", "--ws-ping-timeout", "50"]);
        server.args(["--ws-per-message-deflate", "false", "--no-access-log"]);
        // Channels' application knows no lifespan.
        server.args(["--log-level", "warning", "--lifespan", "off"]);
    }
    server.arg("asgi:application");
    vec![run(redis), run(server)]
}

/// A program of `benches/peers/rust`.
fn built(name: &str) -> PathBuf {
    PathBuf::from(std::env::var("PEERS_PROGRAMS").expect("PEERS_PROGRAMS")).join(name)
}

/// A process with all that it starts, such as nginx's workers: they end with the bench.
struct Group(Child);

impl Group {
    fn id(&self) -> Pid {
        Pid::from_raw(self.0.id().cast_signed())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = killpg(self.id(), Signal::SIGKILL);
        let _ = self.0.wait();
    }
}

/// A server that runs.
pub struct Started {
    pub port: u16,
    kind: Kind,
}

enum Kind {
    Saoma(Box<Bench>),
    Peer {
        children: Vec<Group>,
        postgres: PrivatePostgres,
        folder: PathBuf,
    },
}

impl Started {
    pub fn postgres(&self) -> &PrivatePostgres {
        match &self.kind {
            Kind::Saoma(bench) => bench.postgres(),
            Kind::Peer { postgres, .. } => postgres,
        }
    }

    /// The processes that it was started as; each may have started others.
    pub fn roots(&self) -> Vec<u32> {
        match &self.kind {
            Kind::Saoma(bench) => vec![bench.pid()],
            Kind::Peer { children, .. } => children.iter().map(|child| child.0.id()).collect(),
        }
    }

    pub fn memory(&self) -> Memory {
        processes::memory(&self.roots())
    }

    pub fn cpu(&self) -> Cpu {
        Cpu::of(&self.roots())
    }

    pub async fn stop(self) {
        match self.kind {
            Kind::Saoma(bench) => bench.stop().await,
            Kind::Peer {
                children,
                postgres,
                folder,
            } => {
                stop_all(children).await;
                postgres.stop().await.unwrap();
                let _ = fs::remove_dir_all(folder);
            }
        }
    }
}

/// Asks them to end, and does not wait for long.
async fn stop_all(mut children: Vec<Group>) {
    for child in &children {
        let _ = kill(child.id(), Signal::SIGTERM);
    }
    for _ in 0..250 {
        if children
            .iter_mut()
            .all(|child| matches!(child.0.try_wait(), Ok(Some(_))))
        {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
}
