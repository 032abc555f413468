//! Connections that are kept for one kind of work.
//!
//! sqlx's pool asks a connection whether it is there before it is used, and again
//! when it is given back: three ways to PostgreSQL for one statement, and the
//! connection is taken until the last. These are asked when they have rested, and
//! nothing follows the answer. The one that was used last is taken first, since its
//! server process has plans and pages at hand.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sqlx::{Connection, Error::RowNotFound, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep, timeout, timeout_at},
};

use super::StoreError;

/// Getting a connection, a new one included, takes no longer.
const PATIENCE: Duration = Duration::from_secs(1);
/// An older one is made anew.
const LIFETIME: Duration = Duration::from_secs(3600);
/// What rests longer while others are used is closed.
const REST: Duration = Duration::from_secs(600);
/// Threads prefer connections of their half: an answer wakes the thread that opened its
/// connection, which should be the one that waits.
const HALVES: usize = 2;

/// At most so many connections, made when they are needed.
#[derive(Debug)]
pub(super) struct Lines {
    options: PgConnectOptions,
    most: usize,
    /// One that has rested no longer is used without a question.
    trusted: Duration,
    /// How many connections have ended by themselves, here and at all others of this database.
    /// One that has not been used since is asked first: what ends one has often ended all.
    ends: Arc<AtomicUsize>,
    /// A permit for each that is not in use, made or not.
    free: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Not in use, the last used at the end.
    resting: Vec<Line>,
    /// How many each half has made, those in use included.
    made: [usize; HALVES],
}

#[derive(Debug)]
struct Line {
    connection: PgConnection,
    half: usize,
    made: Instant,
    used: Instant,
    /// How many connections had ended by then.
    ends: usize,
}

impl Lines {
    pub(super) fn new(
        options: PgConnectOptions,
        most: usize,
        trusted: Duration,
        ends: &Arc<AtomicUsize>,
    ) -> Self {
        Self {
            options,
            most,
            trusted,
            ends: ends.clone(),
            free: Semaphore::new(most),
            state: Mutex::default(),
        }
    }

    /// How they are made.
    pub(super) fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// Does some work on a connection within a limit, waiting for it included. One that failed
    /// or did not answer in time is not used again.
    pub(super) async fn run<T>(
        &self,
        limit: Duration,
        work: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>,
    ) -> Result<T, StoreError> {
        let deadline = Instant::now() + limit;
        let patience = deadline.min(Instant::now() + PATIENCE);
        let taken = timeout_at(patience, self.take()).await;
        // Nothing has been said by then.
        let (slot, mut line) = taken.map_err(|_| sqlx::Error::PoolTimedOut)??;
        let answer = timeout_at(deadline, work(&mut line.connection)).await;
        let answer = answer.map_err(|_| StoreError::TimedOut)?;
        if !answer.as_ref().err().is_none_or(leaves_intact) {
            self.ends.fetch_add(1, Ordering::Relaxed);
        } else if line.end_transaction(deadline).await {
            slot.give_back(line);
        }
        Ok(answer?)
    }

    /// The same for what changes nothing: asked again, if its connection had ended meanwhile.
    pub(super) async fn read<T>(
        &self,
        limit: Duration,
        work: impl AsyncFn(&mut PgConnection) -> sqlx::Result<T>,
    ) -> Result<T, StoreError> {
        match self.run(limit, &work).await {
            Err(StoreError::Unavailable(error)) if is_cut(&error) => self.run(limit, &work).await,
            answer => answer,
        }
    }

    /// Does something on each connection that there is, once all are free.
    pub(super) async fn each(&self, work: impl AsyncFn(&mut PgConnection)) {
        let Ok(_all) = self.all().await else { return };
        let mut resting = std::mem::take(&mut self.lock().resting);
        for line in &mut resting {
            work(&mut line.connection).await;
        }
        self.lock().resting = resting;
    }

    /// Ends all, once they are free.
    pub(super) async fn close(&self) {
        let all = self.all().await;
        self.free.close();
        drop(all);
        let resting = std::mem::take(&mut self.lock().resting);
        for line in resting {
            let _ = timeout(PATIENCE, Box::pin(line.connection.close())).await;
        }
    }

