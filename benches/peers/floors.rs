//! What no server can do better here: the database alone, the kernel's memory, a round trip.

use std::{
    fmt, fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use sqlx::Connection;

use crate::{
    peers::{database, machine::postgres_bin},
    process::fresh_folder,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Floors {
    /// Confirms that pgbench does with one connection, and with eight.
    one: Pgbench,
    eight: Pgbench,
    /// Microseconds from a byte sent to the byte that answers it, between two threads.
    round_trip: f64,
    /// Kilobytes that the kernel takes for one end of a connection that rests.
    socket: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Pgbench {
    per_second: f64,
    /// Milliseconds.
    latency: f64,
}

impl fmt::Display for Floors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            one,
            eight,
            round_trip,
            socket,
        } = self;
        writeln!(f, "| what | measured |\n|---|---|")?;
        writeln!(
            f,
            "| the confirm's statement, durable, by pgbench over one connection | {:.2} ms, {:.0} in a second |",
            one.latency, one.per_second
        )?;
        writeln!(
            f,
            "| the same over eight connections | {:.2} ms, {:.0} in a second |",
            eight.latency, eight.per_second
        )?;
        writeln!(
            f,
            "| one round trip over loopback, between two threads | {round_trip:.0} µs |"
        )?;
        writeln!(
            f,
            "| the kernel's memory for one end of a resting connection | {socket:.1} KB |"
        )
    }
}

pub async fn measure() -> Floors {
    let folder = fresh_folder();
    let postgres = database::start(&folder).await;
    database::migrate(&postgres).await;
    database::register_people(&postgres, "wx0123456789abcdef").await;
    let mut connection = sqlx::PgConnection::connect_with(&postgres.connect_options())
        .await
        .unwrap();
    sqlx::query(SCANNED).execute(&mut connection).await.unwrap();
    sqlx::raw_sql("vacuum analyze")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let url = postgres.url();
    let script = folder.join("confirm.sql");
    fs::write(&script, script_of_confirm()).unwrap();
    let pgbenches = actix_web::rt::task::spawn_blocking(move || {
        [1, 8].map(|clients| pgbench(&url, &script, clients))
    });
    let [one, eight] = pgbenches.await.unwrap();
    postgres.stop().await.unwrap();
    let _ = fs::remove_dir_all(&folder);
    let others = actix_web::rt::task::spawn_blocking(|| (round_trip(), socket()));
    let (round_trip, socket) = others.await.unwrap();
    Floors {
        one,
        eight,
        round_trip,
        socket,
    }
}

/// So many attempts that a phone holds; number N's nonce is "nonce N".
const SCANNED: &str = "insert into login_attempts (id, browser_hash, instance, state, version,
        code_name, code_source, browser_name, browser_os, browser_ip, app_id, openid, nonce_hash,
        expires_at, ends_at)
    select gen_random_uuid(), sha256(convert_to('browser ' || n, 'UTF8')), 'floor', 'scanned', 2,
        'code', 'stock', 'Chrome', 'Windows', '127.0.0.0/24', 'wx0123456789abcdef', 'o' || n % 2000,
        sha256(convert_to('nonce ' || n, 'UTF8')), saoma_now() + interval '1 hour',
        saoma_now() + interval '1 hour'
    from generate_series(1, 20000) n";

/// The peers' statement, for a random attempt; one that is confirmed is confirmed once more.
fn script_of_confirm() -> String {
    let sql = include_str!("sql/confirm.sql");
    let sql = sql
        .replace("$1", "sha256(convert_to('nonce ' || :n, 'UTF8'))")
        .replace("$2", "'wx0123456789abcdef'")
        .replace("$3", "'o' || (:n % 2000)")
        .replace(
            "$4",
            "(select user_id from wechat_identities where openid = 'o' || (:n % 2000))",
        )
        .replace("state = 'scanned'", "state in ('scanned', 'confirmed')");
    format!("\\set n random(1, 20000)\n{sql};\n")
}

fn pgbench(url: &str, script: &Path, clients: u32) -> Pgbench {
    let bin = postgres_bin().expect("PostgreSQL's programs");
    let output = Command::new(bin.join("pgbench"))
        .args(["--no-vacuum", "--protocol=prepared", "--time=5", "--jobs=2"])
        .arg(format!("--client={clients}"))
        .arg("--file")
        .arg(script)
        .arg(url)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.unwrap_or_else(|| panic!("no {name}: {output:?}"))
    };
    Pgbench {
        per_second: number("tps = "),
        latency: number("latency average = "),
    }
}

/// Microseconds, the median of many.
fn round_trip() -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let echo = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        let mut byte = [0];
        while stream.read_exact(&mut byte).is_ok() && stream.write_all(&byte).is_ok() {}
    });
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut times = Histogram::<u64>::new(3).unwrap();
    let mut byte = [0];
    for _ in 0..20_000 {
        let began = Instant::now();
        stream.write_all(&byte).unwrap();
        stream.read_exact(&mut byte).unwrap();
        let nanos = u64::try_from(began.elapsed().as_nanos()).unwrap();
        times.record(nanos.max(1)).unwrap();
    }
    drop(stream);
    echo.join().unwrap();
    times.value_at_quantile(0.5) as f64 / 1e3
}

/// Kilobytes of the kernel's slabs for one end of a connection.
fn socket() -> f64 {
    const PAIRS: usize = 4_000;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let before = slab();
    let mut ends = Vec::with_capacity(2 * PAIRS);
    for _ in 0..PAIRS {
        ends.push(TcpStream::connect(address).unwrap());
        ends.push(listener.accept().unwrap().0);
    }
    thread::sleep(Duration::from_secs(1));
    (slab() - before) / (2 * PAIRS) as f64
}

fn slab() -> f64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Slab:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
