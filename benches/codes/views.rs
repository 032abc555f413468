//! Pages that open, and how long they waited for their code.

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use actix_web::rt::{spawn, time::sleep_until};
use futures_util::future::join_all;

use crate::{client, process::Bench};

/// Pages that wait at the same time when the server is asked for all it can do.
const AT_ONCE: usize = 256;

/// Views that are over.
pub struct Views {
    /// Sorted.
    done: Vec<Duration>,
    pub failed: usize,
    pub took: Duration,
}

impl Views {
    pub fn all(&self) -> usize {
        self.done.len() + self.failed
    }

    /// Milliseconds; views without a code are not in it.
    pub fn quantile(&self, share: f64) -> f64 {
        let last = self.done.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in the list"
        )]
        let at = (last as f64 * share).ceil() as usize;
        self.done
            .get(at)
            .map_or(f64::NAN, |view| view.as_secs_f64() * 1e3)
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
            let ticket = client::view(port).await;
            (ticket, due.elapsed())
        }));
    }
    let (mut done, mut failed) = (Vec::new(), 0);
    for view in views {
        match view.await.unwrap() {
            (true, took) => done.push(took),
            (false, _) => failed += 1,
        }
    }
    done.sort();
    let took = start.elapsed();
    Views { done, failed, took }
}

/// Opens the next as soon as one has its code.
pub async fn flat_out(bench: &Bench, time: Duration) -> Views {
    let start = Instant::now();
    let failed = Rc::new(Cell::new(0));
    let opener = async || {
        let mut done = Vec::new();
        while start.elapsed() < time {
            let began = Instant::now();
            if client::view(bench.port).await {
                done.push(began.elapsed());
            } else {
                failed.set(failed.get() + 1);
            }
        }
        done
    };
    let done = join_all((0..AT_ONCE).map(|_| opener())).await;
    let mut done: Vec<_> = done.into_iter().flatten().collect();
    done.sort();
    let (failed, took) = (failed.get(), start.elapsed());
    Views { done, failed, took }
}