    async fn all(&self) -> Result<SemaphorePermit<'_>, tokio::sync::AcquireError> {
        let most = u32::try_from(self.most).unwrap_or(u32::MAX);
        self.free.acquire_many(most).await
    }

    async fn take(&self) -> sqlx::Result<(Slot<'_>, Line)> {
        let permit = self.free.acquire().await;
        let permit = permit.map_err(|_| sqlx::Error::PoolClosed)?;
        let mine = half_of_thread();
        let (half, resting) = self.lock().pick(mine, self.most);
        let mut slot = Slot {
            lines: self,
            half,
            given_back: false,
            _permit: permit,
        };
        if let Some(mut line) = resting
            && self.is_there(&mut line).await
        {
            return Ok((slot, line));
        }
        slot.move_to(mine);
        // Rare, and as large as all else that a request waits in.
        let connection = Box::pin(self.connect()).await?;
        let line = Line {
            connection,
            half: mine,
            made: Instant::now(),
            used: Instant::now(),
            ends: self.ends.load(Ordering::Relaxed),
        };
        Ok((slot, line))
    }

    /// Tries again while the server starts or has no room, until whoever waits gives up: a quick
    /// restart fails no request.
    async fn connect(&self) -> sqlx::Result<PgConnection> {
        let mut pause = Duration::from_millis(10);
        loop {
            match PgConnection::connect_with(&self.options).await {
                Err(error) if may_pass(&error) => {}
                done => return done,
            }
            sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
            pause = (pause * 2).min(Duration::from_millis(200));
        }
    }

    async fn is_there(&self, line: &mut Line) -> bool {
        if line.made.elapsed() > LIFETIME {
            return false;
        }
        let none_ended = line.ends == self.ends.load(Ordering::Relaxed);
        if none_ended && line.used.elapsed() < self.trusted {
            return true;
        }
        let is_there = line.connection.ping().await.is_ok();
        if !is_there {
            self.ends.fetch_add(1, Ordering::Relaxed);
        }
        is_there
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A resting one of this half; else a new one, if there may be one more; else any. What is
    /// new is counted.
    fn pick(&mut self, mine: usize, most: usize) -> (usize, Option<Line>) {
        let own = self.resting.iter().rposition(|line| line.half == mine);
        let may_make = self.made.iter().sum::<usize>() < most
            && (self.made[mine] < most.div_ceil(HALVES) || self.resting.is_empty());
        let last = self.resting.len().checked_sub(1);
        let Some(at) = own.or(if may_make { None } else { last }) else {
            self.made[mine] += 1;
            return (mine, None);
        };
        let line = self.resting.remove(at);
        (line.half, Some(line))
    }
}

impl Line {
    /// What was begun and not committed is undone now, and not before the next use: others may
    /// wait for its locks. Whether that worked.
    async fn end_transaction(&mut self, deadline: Instant) -> bool {
        if !self.connection.should_flush() {
            return true;
        }
        let ended = timeout_at(deadline, self.connection.flush()).await;
        ended.is_ok_and(|ended| ended.is_ok())
    }
}

/// The place of one that is in use.
struct Slot<'a> {
    lines: &'a Lines,
    half: usize,
    given_back: bool,
    _permit: SemaphorePermit<'a>,
}

impl Slot<'_> {
    fn give_back(mut self, mut line: Line) {
        self.given_back = true;
        line.used = Instant::now();
        line.ends = self.lines.ends.load(Ordering::Relaxed);
        let mut state = self.lines.lock();
        state.resting.push(line);
        if state.resting[0].used.elapsed() > REST {
            let line = state.resting.remove(0);
            state.made[line.half] -= 1;
        }
    }

    fn move_to(&mut self, half: usize) {
        let mut state = self.lines.lock();
        state.made[self.half] -= 1;
        state.made[half] += 1;
        self.half = half;
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if !self.given_back {
            self.lines.lock().made[self.half] -= 1;
        }
    }
}

fn half_of_thread() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed));
    NUMBER.with(|number| number % HALVES)
}

/// Whether a connection is as good as before: the server has answered, and not to say farewell.
fn leaves_intact(error: &sqlx::Error) -> bool {
    let has_answered = error.as_database_error().is_some() || matches!(error, RowNotFound);
    has_answered && !is_cut(error)
}

/// Whether a server that took no connection may take one in a moment.
fn may_pass(error: &sqlx::Error) -> bool {
    /// It starts, and it has as many as it takes.
    const CODES: [&str; 2] = ["57P03", "53300"];
    match error {
        sqlx::Error::Io(error) => error.kind() == io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(refusal) => CODES.contains(&&*refusal.code().unwrap_or_default()),
        _ => false,
    }
}

/// Whether the connection has ended.
fn is_cut(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(refusal) => {
            let code = refusal.code().unwrap_or_default();
            code.starts_with("08") || code.starts_with("57P")
        }
        _ => false,
    }
}
