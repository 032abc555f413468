//! A process of clients: it reads pieces of work from its input and says what came of each.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    io::{self, BufRead, Write},
    os::fd::{AsFd, OwnedFd},
    rc::Rc,
    time::{Duration, Instant},
};

use actix_web::rt::{System, spawn, task::JoinHandle, task::spawn_blocking};
use futures_util::future::join_all;
use hdrhistogram::Histogram;
use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeSpec,
    timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
};
use tokio::{io::unix::AsyncFd, time::timeout};

use super::{
    connect::take_bytes,
    people::People,
    work::{Done, Server, Work},
};

/// Whoever has waited for so long waits no longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pages that are scanned at once before confirms are measured.
const STAGED_AT_ONCE: usize = 8;

/// Works until its input ends.
pub fn run() {
    System::new().block_on(async {
        let server: Server = line().await.expect("a server first");
        let mut clients = Clients {
            people: People::new(server.port, server.dialect),
            waiting: Vec::new(),
        };
        while let Some(work) = line::<Work>().await {
            let done = clients.work(work).await;
            println!("{}", serde_json::to_string(&done).unwrap());
            io::stdout().flush().unwrap();
        }
    });
}

async fn line<T: serde::de::DeserializeOwned>() -> Option<T> {
    let read = spawn_blocking(|| io::stdin().lock().lines().next());
    let line = read.await.unwrap()?.unwrap();
    Some(serde_json::from_str(&line).unwrap())
}

struct Clients {
    people: Rc<People>,
    waiting: Vec<JoinHandle<()>>,
}

/// What is measured while work is under way.
struct Seen {
    times: RefCell<Histogram<u64>>,
    failed: Cell<u64>,
    reason: RefCell<Option<String>>,
}

impl Seen {
    fn new() -> Rc<Self> {
        Rc::new(Self {
            times: RefCell::new(Histogram::new(3).unwrap()),
            failed: Cell::new(0),
            reason: RefCell::default(),
        })
    }

    /// Notes how long it took since then. What failed counts as the longest wait there is.
    fn note<T>(&self, since: Instant, result: io::Result<T>) -> Option<T> {
        match result {
            Ok(value) => {
                let micros = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
                self.times.borrow_mut().record(micros.max(1)).unwrap();
                Some(value)
            }
            Err(error) => {
                self.failed.set(self.failed.get() + 1);
                let mut reason = self.reason.borrow_mut();
                reason.get_or_insert_with(|| error.to_string());
                None
            }
        }
    }
}

impl Clients {
    async fn work(&mut self, work: Work) -> Done {
        let seen = Seen::new();
        take_bytes();
        let cpu = cpu_seconds();
        let began = Instant::now();
        match work {
            Work::Open { count, at_once } => self.open(&seen, count, at_once).await,
            Work::Close => {
                for waiting in self.waiting.drain(..) {
                    waiting.abort();
                }
            }
            Work::Views { millis, at_once } => {
                let view = async || self.people.open().await.map(drop);
                until(began + Duration::from_millis(millis), at_once, &seen, view).await;
            }
            Work::Confirms {
                count,
                every_micros,
            } => self.confirms(&seen, count, every_micros).await,
            Work::Logins { millis, at_once } => {
                let login = async || self.people.log_in().await;
                until(began + Duration::from_millis(millis), at_once, &seen, login).await;
            }
            Work::SteadyLogins {
                count,
                every_micros,
            } => {
                let mut logins = Vec::with_capacity(count);
                let mut schedule = Schedule::new(every_micros);
                for _ in 0..count {
                    let due = schedule.next().await;
                    let (people, seen) = (self.people.clone(), seen.clone());
                    logins.push(spawn(async move {
                        seen.note(due, patient(people.log_in()).await);
                    }));
                }
                join_all(logins).await;
            }
        }
        let times = seen.times.borrow();
        Done {
            times: times
                .iter_recorded()
                .map(|at| (at.value_iterated_to(), at.count_at_value()))
                .collect(),
            failed: seen.failed.get(),
            seconds: began.elapsed().as_secs_f64(),
            bytes: take_bytes(),
            cpu_seconds: cpu_seconds() - cpu,
            reason: seen.reason.take(),
        }
    }

