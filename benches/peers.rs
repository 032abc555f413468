//! Saoma and what else a team would pick, measured one after the other by the same clients.
//!
//! `cargo bench --bench peers -- quick` measures each server once with up to 5,000 sockets and
//! prints the tables; `-- full` measures each three times with up to 19,000 and writes
//! docs/BENCHMARKS.md. A run that was interrupted goes on where it was, as long as the commit is
//! the same. `-- quick NAME…` measures these servers alone, `-- smoke` sees in seconds that all of
//! it works, and `-- guard` holds two of Saoma's figures against their bounds, as CI does. `make bench` and `make bench-full`
//! install what the peers need and call it.
//!
//! Each server gets a fresh PostgreSQL. The clients are processes of their own (this program,
//! started again); WeChat's simulator runs here and has nothing to do. Peers are in
//! `benches/peers/`: each says there whose advice it follows.

#[path = "idle/fit.rs"]
mod fit;
#[path = "idle/process.rs"]
#[allow(dead_code, reason = "each bench uses a part")]
mod process;
mod peers {
    pub mod client;
    pub mod database;
    pub mod figures;
    pub mod fleet;
    pub mod floors;
    pub mod guard;
    pub mod machine;
    pub mod measure;
    pub mod plan;
    pub mod plot;
    pub mod processes;
    pub mod report;
    pub mod runs;
    pub mod servers;
    pub mod verdicts;
}

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Instant,
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde::{Serialize, de::DeserializeOwned};
use tokio::signal::unix::{SignalKind, signal};

use peers::{
    client, fleet, floors, guard,
    measure::{flat_out, measure},
    plan::Plan,
    report,
    runs::Runs,
    servers::{SERVERS, Server},
    verdicts::verdicts,
};

fn main() -> ExitCode {
    // Also the limit of all that is started here.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    // `cargo bench` adds a word of its own.
    let words: Vec<_> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match words[..] {
        [fleet::ARGUMENT] => {
            client::process::run();
            ExitCode::SUCCESS
        }
        ["guard"] => unless_stopped(guard::run()),
        ["full"] => unless_stopped(full()),
        ["quick", ref names @ ..] => unless_stopped(once(Plan::quick, names)),
        ["smoke", ref names @ ..] => unless_stopped(once(Plan::smoke, names)),
        _ => {
            eprintln!(
                "say `quick` or `smoke`, with names of servers or without, `full` or `guard`"
            );
            ExitCode::FAILURE
        }
    }
}

/// Does it, or stops all that it has started when a signal says so.
fn unless_stopped(work: impl Future<Output = ExitCode>) -> ExitCode {
    actix_web::rt::System::new().block_on(async {
        let mut terminate = signal(SignalKind::terminate()).unwrap();
        tokio::select! {
            code = work => code,
            _ = tokio::signal::ctrl_c() => ExitCode::FAILURE,
            _ = terminate.recv() => ExitCode::FAILURE,
        }
    })
}

/// One run; fails if something does not hold that must.
async fn once(plan: fn(&Server) -> Plan, names: &[&str]) -> ExitCode {
    let chosen = |server: &&Server| names.is_empty() || names.contains(&server.name);
    let mut flows = Vec::new();
    for server in SERVERS.iter().filter(chosen) {
        flows.push(timed("flat out", server, flat_out(server, &plan(server))).await);
    }
    let mut figures = Vec::new();
    for (server, flows) in SERVERS.iter().filter(chosen).zip(flows) {
        figures.push(timed("the rest", server, measure(server, &plan(server), flows)).await);
    }
    let floors = floors::measure().await;
    let runs = Runs(vec![figures]);
    println!("{}", report::tables(&runs, &floors));
    said(&runs)
}

/// Three runs, and the document.
async fn full() -> ExitCode {
    const RUNS: usize = 3;
    let kept = Kept::open();
    let mut runs = Vec::new();
    for number in 1..=RUNS {
        let mut flows = Vec::new();
        for server in &SERVERS {
            let name = format!("{number}-{}-flat-out", server.name);
            let work = Box::pin(async { flat_out(server, &Plan::full(server)).await });
            flows.push(kept.or(&name, timed("flat out", server, work)).await);
        }
        let mut figures = Vec::new();
        for (server, flows) in SERVERS.iter().zip(flows) {
            let name = format!("{number}-{}", server.name);
            let work = Box::pin(async { measure(server, &Plan::full(server), flows).await });
            figures.push(kept.or(&name, timed("the rest", server, work)).await);
        }
        runs.push(figures);
    }
    let floors = kept.or("floors", floors::measure()).await;
    let runs = Runs(runs);
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/BENCHMARKS.md");
    report::write(&runs, &floors, &document);
    println!("{}", report::tables(&runs, &floors));
    said(&runs)
}

async fn timed<T>(what: &str, server: &Server, work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let done = work.await;
    eprintln!("{}, {what}: {} s", server.title, began.elapsed().as_secs());
    done
}

fn said(runs: &Runs) -> ExitCode {
    let failed = verdicts(runs)
        .iter()
        .filter(|verdict| !verdict.passed)
        .count();
    if failed == 0 {
        return ExitCode::SUCCESS;
    }
    eprintln!("{failed} of what must hold does not");
    ExitCode::FAILURE
}

/// Figures of this commit that an earlier call has measured.
struct Kept(PathBuf);

impl Kept {
    fn open() -> Self {
        let commit = Command::new("git")
            .args(["rev-parse", "HEAD"])
            .output()
            .unwrap();
        let commit = String::from_utf8_lossy(&commit.stdout).trim().to_owned();
        let target = std::env::var("CARGO_TARGET_DIR")
            .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/target").to_owned());
        let folder = Path::new(&target).join("peers/full").join(commit);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.json"))
    }

    /// What an earlier call has measured, or else what is measured now.
    async fn or<T>(&self, name: &str, measure: impl Future<Output = T>) -> T
    where
        T: Serialize + DeserializeOwned,
    {
        if let Some(done) = self.read(name) {
            return done;
        }
        let done = measure.await;
        fs::write(self.file(name), serde_json::to_string(&done).unwrap()).unwrap();
        done
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let text = fs::read_to_string(self.file(name)).ok()?;
        serde_json::from_str(&text).ok()
    }
}
