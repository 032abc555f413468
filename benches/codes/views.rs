//! Pages that open, and how long they waited for their code.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use actix_web::rt::{spawn, time::sleep_until};
use futures_util::future::join_all;

use crate::{client, process::Bench};

/// Pages that wait at the same time when the server is asked for all it can do.
const AT_ONCE: usize = 256;

/// Views that are over.
pub struct Views {
    /// From when it was due, or begun, to its ticket. Sorted.
    pub done: Vec<Duration>,
    /// From the open socket to its ticket. Sorted.
    pub waited: Vec<Duration>,
    pub failed: usize,
    pub took: Duration,
}

impl Views {
    pub fn all(&self) -> usize {
        self.done.len() + self.failed
    }
}

/// Views with their tickets' times, and those without.
#[derive(Default)]
struct Seen {
    done: Vec<Duration>,
    waited: Vec<Duration>,
    failed: usize,
}

impl Seen {
    fn note(&mut self, whole: Duration, waited: Option<Duration>) {
        match waited {
            Some(waited) => {
                self.done.push(whole);
                self.waited.push(waited);
            }
            None => self.failed += 1,
        }
    }

    fn views(mut self, took: Duration) -> Views {
        self.done.sort();
        self.waited.sort();
        Views {
            done: self.done,
            waited: self.waited,
            failed: self.failed,
            took,
        }
    }
}

/// Opens so many in a second for that long, whether the others have their code or not.
pub async fn steady(bench: &Bench, rate: u32, time: Duration) -> Views {
    let start = Instant::now();
    let count = rate * u32::try_from(time.as_secs()).unwrap();
    let mut views = Vec::new();
    for number in 0..count {
        let due = start + Duration::from_secs_f64(f64::from(number) / f64::from(rate));
        sleep_until(due.into()).await;
        let port = bench.port;
        views.push(spawn(async move {
            let waited = client::view(port).await;
            (waited, due.elapsed())
        }));
    }
    let mut seen = Seen::default();
    for view in views {
        let (waited, whole) = view.await.unwrap();
        seen.note(whole, waited);
    }
    seen.views(start.elapsed())
}

/// Opens the next as soon as one has its code.
pub async fn flat_out(bench: &Bench, time: Duration) -> Views {
    let start = Instant::now();
    let seen = RefCell::new(Seen::default());
    let opener = async || {
        while start.elapsed() < time {
            let began = Instant::now();
            let waited = client::view(bench.port).await;
            seen.borrow_mut().note(began.elapsed(), waited);
        }
    };
    join_all((0..AT_ONCE).map(|_| opener())).await;
    seen.into_inner().views(start.elapsed())
}
