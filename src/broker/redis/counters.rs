//! Counters in Redis, which all instances share.
//!
//! Each question is one script and one round trip, with a short limit. While
//! Redis is away, slow or refuses, nobody is asked and nobody waits: whoever
//! counts by himself as well goes by that.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use redis::{Cmd, RedisError, cmd};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use super::{
    Address, PAUSES,
    link::{self, Connection},
};
use crate::broker::on_its_own_thread;

/// How long a request waits for Redis.
const ANSWER: Duration = Duration::from_millis(100);

const COUNT: &str = include_str!("count.lua");
/// One failure more, and the window begins with the first.
const FAIL: &str = "redis.pcall('SET', KEYS[1], 0, 'NX', 'PX', ARGV[1]) \
    redis.pcall('INCR', KEYS[1]) return 0";

/// How often something may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Once in `every`, and `burst` times at once. Asking counts.
    Rate {
        /// Between two, in the long run.
        every: Duration,
        /// At once.
        burst: u32,
    },
    /// Fewer failures than `most` since the first of them within `window`.
    /// Asking does not count; see [`Counters::fail`].
    Failures {
        /// One more has to wait.
        most: u32,
        /// When they are forgotten.
        window: Duration,
    },
}

/// The counters of one site. A clone is cheap.
#[derive(Debug, Clone)]
pub struct Counters {
    state: Arc<State>,
    lost: mpsc::Sender<NoAnswer>,
}

/// The connection that answers, and its number: who waited in vain for an older
/// one does not close it.
#[derive(Default)]
struct State(Mutex<Option<(u64, Connection)>>);

/// Why a connection is of no use.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("{0}")]
    Failed(#[from] RedisError),
    #[error("no answer within {} ms", ANSWER.as_millis())]
    Late,
    #[error("no connection within {} s", link::LIMIT.as_secs())]
    Unreached,
}

impl Counters {
    /// Starts to connect, in the background and for as long as it takes. `check`
    /// is a key of the site's own, by which counting is tried.
    pub fn start(address: Address, check: String) -> Self {
        let (lost, heard) = mpsc::channel(1);
        let state = Arc::new(State::default());
        let keeper = Keeper {
            address,
            check,
            state: state.clone(),
            lost: heard,
        };
        show(false);
        on_its_own_thread(|| keeper.run());
        Self { state, lost }
    }

    /// Whether all instances count together now, as far as is known.
    pub fn work(&self) -> bool {
        self.state.open().is_some()
    }

    /// Counts one at each of these keys, or says how long to wait and counts
    /// nothing. All keys are on one server of a cluster. None: Redis does not say.
    pub async fn count(&self, keys: &[(String, Rule)]) -> Option<Result<(), Duration>> {
        let wait = self.ask(&count(keys)).await?;
        Some(match u64::try_from(wait) {
            Ok(wait @ 1..) => Err(Duration::from_micros(wait)),
            _ => Ok(()),
        })
    }

    /// Counts a failure, forgotten with all others of its key a `window` after the first.
    pub async fn fail(&self, key: &str, window: Duration) {
        let mut command = cmd("EVAL");
        command.arg(FAIL).arg(1).arg(key).arg(millis(window));
        self.ask(&command).await;
    }

    async fn ask(&self, command: &Cmd) -> Option<i64> {
        let open = self.state.open().clone();
        let answer = match open {
            Some((number, connection)) => ask(connection, command)
                .await
                .map_err(|problem| self.lose(number, problem)),
            None => Err(()),
        };
        if answer.is_err() {
            metrics::counter!("saoma_limits_apart_total").increment(1);
        }
        answer.ok()
    }

    /// Nobody else waits for this connection.
    fn lose(&self, number: u64, problem: NoAnswer) {
        let mut open = self.state.open();
        if open.take_if(|(open, _)| *open == number).is_some() {
            // There is room: the keeper hears of one before it opens the next.
            let _ = self.lost.try_send(problem);
        }
    }
}

impl State {
    fn open(&self) -> std::sync::MutexGuard<'_, Option<(u64, Connection)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("State")
    }
}

/// Tries on a connection of its own whether Redis counts.
pub(super) async fn check(address: &Address, key: &str) -> Result<(), String> {
    let opened = open(address, key).await;
    opened.map(|_| ()).map_err(|problem| problem.to_string())
}

/// A connection on which counting was tried.
async fn open(address: &Address, check: &str) -> Result<Connection, NoAnswer> {
    let opened = timeout(link::LIMIT, Connection::open(address)).await;
    let connection = opened.map_err(|_| NoAnswer::Unreached)??;
    let every = Duration::from_millis(1);
    let tried = count(&[(check.to_owned(), Rule::Rate { every, burst: 100 })]);
    ask(connection.clone(), &tried).await?;
    Ok(connection)
}

async fn ask(mut connection: Connection, command: &Cmd) -> Result<i64, NoAnswer> {
    let answer = timeout(ANSWER, connection.ask(command)).await;
    Ok(answer.map_err(|_| NoAnswer::Late)??)
}

fn count(keys: &[(String, Rule)]) -> Cmd {
    let mut command = cmd("EVAL");
    command.arg(COUNT).arg(keys.len());
    for (key, _) in keys {
        command.arg(key);
    }
    for (_, rule) in keys {
        let numbers = match *rule {
            Rule::Rate { every, burst } => {
                let interval = u64::try_from(every.as_micros()).unwrap_or(u64::MAX).max(1);
                [interval, interval.saturating_mul(burst.into()), 0]
            }
            Rule::Failures { most, window } => [0, most.into(), millis(window)],
        };
        command.arg(&numbers);
    }
    command
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Keeps a connection open that answers.
struct Keeper {
    address: Address,
    check: String,
    state: Arc<State>,
    lost: mpsc::Receiver<NoAnswer>,
}

impl Keeper {
    async fn run(mut self) {
        let [shortest, longest] = PAUSES;
        let mut pause = shortest;
        let mut silent = false;
        for number in 0_u64.. {
            let problem = match open(&self.address, &self.check).await {
                Ok(connection) => {
                    let opened = Instant::now();
                    *self.state.open() = Some((number, connection));
                    show(true);
                    tracing::info!("limits are counted in Redis, for all instances together");
                    let Some(problem) = self.lost.recv().await else {
                        return;
                    };
                    show(false);
                    // One that comes and goes is looked for ever more seldom.
                    if opened.elapsed() > longest {
                        (pause, silent) = (shortest, false);
                    }
                    problem
                }
                Err(problem) => problem,
            };
            if self.lost.is_closed() {
                return;
            }
            // Once for each outage.
            if !silent {
                silent = true;
                tracing::warn!(reason = %problem, "Redis does not count; each instance goes by its own limits");
            }
            sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
            pause = longest.min(pause * 2);
        }
    }
}

/// Shows whether all instances count together.
fn show(works: bool) {
    metrics::gauge!("saoma_limits_shared").set(f64::from(u8::from(works)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_one_command_with_three_numbers_for_each_key() {
        let rate = Rule::Rate {
            every: Duration::from_millis(500),
            burst: 60,
        };
        let failures = Rule::Failures {
            most: 20,
            window: Duration::from_secs(600),
        };
        let command = count(&[("a".to_owned(), rate), ("b".to_owned(), failures)]);
        let packed = String::from_utf8(command.get_packed_command()).unwrap();
        let words: Vec<_> = packed
            .split("\r\n")
            .filter(|w| !w.starts_with('$'))
            .collect();
        assert!(words.ends_with(&[
            "2", "a", "b", "500000", "30000000", "0", "0", "20", "600000", ""
        ]));
    }
}