    async fn open(&mut self, seen: &Rc<Seen>, count: usize, at_once: usize) {
        let opened = RefCell::new(Vec::with_capacity(count));
        times(count, at_once, async || {
            let began = Instant::now();
            let page = seen.note(began, patient(self.people.open()).await);
            if let Some(mut page) = page {
                opened.borrow_mut().push(spawn(async move {
                    let error = page.rest().await;
                    eprintln!("a waiting page has ended: {error}");
                }));
            }
        })
        .await;
        self.waiting.extend(opened.into_inner());
    }

    async fn confirms(&self, seen: &Rc<Seen>, count: usize, every_micros: u64) {
        let staged = RefCell::new(Vec::with_capacity(count));
        times(count, STAGED_AT_ONCE, async || {
            match patient(self.people.open_and_scan()).await {
                Ok(scanned) => staged.borrow_mut().push(scanned.split()),
                failed => drop(seen.note(Instant::now(), failed)),
            }
        })
        .await;
        let mut pages = Vec::with_capacity(count);
        let mut schedule = Schedule::new(every_micros);
        for (mut page, person, nonce) in staged.into_inner() {
            let due = schedule.next().await;
            let (people, seen) = (self.people.clone(), seen.clone());
            let confirm = spawn(async move { patient(people.confirm(person, &nonce)).await });
            pages.push(spawn(async move {
                let heard = patient(page.hear("login_succeeded", 3)).await;
                seen.note(due, heard);
                // What is measured is the push; that the answer fails is no matter here.
                let _ = confirm.await;
                page
            }));
        }
        // All stay open to the end, so that as many wait at the last confirm as at the first.
        join_all(pages).await;
    }
}

/// Does it again and again until the end, so many at once, and notes how long each time took.
async fn until(end: Instant, at_once: usize, seen: &Seen, work: impl AsyncFn() -> io::Result<()>) {
    repeat(
        at_once,
        || Instant::now() < end,
        async || {
            let began = Instant::now();
            seen.note(began, patient(work()).await);
        },
    )
    .await;
}

/// Does it so many times.
async fn times(count: usize, at_once: usize, work: impl AsyncFn()) {
    let left = Cell::new(count);
    let more = || left.get() > 0 && left.replace(left.get() - 1) > 0;
    repeat(at_once, more, work).await;
}

/// Does it again and again as long as there is something to do, so many at once.
async fn repeat(at_once: usize, more: impl Fn() -> bool, work: impl AsyncFn()) {
    let one = async || {
        while more() {
            work().await;
        }
    };
    join_all((0..at_once).map(|_| one())).await;
}

async fn patient<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let done = timeout(PATIENCE, work).await;
    done.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// Moments at a fixed distance, kept by the kernel: tokio's own timer knows milliseconds only.
struct Schedule {
    timer: AsyncFd<OwnedFd>,
    every: Duration,
    next: Instant,
    /// Moments that have come and were not used yet.
    come: u64,
}

impl Schedule {
    fn new(every_micros: u64) -> Self {
        let every = Duration::from_micros(every_micros);
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags).unwrap();
        let interval = Expiration::Interval(TimeSpec::from_duration(every));
        let next = Instant::now() + every;
        timer.set(interval, TimerSetTimeFlags::empty()).unwrap();
        let timer = timer.as_fd().try_clone_to_owned().unwrap();
        #[expect(
            deprecated,
            reason = "its successor is unsafe, and an owned descriptor stays what it is"
        )]
        let timer = AsyncFd::new(timer).unwrap();
        Self {
            timer,
            every,
            next,
            come: 0,
        }
    }

    /// Waits for the next moment; says when that was, however late it is now.
    async fn next(&mut self) -> Instant {
        while self.come == 0 {
            let mut ready = self.timer.readable().await.unwrap();
            let mut count = [0; 8];
            let read =
                ready.try_io(|timer| Ok(nix::unistd::read(timer.get_ref().as_fd(), &mut count)?));
            if let Ok(Ok(8)) = read {
                self.come = u64::from_ne_bytes(count);
            }
        }
        self.come -= 1;
        let due = self.next;
        self.next += self.every;
        due
    }
}

fn cpu_seconds() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}
