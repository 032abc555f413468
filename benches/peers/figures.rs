//! What one run found out about one server.

use serde::{Deserialize, Serialize};

use crate::{fit::least_squares, peers::fleet::Outcome};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Figures {
    pub server: String,
    /// Before the first waiting page, after a warm-up; kilobytes.
    pub base: Point,
    pub memory: Vec<Point>,
    /// With none left, some time after all have closed.
    pub afterwards: Option<Point>,
    /// Microseconds on a core in a second for a waiting page.
    pub idle_cpu: f64,
    pub opens: Flow,
    pub logins: Flow,
    pub pushes: Vec<Push>,
    pub costs: Vec<Cost>,
}

/// Kilobytes of all processes of the server, with so many pages waiting.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Point {
    pub sockets: usize,
    pub pss: u64,
    pub rss: u64,
}

/// As fast as it goes; milliseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Flow {
    pub per_second: f64,
    pub p50: f64,
    pub p99: f64,
    pub failed: u64,
}

/// What is measured of all servers one right after the other: a machine's speed may change within
/// minutes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct FlatOut {
    pub opens: Flow,
    pub logins: Flow,
}

/// From when a confirm was due to its push; milliseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Push {
    pub waiting: usize,
    pub p50: f64,
    /// The median of the rounds': what the machine does once a minute falls on one of them, and
    /// would decide the percentile of all confirms together.
    pub p99: f64,
    /// Of the round in which it was worst.
    pub worst_p99: f64,
    pub failed: u64,
}

/// What a login costs while so many wait, without what they cost by waiting.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Cost {
    pub waiting: usize,
    /// Microseconds on a core.
    pub server_cpu: f64,
    pub database_cpu: f64,
    /// Of who logs in; for comparison.
    pub clients_cpu: f64,
    pub statements: f64,
    /// On the wire, both ways.
    pub bytes: f64,
    /// Of the database's log.
    pub wal: f64,
}

/// A straight line through points.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub slope: f64,
    pub r2: f64,
}

impl Figures {
    /// Kilobytes for each waiting page.
    pub fn line(&self) -> Line {
        let points: Vec<_> = self
            .memory
            .iter()
            .map(|point| (point.sockets as f64, point.pss as f64))
            .collect();
        let (slope, _, r2) = least_squares(&points);
        Line { slope, r2 }
    }

    /// All memory with the most waiting, in kilobytes.
    pub fn whole(&self) -> f64 {
        let last = self.memory.last();
        last.map_or(f64::NAN, |point| point.pss as f64)
    }

    /// What stays of the memory that all pages took: 0 nothing, 1 all of it.
    pub fn kept(&self) -> Option<f64> {
        let base = self.base.pss as f64;
        let peak = self.memory.iter().map(|point| point.pss).max()? as f64;
        Some((self.afterwards?.pss as f64 - base) / (peak - base))
    }

    /// The 99th percentile with the most against that with the least waiting.
    pub fn push_growth(&self) -> Option<f64> {
        let (first, last) = (self.pushes.first()?, self.pushes.last()?);
        Some(last.p99 / first.p99)
    }
}

impl Push {
    /// From all times together, and the 99th percentile of each round.
    pub fn of(waiting: usize, all: &Outcome, p99s: &[f64]) -> Self {
        Self {
            waiting,
            p50: all.quantile(0.5),
            p99: median(p99s.iter().copied()),
            worst_p99: p99s.iter().copied().fold(f64::NAN, f64::max),
            failed: all.failed,
        }
    }
}

/// The middle one; NaN of none.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.into_iter().filter(|value| !value.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len().saturating_sub(1) / 2;
    values.get(middle).copied().unwrap_or(f64::NAN)
}
