//! What open sockets cost a server that has nothing to do: memory and CPU.
//!
//! `cargo bench --bench idle` starts a fresh `saoma serve` of the release
//! profile on a PostgreSQL of its own, with the simulator in WeChat's place,
//! opens sockets in steps and reads the server's memory from `/proc`; then it
//! leaves all of them alone and reads the CPU time that the server took, and at
//! last it closes them and reads how much of the memory comes back.
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

    let pinged = start("25s", most).await;
    let (mut open, memory) = measure_memory(&pinged, most).await;
    measure_cpu(
        &pinged,
        most,
        Duration::from_secs(60),
        "with a ping every 25 s",
    )
    .await;
    open.close();
    measure_return(&pinged, memory).await;
    pinged.stop().await;

    // Pings so rare that none falls into the window.
    let quiet = start("1h", most).await;
    let _open = client::open(&quiet, most).await;
    settle(&quiet).await;
    measure_cpu(&quiet, most, Duration::from_secs(20), "between pings").await;
    quiet.stop().await;
}

/// A server with a code of the stock for each socket, as owners have it.
async fn start(ping_interval: &str, sockets: usize) -> Bench {
    /// Made by the simulator; the others have their images.
    const MADE: u32 = 50;
    let settings = [
        ("SAOMA_CODES", "stock".to_owned()),
        ("SAOMA_STOCK_SIZE", MADE.to_string()),
        ("SAOMA_STOCK_MAX", MADE.to_string()),
        ("SAOMA_MAX_PER_SECOND", "0".to_owned()),
    ];
    let bench = Bench::start_with(ping_interval, &settings).await;
    bench.codes_ready(MADE).await;
    let codes = u32::try_from(sockets).unwrap() + 2_000;
    bench.multiply_stock(codes).await;
    bench
}

/// Kilobytes before the first socket and with all.
struct Peak {
    base: u64,
    peak: u64,
}

async fn measure_memory(bench: &Bench, most: usize) -> (client::Open, Peak) {
    settle(bench).await;
    println!("{:>8} {:>9} {:>9} {:>9}", "sockets", "RSS", "PSS", "dirty");
    let mut points = Vec::new();
    let mut clients = client::Open::default();
    let mut open = 0;
    let mut base = None;
    let peak = loop {
        let memory = bench.memory();
        println!(
            "{open:>8} {:>9} {:>9} {:>9}",
            memory.rss, memory.pss, memory.dirty
        );
        points.push((open as f64, memory.rss as f64));
        base.get_or_insert(memory.rss);
        if open >= most {
            break memory.rss;
        }
        let more = STEP.min(most - open);
        clients.add(client::open(bench, more).await);
        open += more;
        settle(bench).await;
    };
    let base = base.unwrap_or_default();
    let added = (peak - base) as f64 / 1024.0;
    let (slope, start, fit) = least_squares(&points);
    // The first sockets also pay for code and pools that are touched once.
    let (later, _, later_fit) = least_squares(&points[1..]);
    println!(
        "\nbase            {:.1} MB before the first socket",
        base as f64 / 1024.0
    );
    println!(
        "all points      {slope:.2} KB a socket on {:.1} MB, R² {fit:.4}",
        start / 1024.0
    );
    println!("from {STEP} on    {later:.2} KB a socket, R² {later_fit:.4}");
    println!("added by {most}   {added:.1} MB (target for 5000: under {TARGET_MB} MB)\n");
    (clients, Peak { base, peak })
}

/// What is left of the sockets' memory after a minute, as a share of it.
async fn measure_return(bench: &Bench, Peak { base, peak }: Peak) {
    for seconds in [1, 9, 50] {
        sleep(Duration::from_secs(seconds)).await;
        let left = bench.memory().rss.saturating_sub(base);
        let share = left as f64 / peak.saturating_sub(base).max(1) as f64;
        println!(
            "{seconds:>2} s on: {left} KB above the base, {:.0} % (at most 25 % after a minute)",
            share * 100.0
        );
    }
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
