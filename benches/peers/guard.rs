//! A small measurement with bounds, for CI: so that no change makes Saoma heavier unseen.
//!
//! Both figures hardly depend on how busy the machine is. They are those of an unoptimized build,
//! which CI's tests have made already. Whoever changes one knowingly changes its bound here, in
//! the same commit.

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode},
    time::Duration,
};

use actix_web::rt::time::sleep;

use crate::{
    fit::least_squares,
    peers::{
        client::{
            page::Dialect,
            work::{Server as Address, Work},
        },
        database,
        fleet::{Fleet, Outcome},
        servers::{SERVERS, Started, start_saoma},
    },
    process::{PROGRAM, fresh_folder},
};

/// Kilobytes for a waiting socket, from 500 to 2,000.
const MEMORY: f64 = 5.0;
/// Thousands of instructions of the server for a whole login.
const INSTRUCTIONS: f64 = 9_500.0;

const STEPS: [usize; 4] = [500, 1_000, 1_500, 2_000];
/// For as long the server is left alone.
const REST: Duration = Duration::from_secs(10);

/// One after the other, so that every login has its statements for itself.
const LOGINS: Work = Work::Logins {
    millis: 20_000,
    at_once: 1,
};

pub async fn run() -> ExitCode {
    let figures = [
        ("KB of memory for a waiting socket", memory().await, MEMORY),
        (
            "thousand instructions for a login",
            instructions().await,
            INSTRUCTIONS,
        ),
    ];
    let mut code = ExitCode::SUCCESS;
    for (what, measured, bound) in figures {
        let said = if measured <= bound { "ok" } else { "TOO MUCH" };
        println!("guard: {measured:.2} {what}, at most {bound}: {said}");
        if measured > bound {
            code = ExitCode::FAILURE;
        }
    }
    code
}

async fn memory() -> f64 {
    let started = SERVERS[0].start(5_000).await;
    let mut fleet = fleet(&started).await;
    let mut points = Vec::new();
    let mut open = 0;
    for step in STEPS {
        let outcome = fleet.open(step - open, 32).await;
        assert_eq!(outcome.failed, 0, "{:?}", outcome.reason);
        open = step;
        // What is freed a moment later does not count.
        sleep(Duration::from_secs(1)).await;
        points.push((step as f64, started.memory().pss as f64));
    }
    drop(fleet);
    started.stop().await;
    let (slope, ..) = least_squares(&points);
    slope
}

/// Thousands for a login, counted by callgrind.
async fn instructions() -> f64 {
    let folder = fresh_folder();
    let postgres = database::start(&folder).await;
    let mut program = Command::new("valgrind");
    program
        .args([
            "--quiet",
            "--tool=callgrind",
            "--callgrind-out-file=instructions",
        ])
        .arg(PROGRAM)
        .current_dir(&folder)
        // It takes fifty times as long there.
        .env("SAOMA_HEAD_TIMEOUT", "1m")
        // Otherwise it starts itself again, where the count does not follow.
        .env("GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=8192");
    let started = start_saoma(folder.clone(), postgres, program, 1_000).await;
    let mut fleet = fleet(&started).await;
    // Saoma's own first codes, which nobody here can scan, are used up by that.
    let first = fleet.open(200, 4).await;
    assert_eq!(first.failed, 0, "{:?}", first.reason);
    fleet.each(Work::Close).await;
    log_in(&mut fleet).await;
    // What is dumped begins at the last dump.
    dump(&started);
    sleep(REST).await;
    dump(&started);
    let logins = log_in(&mut fleet).await;
    dump(&started);
    let part = |number| counted(&folder.join(format!("instructions.{number}")));
    // What the server does by itself takes more of them on a busy machine, since it has longer.
    let rest = part(2) * logins.seconds / REST.as_secs_f64();
    let each = (part(3) - rest) / logins.done() as f64;
    drop(fleet);
    started.stop().await;
    each / 1e3
}

async fn log_in(fleet: &mut Fleet) -> Outcome {
    let outcome = fleet.one(LOGINS).await;
    assert_eq!(outcome.failed, 0, "{:?}", outcome.reason);
    outcome
}

async fn fleet(started: &Started) -> Fleet {
    let address = Address {
        port: started.port,
        dialect: Dialect::Plain,
    };
    Fleet::start(address).await
}

fn dump(started: &Started) {
    let pid = started.roots()[0].to_string();
    let dumped = Command::new("callgrind_control")
        .args(["--dump", &pid])
        .output()
        .unwrap();
    assert!(dumped.status.success(), "{dumped:?}");
}

fn counted(file: &Path) -> f64 {
    let text =
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let line = text.lines().find_map(|line| {
        line.strip_prefix("summary: ")
            .or_else(|| line.strip_prefix("totals: "))
    });
    line.and_then(|count| count.trim().parse().ok())
        .expect("a sum")
}
