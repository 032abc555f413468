//! What servers, PostgreSQL and Redis have used so far.

use std::{
    fs,
    time::{Duration, Instant},
};

use actix_web::rt::time::sleep;

use crate::{process::Bench, site::Site};

/// Counted since the start.
pub struct Used {
    at: Instant,
    pub figures: Figures,
}

/// Of all instances together.
#[derive(Clone, Copy, Default)]
pub struct Figures {
    /// Seconds on a core.
    pub servers: f64,
    pub postgres: f64,
    pub redis: f64,
    pub statements: f64,
    /// Scripts' own ones too.
    pub commands: f64,
    /// In and out of Redis.
    pub bytes: f64,
}

impl Used {
    pub async fn by(site: &Site) -> Self {
        // A connection that has nothing to do tells its last second after ten.
        sleep(Duration::from_secs(11)).await;
        // Each of the servers' statements is a transaction of its own.
        let (statements,): (i64,) = site
            .bench
            .query(
                "select xact_commit + xact_rollback from pg_stat_database
                 where datname = current_database()",
            )
            .await;
        let info: String = site.redis.command(&["INFO", "everything"]).await;
        let number = |name: &str| {
            let line = info.lines().find_map(|line| line.strip_prefix(name));
            line.map_or(0.0, |number| number.trim().parse::<f64>().unwrap())
        };
        let servers = site.instances().map(|instance| instance.cpu().seconds);
        let figures = Figures {
            servers: servers.sum(),
            postgres: postgres(&site.bench).await,
            redis: number("used_cpu_user:") + number("used_cpu_sys:"),
            statements: statements as f64,
            commands: number("total_commands_processed:"),
            bytes: number("total_net_input_bytes:") + number("total_net_output_bytes:"),
        };
        let at = Instant::now();
        Self { at, figures }
    }

    /// Used since then, in a second.
    pub fn rate_since(&self, before: &Self) -> Figures {
        self.figures
            .minus(before.figures)
            .times(1.0 / self.seconds_since(before))
    }

    pub fn seconds_since(&self, before: &Self) -> f64 {
        self.at.duration_since(before.at).as_secs_f64()
    }
}

impl Figures {
    pub fn minus(self, other: Self) -> Self {
        self.with(other, |one, other| one - other)
    }

    pub fn times(self, factor: f64) -> Self {
        self.with(self, |one, _| one * factor)
    }

    fn with(self, other: Self, change: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            servers: change(self.servers, other.servers),
            postgres: change(self.postgres, other.postgres),
            redis: change(self.redis, other.redis),
            statements: change(self.statements, other.statements),
            commands: change(self.commands, other.commands),
            bytes: change(self.bytes, other.bytes),
        }
    }
}

/// Seconds of all of PostgreSQL's processes, also of those that have ended.
async fn postgres(bench: &Bench) -> f64 {
    let (backend,): (i32,) = bench.query("select pg_backend_pid()").await;
    let parent = stat(&backend.to_string()).map_or(0, |stat| stat[1]);
    let all = fs::read_dir("/proc").unwrap().flatten();
    let ticks = all.filter_map(|process| {
        let name = process.file_name().into_string().ok()?;
        let stat = stat(&name)?;
        if name == parent.to_string() {
            return Some(stat[11..15].iter().sum::<u64>());
        }
        (stat[1] == parent).then(|| stat[11] + stat[12])
    });
    ticks.sum::<u64>() as f64 / 100.0
}

/// The fields behind a process's name: its state, its parent, and, from the eleventh on, ticks of
/// its own and of its children that have ended.
fn stat(process: &str) -> Option<Vec<u64>> {
    process.parse::<u32>().ok()?;
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    let numbers = fields.split_whitespace().map(str::parse);
    Some(numbers.map(Result::unwrap_or_default).collect())
}
