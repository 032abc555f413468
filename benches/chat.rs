//! How long a text takes from a browser to its phone, with many pairs that have open sockets.
//!
//! `cargo bench --bench chat` starts fresh servers of the release profile on a PostgreSQL of
//! their own, puts the pairs into the database, opens all their sockets, and sends texts at a
//! steady rate: first on one server, then with the browsers on one instance and the phones on
//! another, directly and by Redis. The clients are in this process, on the same machine: what
//! they take is in the figures.
//!
//! `CHAT_PAIRS` (5000), `CHAT_RATE` (500 texts a second), `CHAT_SECONDS` (20).

#[path = "chat/pairs.rs"]
mod pairs;
#[path = "idle/process.rs"]
#[allow(dead_code, reason = "each bench uses a part")]
mod process;
#[path = "idle/quantile.rs"]
mod quantile;
#[path = "../tests/api/support"]
#[allow(dead_code, reason = "the tests of the API use the rest of it")]
mod support {
    pub mod answer;
    pub mod port;
    pub mod redis;
}

use std::time::{Duration, Instant};

use pairs::{Load, Pairs};
use process::Bench;
use support::redis::RedisServer;

#[actix_web::main]
async fn main() {
    let number = |name: &str, usual: usize| {
        std::env::var(name).map_or(usual, |number| number.parse().unwrap())
    };
    let pairs = number("CHAT_PAIRS", 5_000);
    let load = Load {
        rate: number("CHAT_RATE", 500),
        time: Duration::from_secs(number("CHAT_SECONDS", 20) as u64),
    };
    raise_open_files();
    println!(
        "{pairs} pairs, {} texts a second for {} s\n",
        load.rate,
        load.time.as_secs()
    );
    println!("browser to phone     sent   heard    p50 ms    p99 ms    max ms   first's CPU");
    measure("one server", pairs, load, &[], false).await;
    let direct = [("SAOMA_INTERNAL_URL", String::new())];
    measure("two, directly", pairs, load, &direct, true).await;
    let redis = RedisServer::start();
    let by_redis = [("REDIS_URL", redis.url())];
    measure("two, by Redis", pairs, load, &by_redis, true).await;
}

async fn measure(name: &str, count: usize, load: Load, way: &[(&str, String)], apart: bool) {
    let bench = Bench::start_with("25s", way).await;
    let other = if apart {
        Some(bench.beside().await)
    } else {
        None
    };
    let phones = other.as_ref().map_or(bench.port, |other| other.port);
    let mut pairs = Pairs::put(&bench, count).await;
    pairs.open(bench.port, phones).await;
    let (cpu, began) = (bench.cpu().seconds, Instant::now());
    let times = pairs.talk(load).await;
    let busy = (bench.cpu().seconds - cpu) / began.elapsed().as_secs_f64();
    let of = |share| 1000.0 * quantile::quantile(&times.heard, share);
    println!(
        "{name:<17} {:>7} {:>7} {:>9.2} {:>9.2} {:>9.2} {:>11.0} %",
        times.sent,
        times.heard.len(),
        of(0.5),
        of(0.99),
        of(1.0),
        busy * 100.0
    );
    drop(pairs);
    if let Some(other) = other {
        other.stop().await;
    }
    bench.stop().await;
}

fn raise_open_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
}
