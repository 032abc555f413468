//! A pool of connections for one kind of work.
//!
//! sqlx's pool asks a connection whether it is there before it is used, and again
//! when it is given back: three ways to PostgreSQL for one statement, and the
//! connection is taken until the last. These are asked when they have rested, and
//! nothing follows the answer. The one that was used last is taken first, since its
//! server process has plans and pages at hand.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep, timeout, timeout_at},
};

use super::error::{StoreError, is_cut, leaves_intact, may_pass};

/// Getting a connection, a new one included, takes no longer.
const ACQUIRE: Duration = Duration::from_secs(1);
/// One that does not answer within it is not there; a new one has the rest of that time.
const PING: Duration = Duration::from_millis(300);
/// An older one is made anew.
const LIFETIME: Duration = Duration::from_secs(3600);
/// What rests longer while others are used is closed.
const REST: Duration = Duration::from_secs(600);
/// Threads prefer connections of their half: an answer wakes the thread that opened its
/// connection, which should be the one that waits.
const HALVES: usize = 2;

/// At most so many connections, made when they are needed.
#[derive(Debug)]
pub(super) struct ConnectionPool {
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
    resting: Vec<Kept>,
    /// How many each half has made, those in use included.
    made: [usize; HALVES],
}

#[derive(Debug)]
struct Kept {
    connection: PgConnection,
    half: usize,
    made: Instant,
    used: Instant,
    /// How many connections had ended by then.
    ends: usize,
}

impl ConnectionPool {
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
        let acquired_by = deadline.min(Instant::now() + ACQUIRE);
        let taken = timeout_at(acquired_by, self.take()).await;
        // Nothing has been said by then.
        let (slot, mut kept) = taken.map_err(|_| sqlx::Error::PoolTimedOut)??;
        let answer = timeout_at(deadline, work(&mut kept.connection)).await;
        let Ok(answer) = answer else {
            self.has_ended();
            return Err(StoreError::TimedOut);
        };
        if !answer.as_ref().err().is_none_or(leaves_intact) {
            self.has_ended();
        } else if kept.end_transaction(deadline).await {
            slot.give_back(kept);
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
        for kept in &mut resting {
            work(&mut kept.connection).await;
        }
        self.lock().resting = resting;
    }

    /// Ends all, once they are free.
    pub(super) async fn close(&self) {
        let all = self.all().await;
        self.free.close();
        drop(all);
        let resting = std::mem::take(&mut self.lock().resting);
        for kept in resting {
            let _ = timeout(ACQUIRE, Box::pin(kept.connection.close())).await;
        }
    }

    async fn all(&self) -> Result<SemaphorePermit<'_>, tokio::sync::AcquireError> {
        let most = u32::try_from(self.most).unwrap_or(u32::MAX);
        self.free.acquire_many(most).await
    }

    async fn take(&self) -> sqlx::Result<(Slot<'_>, Kept)> {
        let permit = self.free.acquire().await;
        let permit = permit.map_err(|_| sqlx::Error::PoolClosed)?;
        let mine = half_of_thread();
        let (half, resting) = self.lock().pick(mine, self.most);
        let mut slot = Slot {
            pool: self,
            half,
            given_back: false,
            _permit: permit,
        };
        if let Some(mut kept) = resting
            && self.is_there(&mut kept).await
        {
            return Ok((slot, kept));
        }
        slot.move_to(mine);
        // Rare, and as large as all else that a request waits in.
        let connection = Box::pin(connect(&self.options, may_pass)).await?;
        let kept = Kept {
            connection,
            half: mine,
            made: Instant::now(),
            used: Instant::now(),
            ends: self.ends.load(Ordering::Relaxed),
        };
        Ok((slot, kept))
    }

    async fn is_there(&self, kept: &mut Kept) -> bool {
        if kept.made.elapsed() > LIFETIME {
            return false;
        }
        let none_ended = kept.ends == self.ends.load(Ordering::Relaxed);
        if none_ended && kept.used.elapsed() < self.trusted {
            return true;
        }
        let answer = timeout(PING, kept.connection.ping()).await;
        let is_there = answer.is_ok_and(|answer| answer.is_ok());
        if !is_there {
            self.has_ended();
        }
        is_there
    }

    /// The others are asked before they are used again.
    fn has_ended(&self) {
        self.ends.fetch_add(1, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A resting one of this half; else a new one, if there may be one more; else any. What is
    /// new is counted.
    fn pick(&mut self, mine: usize, most: usize) -> (usize, Option<Kept>) {
        let own = self.resting.iter().rposition(|kept| kept.half == mine);
        let may_make = self.made.iter().sum::<usize>() < most
            && (self.made[mine] < most.div_ceil(HALVES) || self.resting.is_empty());
        let last = self.resting.len().checked_sub(1);
        let Some(at) = own.or(if may_make { None } else { last }) else {
            self.made[mine] += 1;
            return (mine, None);
        };
        let kept = self.resting.remove(at);
        (kept.half, Some(kept))
    }
}

impl Kept {
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
    pool: &'a ConnectionPool,
    half: usize,
    given_back: bool,
    _permit: SemaphorePermit<'a>,
}

impl Slot<'_> {
    fn give_back(mut self, mut kept: Kept) {
        self.given_back = true;
        kept.used = Instant::now();
        kept.ends = self.pool.ends.load(Ordering::Relaxed);
        let mut state = self.pool.lock();
        state.resting.push(kept);
        if state.resting[0].used.elapsed() > REST {
            let kept = state.resting.remove(0);
            state.made[kept.half] -= 1;
        }
    }

    fn move_to(&mut self, half: usize) {
        let mut state = self.pool.lock();
        state.made[self.half] -= 1;
        state.made[half] += 1;
        self.half = half;
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if !self.given_back {
            self.pool.lock().made[self.half] -= 1;
        }
    }
}

/// A new connection; tried again until whoever waits gives up, while what is in the way may pass.
pub(super) async fn connect(
    options: &PgConnectOptions,
    may_pass: fn(&sqlx::Error) -> bool,
) -> sqlx::Result<PgConnection> {
    let mut pause = Duration::from_millis(10);
    loop {
        match PgConnection::connect_with(options).await {
            Err(error) if may_pass(&error) => {}
            done => return done,
        }
        sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
        pause = (pause * 2).min(Duration::from_millis(200));
    }
}

fn half_of_thread() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed));
    NUMBER.with(|number| number % HALVES)
}
