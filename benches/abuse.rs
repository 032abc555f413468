//! Good logins while thousands of bad peers take what they can.
//!
//! `cargo bench --bench abuse` starts a fresh `saoma serve` of the release
//! profile on a PostgreSQL of its own, with the simulator in WeChat's place.
//! People log in at a steady rate, whatever happens (open loop: a login's time
//! runs from when it was due), before, during and after the attack. The bad
//! peers of each kind come back as soon as they have been cut, from addresses
//! all over 127.0.0.0/8, and the limits per address are off: they are not what
//! saves us here. It ends by itself, and with an error if a single login failed.
//!
//! `ABUSE_PEERS` (300; 2500 in full) says how many bad peers of each kind there
//! are at a time, `ABUSE_SECONDS` (30) for how long, `ABUSE_LOGINS` (10) how many
//! people come in a second. Clients, phones, cameras and the simulator run here,
//! the server in a process of its own; on few cores they take its time as well.

mod abuse {
    pub mod logins;
    pub mod peers;
}
#[path = "idle/process.rs"]
#[allow(dead_code, reason = "each bench uses a part")]
mod process;
#[path = "idle/quantile.rs"]
mod quantile;
#[path = "../tests/api/support"]
mod support {
    #[allow(dead_code, reason = "the tests of the API use the rest of it")]
    pub mod answer;
    #[allow(dead_code, reason = "the tests of the API use the rest of it")]
    pub mod browser;
    #[allow(dead_code, reason = "the tests of the API use the rest of it")]
    pub mod canaries;
    #[allow(dead_code, reason = "the tests of the API use the rest of it")]
    pub mod line;
    #[allow(dead_code, reason = "the tests of the API use the rest of it")]
    pub mod phone;
}

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use actix_web::rt::{spawn, time::sleep};

use abuse::{
    logins::{People, Times},
    peers::{KINDS, attack},
};
use process::Bench;

#[actix_web::main]
async fn main() -> ExitCode {
    let number = |name: &str, usual: usize| {
        std::env::var(name).map_or(usual, |number| number.parse().unwrap())
    };
    let peers = number("ABUSE_PEERS", 300);
    let time = Duration::from_secs(number("ABUSE_SECONDS", 30) as u64);
    let rate = number("ABUSE_LOGINS", 10);
    raise_open_files(peers);
    println!(
        "{peers} bad peers of each kind for {} s, {rate} logins a second",
        time.as_secs()
    );

    let bench = Bench::start("25s").await;
    let people = People::new(&bench, 2 * rate).await;
    let quiet = Duration::from_secs(5);
    // The first logins also warm up what is touched once.
    people.log_in(rate, quiet).await;
    let before = people.log_in(rate, quiet).await;
    let resources_before = resources(&bench);

    let attack = attack(bench.port, peers, Instant::now() + time);
    let watched = spawn(watch(bench.pid(), Instant::now() + time));
    let during = people.log_in(rate, time).await;
    let (most_memory, most_files) = watched.await.unwrap();
    // The last of them are cut within their limits.
    sleep(Duration::from_secs(12)).await;
    let tolls = attack.join().unwrap();
    let after = people.log_in(rate, quiet).await;
    sleep(Duration::from_secs(6)).await;
    let resources_after = resources(&bench);

    println!("\ngood logins       done  failed      p50 ms      p99 ms");
    for (name, times) in [("before", &before), ("during", &during), ("after", &after)] {
        let Times { done, failed } = times;
        println!(
            "{name:<15} {:>6} {failed:>7} {:>11.0} {:>11.0}",
            done.len(),
            times.quantile(0.5),
            times.quantile(0.99)
        );
    }
    println!("\nbad peers                 came    cut      p50 s      max s   left");
    for (kind, toll) in KINDS.iter().zip(&tolls) {
        println!(
            "{:<22} {:>7} {:>6} {:>10.2} {:>10.2} {:>6}",
            kind.name(),
            toll.came,
            toll.cut.len(),
            toll.quantile(0.5),
            toll.quantile(1.0),
            toll.came - toll.cut.len(),
        );
    }
    println!("\nserver             RSS MB   files");
    for (name, (memory, files)) in [
        ("before", resources_before),
        ("most", (most_memory, most_files)),
        ("after", resources_after),
    ] {
        println!("{name:<15} {:>9.1} {files:>7}", memory as f64 / 1024.0);
    }
    bench.stop().await;
    let failed = before.failed + during.failed + after.failed;
    if failed > 0 {
        eprintln!("{failed} good logins failed");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn resources(bench: &Bench) -> (u64, usize) {
    (bench.memory().rss, open_files(bench.pid()))
}

/// The most memory and files that the server has until then.
async fn watch(pid: u32, end: Instant) -> (u64, usize) {
    let (mut memory, mut files) = (0, 0);
    while Instant::now() < end {
        memory = memory.max(process::instance::rss(pid));
        files = files.max(open_files(pid));
        sleep(Duration::from_millis(500)).await;
    }
    (memory, files)
}

fn open_files(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .count()
}

/// Clients and server need a descriptor for each peer.
fn raise_open_files(peers: usize) {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let needed = (peers * KINDS.len() + 2_000) as u64;
    assert!(
        hard >= needed,
        "{needed} open files are needed, {hard} are allowed (ulimit -Hn)"
    );
}
