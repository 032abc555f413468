//! The processes of clients, seen from the bench.

use std::process::Stdio;

use futures_util::future::join_all;
use hdrhistogram::Histogram;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::peers::client::work::{Done, Server, Work};

/// Told to this program, it is a process of clients.
pub const ARGUMENT: &str = "--clients";

/// So many processes: a process may have 20,000 files where a server may.
const PROCESSES: usize = 2;

pub struct Fleet(Vec<Process>);

struct Process {
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

/// Milliseconds: who has waited for so long has given up.
const LONGEST: f64 = 10_000.0;

/// What came of a piece of work, of all processes together.
pub struct Outcome {
    /// Microseconds.
    pub times: Histogram<u64>,
    pub failed: u64,
    pub seconds: f64,
    pub bytes: u64,
    pub cpu_seconds: f64,
    pub reason: Option<String>,
}

impl Outcome {
    pub fn done(&self) -> u64 {
        self.times.len()
    }

    pub fn per_second(&self) -> f64 {
        self.done() as f64 / self.seconds
    }

    /// Milliseconds; what failed counts as the longest.
    pub fn quantile(&self, share: f64) -> f64 {
        let all = (self.done() + self.failed) as f64;
        if self.done() == 0 || share * all > self.done() as f64 {
            return LONGEST;
        }
        self.times
            .value_at_quantile(share * all / self.done() as f64) as f64
            / 1e3
    }
}

impl Fleet {
    /// Starts the processes and tells them their server.
    pub async fn start(server: Server) -> Self {
        let start = async |_| {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .arg(ARGUMENT)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            let mut process = Process {
                input: child.stdin.take().unwrap(),
                output: BufReader::new(child.stdout.take().unwrap()).lines(),
                _child: child,
            };
            process.tell(&server).await;
            process
        };
        Self(join_all((0..PROCESSES).map(start)).await)
    }

    /// Opens so many more pages, half in each process.
    pub async fn open(&mut self, count: usize, at_once: usize) -> Outcome {
        let first = count / 2;
        let share = |at: usize| if at == 0 { first } else { count - first };
        self.all(|at| Work::Open {
            count: share(at),
            at_once: at_once / PROCESSES,
        })
        .await
    }

    /// Gives each process the same work; the numbers in it are for one of them.
    pub async fn each(&mut self, work: Work) -> Outcome {
        self.all(|_| work).await
    }

    /// Gives the work to one process while the others only hold what they have.
    pub async fn one(&mut self, work: Work) -> Outcome {
        together(vec![self.0[0].work(&work).await])
    }

    /// How many of each process there are.
    pub const fn processes() -> usize {
        PROCESSES
    }

    async fn all(&mut self, work: impl Fn(usize) -> Work) -> Outcome {
        let processes = self.0.iter_mut().enumerate();
        let works = processes.map(|(at, process)| {
            let work = work(at);
            async move { process.work(&work).await }
        });
        together(join_all(works).await)
    }
}

impl Process {
    async fn tell(&mut self, what: &impl serde::Serialize) {
        let mut line = serde_json::to_string(what).unwrap();
        line.push('\n');
        self.input.write_all(line.as_bytes()).await.unwrap();
    }

    async fn work(&mut self, work: &Work) -> Done {
        self.tell(work).await;
        let line = self.output.next_line().await.unwrap();
        serde_json::from_str(&line.expect("a process of clients has ended")).unwrap()
    }
}

fn together(all: Vec<Done>) -> Outcome {
    let mut outcome = Outcome {
        times: Histogram::new(3).unwrap(),
        failed: 0,
        seconds: 0.0,
        bytes: 0,
        cpu_seconds: 0.0,
        reason: None,
    };
    for done in all {
        for (value, count) in done.times {
            outcome.times.record_n(value, count).unwrap();
        }
        outcome.failed += done.failed;
        outcome.seconds = outcome.seconds.max(done.seconds);
        outcome.bytes += done.bytes;
        outcome.cpu_seconds += done.cpu_seconds;
        outcome.reason = outcome.reason.or(done.reason);
    }
    outcome
}
