//! How long a text takes from a browser to its phone, with many pairs that have open sockets.
//!
//! `cargo bench --bench chat` starts fresh servers of the release profile on a PostgreSQL of
//! their own, puts the pairs into the database, opens all their sockets, and sends texts at a
//! steady rate: first on one server, then with the browsers on one instance and the phones on
//! another, directly and, where redis-server is installed, by Redis. Clients and simulator are in
//! this process, on the same machine: what they take is in the figures.
//!
//! `CHAT_PAIRS` (5000), `CHAT_RATE` (500 texts a second), `CHAT_SECONDS` (20).

mod chat {
    pub mod pairs;
    pub mod redis;
}
#[path = "idle/process.rs"]
#[allow(dead_code, reason = "each bench uses a part")]
mod process;

use std::time::{Duration, Instant};

use chat::{
    pairs::{Load, Pairs},
    redis::Redis,
};
use process::{Bench, free_port};

/// Equal on all instances.
const SECRET_KEY: &str = "rZ0sQ7mXn4vK1bT8yL2cH6fJ9dG3wE5uA0iO-pS_qRk";

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
        "{pairs} pairs, {} texts a second for {:?}\n",
        load.rate, load.time
    );
    println!("browser to phone    sent  heard    p50 ms    p99 ms    max ms");
    one_server(pairs, load).await;
    let [a, b] = [free_port(), free_port()].map(|port| {
        [
            ("SAOMA_ADMIN_LISTEN", format!("127.0.0.1:{port}")),
            ("SAOMA_INTERNAL_URL", format!("http://127.0.0.1:{port}/")),
        ]
    });
    two_instances("direct", pairs, load, &a, &b).await;
    match Redis::start() {
        Some(redis) => {
            let way = [("REDIS_URL", redis.url())];
            two_instances("by Redis", pairs, load, &way, &way).await;
        }
        None => println!("by Redis: no redis-server here"),
    }
}

async fn one_server(pairs: usize, load: Load) {
    let bench = Bench::start_with("25s", &settings(&[])).await;
    let mut pairs = Pairs::put(&bench, pairs).await;
    pairs.open(bench.port, bench.port).await;
    let cpu = bench.cpu().seconds;
    let began = Instant::now();
    pairs.talk(load).await.print("one server");
    let busy = (bench.cpu().seconds - cpu) / began.elapsed().as_secs_f64();
    println!(
        "                    (the server took {:.0} % of a core)",
        busy * 100.0
    );
    drop(pairs);
    bench.stop().await;
}

async fn two_instances(
    name: &str,
    pairs: usize,
    load: Load,
    first: &[(&str, String)],
    second: &[(&str, String)],
) {
    let mut bench = Bench::start_with("25s", &settings(first)).await;
    let port = bench.beside(&settings(second)).await;
    let mut pairs = Pairs::put(&bench, pairs).await;
    pairs.open(bench.port, port).await;
    pairs.talk(load).await.print(name);
    drop(pairs);
    bench.stop().await;
}

fn settings<'a>(more: &[(&'a str, String)]) -> Vec<(&'a str, String)> {
    let mut settings = vec![("SAOMA_SECRET_KEY", SECRET_KEY.to_owned())];
    settings.extend_from_slice(more);
    settings
}

fn raise_open_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
}
