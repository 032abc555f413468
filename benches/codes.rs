//! What a page view costs, by where its code comes from, with WeChat slow and then away.
//!
//! `cargo bench --bench codes` starts a fresh `saoma serve` of the release profile for each
//! source, on a PostgreSQL of its own, with the simulator in WeChat's place: 800 ms for each
//! call at first, then no answer at all. Pages open at a steady rate, whatever happens (open
//! loop); at last as many at once as the server takes. A view is measured twice: from the open
//! socket to its ticket, and whole, from when it was due. Calls of WeChat and statements are
//! for 1,000 views; those that write new attempts, many in one, are told apart.
//!
//! `CODES_RATE` (500) says how many pages open in a second, `CODES_SECONDS` (10) for how long.
//! So many codes need more than the five thousand a minute that WeChat makes: the first
//! hundred of the stock are made by it, the others are rows with those images.
//! Clients and the simulator run here, the server in a process of its own.

#[path = "idle/client.rs"]
#[allow(dead_code, reason = "each bench uses a part")]
mod client;
#[path = "idle/process.rs"]
#[allow(dead_code, reason = "each bench uses a part")]
mod process;
#[path = "idle/quantile.rs"]
mod quantile;
mod codes {
    pub mod counts;
    pub mod views;
}

use std::time::Duration;

use codes::{
    counts::Counts,
    views::{self, Views},
};
use process::Bench;
use quantile::quantile;
use serde_json::json;

/// The stock is filled up with these.
const MADE: u32 = 100;
/// A pool has this many by default.
const POOL: u32 = 1_000;

#[actix_web::main]
async fn main() {
    let number = |name: &str, usual: u32| {
        std::env::var(name).map_or(usual, |number| number.parse().unwrap())
    };
    let rate = number("CODES_RATE", 500);
    let time = Duration::from_secs(number("CODES_SECONDS", 10).into());
    println!(
        "{:<28} {:>6} {:>6} {:>7} {:>7} {:>8} {:>8} {:>8} {:>7} {:>8} {:>7}",
        "",
        "views",
        "failed",
        "p50 ms",
        "p99 ms",
        "all p50",
        "all p99",
        "views/s",
        "calls",
        "inserts",
        "others"
    );

    let mut stock = Measured::start("stock", MADE).await;
    stock.bench.codes_ready(MADE).await;
    stock.bench.multiply_stock(rate * 60 + 60_000).await;
    stock.begin().await;
    let warm_up = Duration::from_secs(2);
    stock.steady("stock, warm-up", rate, warm_up).await;
    slow(&stock.bench).await;
    stock.steady("stock, WeChat at 800 ms", rate, time).await;
    away(&stock.bench).await;
    stock.steady("stock, WeChat away", rate, time).await;
    stock.flat_out("stock, as many as it takes", time / 2).await;
    bytes(&stock.bench).await;
    stock.bench.stop().await;

    let mut pool = Measured::start("pool", MADE).await;
    pool.bench.fill_pool(POOL).await;
    // No more than the pool has.
    let pool_rate = POOL / 2 / u32::try_from(time.as_secs()).unwrap();
    slow(&pool.bench).await;
    pool.begin().await;
    pool.steady("pool, WeChat at 800 ms", pool_rate, time).await;
    away(&pool.bench).await;
    pool.steady("pool, WeChat away", pool_rate - 5, time).await;
    pool.bench.stop().await;

    let mut live = Measured::start("live", MADE).await;
    slow(&live.bench).await;
    // WeChat allows 83 in a second.
    live.steady("live, WeChat at 800 ms", 50, time).await;
    away(&live.bench).await;
    live.steady("live, WeChat away", 50, time).await;
    live.bench.stop().await;
}

async fn start(first: &str, stock: u32) -> Bench {
    let settings = [
        ("SAOMA_CODES", first.to_owned()),
        ("SAOMA_STOCK_SIZE", stock.to_string()),
        ("SAOMA_STOCK_MAX", stock.to_string()),
        ("SAOMA_MAX_POOL_PER_ADDRESS", "0".to_owned()),
        ("SAOMA_MAX_PER_SECOND", "0".to_owned()),
    ];
    Bench::start_with("25s", &settings).await
}

async fn slow(bench: &Bench) {
    bench
        .faults(&json!({"path": "*", "mode": "slow", "delay_ms": 800}))
        .await;
}

async fn away(bench: &Bench) {
    bench.faults(&json!({"path": "*", "mode": "hang"})).await;
}

/// A server, and what it had cost when it was looked at last.
struct Measured {
    bench: Bench,
    last: Counts,
}

impl Measured {
    async fn start(first: &str, stock: u32) -> Self {
        let bench = start(first, stock).await;
        let last = Counts::of(&bench).await;
        Self { bench, last }
    }

    /// What it costs from now on.
    async fn begin(&mut self) {
        self.last = Counts::of(&self.bench).await;
    }

    async fn steady(&mut self, name: &str, rate: u32, time: Duration) {
        let views = views::steady(&self.bench, rate, time).await;
        self.tell(name, &views).await;
    }

    async fn flat_out(&mut self, name: &str, time: Duration) {
        let views = views::flat_out(&self.bench, time).await;
        self.tell(name, &views).await;
    }

    async fn tell(&mut self, name: &str, views: &Views) {
        let now = Counts::of(&self.bench).await;
        print(name, views, now.since(&self.last));
        self.last = now;
    }
}

fn print(name: &str, views: &Views, counts: Counts) {
    let per_thousand = |count: u64| count as f64 * 1e3 / views.all() as f64;
    println!(
        "{name:<28} {:>6} {:>6} {:>7.2} {:>7.2} {:>8.2} {:>8.2} {:>8.0} {:>7.0} {:>8.1} {:>7.1}",
        views.all(),
        views.failed,
        quantile(&views.waited, 0.5) * 1e3,
        quantile(&views.waited, 0.99) * 1e3,
        quantile(&views.done, 0.5) * 1e3,
        quantile(&views.done, 0.99) * 1e3,
        views.all() as f64 / views.took.as_secs_f64(),
        per_thousand(counts.calls),
        per_thousand(counts.inserts),
        per_thousand(counts.statements - counts.inserts),
    );
}

async fn bytes(bench: &Bench) {
    let (average, codes): (i64, i64) = bench
        .query("select avg(bytes)::bigint, count(*) from codes where bytes > 0")
        .await;
    println!(
        "\nthe simulator's codes have {average} bytes each ({codes} rows); WeChat's have about 20,000 to 200,000\n"
    );
}
