//! What a process of clients is told to do, and what it says of it.

use serde::{Deserialize, Serialize};

use super::page::Dialect;

/// The first line that a process gets.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Server {
    pub port: u16,
    pub dialect: Dialect,
}

/// A line for each piece of work.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Work {
    /// Opens more pages and leaves them waiting.
    Open { count: usize, at_once: usize },
    /// Closes all that wait.
    Close,
    /// Opens pages until the time is over, each closed when it has its ticket.
    Views { millis: u64, at_once: usize },
    /// Opens and scans pages, then confirms one every so many microseconds, whatever happens;
    /// times run from when a confirm was due to the push.
    Confirms { count: usize, every_micros: u64 },
    /// Logs in until the time is over, so many at once.
    Logins { millis: u64, at_once: usize },
    /// Logs in so many times, one every so many microseconds, whatever happens.
    SteadyLogins { count: usize, every_micros: u64 },
}

/// The answer to a piece of work.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Done {
    /// Microseconds and how often, as a histogram has them.
    pub times: Vec<(u64, u64)>,
    pub failed: u64,
    pub seconds: f64,
    /// Bytes of all sockets, both ways.
    pub bytes: u64,
    /// CPU time of this process.
    pub cpu_seconds: f64,
    /// The first failure's reason.
    pub reason: Option<String>,
}
