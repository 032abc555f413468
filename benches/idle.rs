//! What open sockets cost a server that has nothing to do: memory and CPU.
//!
//! `cargo bench --bench idle` starts a fresh `saoma serve` of the release
//! profile on a PostgreSQL of its own, with the simulator in WeChat's place,
//! opens sockets in steps and reads the server's memory from `/proc`; then it
//! leaves all of them alone and reads the CPU time that the server took.
//!
//! `IDLE_SOCKETS` (5000) says how many. Nothing is measured in this process:
//! it holds the clients and the simulator.

mod idle {
    #[allow(dead_code, reason = "each bench uses a part")]
    pub mod client;
    pub mod fit;
    #[allow(dead_code, reason = "each bench uses a part")]
    pub mod process;
}

use std::time::Duration;

use actix_web::rt::time::sleep;

use idle::{
    client,
    fit::least_squares,
    process::{Bench, instance::Cpu},
};

const STEP: usize = 1_000;
/// The target for 5,000 sockets.
const TARGET_MB: f64 = 80.0;

#[actix_web::main]
async fn main() {
    let wanted = std::env::var("IDLE_SOCKETS").ok();
    let most = wanted.map_or(5_000, |number| number.parse().unwrap());
    raise_open_files(most);
    println!("{most} sockets, a login page each, in steps of {STEP}; memory in KB\n");

    let pinged = Bench::start("25s").await;
    measure_memory(&pinged, most).await;
    measure_cpu(
        &pinged,
        most,
        Duration::from_secs(60),
        "with a ping every 25 s",
    )
    .await;
    pinged.stop().await;

    // Pings so rare that none falls into the window.
    let quiet = Bench::start("1h").await;
    client::open(&quiet, most).await;
    settle(&quiet).await;
    measure_cpu(&quiet, most, Duration::from_secs(20), "between pings").await;
    quiet.stop().await;
}

async fn measure_memory(bench: &Bench, most: usize) {
    settle(bench).await;
    println!("{:>8} {:>9} {:>9} {:>9}", "sockets", "RSS", "PSS", "dirty");
    let mut points = Vec::new();
    let mut open = 0;
    loop {
        let memory = bench.memory();
        println!(
            "{open:>8} {:>9} {:>9} {:>9}",
            memory.rss, memory.pss, memory.dirty
        );
        points.push((open as f64, memory.rss as f64));
        if open >= most {
            break;
        }
        let more = STEP.min(most - open);
        client::open(bench, more).await;
        open += more;
        settle(bench).await;
    }
    let base = points[0].1;
    let added = (points[points.len() - 1].1 - base) / 1024.0;
    let (slope, start, fit) = least_squares(&points);
    // The first sockets also pay for code and pools that are touched once.
    let (later, _, later_fit) = least_squares(&points[1..]);
    println!(
        "\nbase            {:.1} MB before the first socket",
        base / 1024.0
    );
    println!(
        "all points      {slope:.2} KB a socket on {:.1} MB, R² {fit:.4}",
        start / 1024.0
    );
    println!("from {STEP} on    {later:.2} KB a socket, R² {later_fit:.4}");
    println!("added by {most}   {added:.1} MB (target for 5000: under {TARGET_MB} MB)\n");
}

async fn measure_cpu(bench: &Bench, sockets: usize, window: Duration, what: &str) {
    let before = bench.cpu();
    sleep(window).await;
    let Cpu { seconds } = bench.cpu();
    let used = seconds - before.seconds;
    let share = used / window.as_secs_f64();
    println!(
        "CPU {what}: {used:.3} s in {} s: {:.2} % of a core, {:.2} µs/s a socket",
        window.as_secs(),
        share * 100.0,
        share * 1e6 / sockets as f64,
    );
}

/// Waits until the server takes no CPU for what has been asked of it.
async fn settle(bench: &Bench) {
    for _ in 0..20 {
        let before = bench.cpu().seconds;
        sleep(Duration::from_millis(500)).await;
        if bench.cpu().seconds - before < 0.01 {
            return;
        }
    }
}

/// Server and clients need a descriptor for each socket.
fn raise_open_files(sockets: usize) {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    // Also the server's limit, which it inherits.
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let needed = sockets as u64 + 500;
    assert!(
        hard >= needed,
        "{needed} open files are needed, {hard} are allowed (ulimit -Hn)"
    );
}
