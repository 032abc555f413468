//! Many small askers, one statement.
//!
//! While few ask, each goes at once, in a statement of his own. Who asks while
//! as many statements of the kind are under way as may be goes with all others
//! that do (at most 128) in the next one, as in a database's group commit. Once
//! that is a crowd, one statement is under way at a time, and after it a pause
//! as long, in which more come: a statement for one costs the database as much
//! as five rows of one for sixteen.

use std::{
    collections::VecDeque,
    future::Future,
    iter,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, timeout},
};

use super::StoreError;

const MOST: usize = 128;
/// So many in one batch are a crowd; fewer also come together while a disk takes its time.
const CROWD: usize = 8;
/// So many who wait need no pause: more together would hardly cost less.
const ENOUGH: usize = 16;
/// The longest pause between two batches of a crowd.
const PAUSE: Duration = Duration::from_millis(5);
const LIMIT: Duration = Duration::from_secs(2);

type Answer<O> = oneshot::Sender<Result<O, StoreError>>;
type Given<O> = Result<Vec<Result<O, StoreError>>, StoreError>;
type Run<I, O> = dyn Fn(Arc<[I]>) -> Pin<Box<dyn Future<Output = Given<O>>>> + Send + Sync;

/// How askers of one kind go together.
pub(super) struct Rules<I> {
    /// Metrics count the batches under this name.
    pub(super) name: &'static str,
    /// Askers that may wait; more are refused at once.
    pub(super) room: usize,
    /// Batches that may be under way at a time while there is no crowd.
    pub(super) at_once: usize,
    /// Two that are apart from each other never go together.
    pub(super) apart: fn(&I, &I) -> bool,
}

/// The way into the batches. A clone is cheap.
pub(super) struct Batches<I, O>(Arc<Shared<I, O>>);

struct Shared<I, O> {
    rules: Rules<I>,
    run: Box<Run<I, O>>,
    queue: Mutex<Queue<I, O>>,
    /// Told when [`ENOUGH`] wait.
    enough: Notify,
}

struct Queue<I, O> {
    waiting: VecDeque<(I, Answer<O>)>,
    under_way: usize,
    crowded: bool,
}

impl<I, O> Clone for Batches<I, O> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<I, O> std::fmt::Debug for Batches<I, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Batches").field(&self.0.rules.name).finish()
    }
}

impl<I: Clone + 'static, O: 'static> Batches<I, O> {
    /// `run` gives one answer for each asker, in their order.
    pub(super) fn new<F>(
        rules: Rules<I>,
        run: impl Fn(Arc<[I]>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Given<O>> + 'static,
    {
        let queue = Mutex::new(Queue {
            waiting: VecDeque::new(),
            under_way: 0,
            crowded: false,
        });
        let run = Box::new(move |askers| Box::pin(run(askers)) as _);
        Self(Arc::new(Shared {
            rules,
            run,
            queue,
            enough: Notify::new(),
        }))
    }

    /// Waits for its answer, 2 s at the most.
    pub(super) async fn ask(&self, asker: I) -> Result<O, StoreError> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut queue = self.0.lock();
            if queue.waiting.len() >= self.0.rules.room {
                return Err(StoreError::TimedOut);
            }
            queue.waiting.push_back((asker, sender));
            if queue.waiting.len() == ENOUGH {
                self.0.enough.notify_one();
            }
            let at_once = if queue.crowded {
                1
            } else {
                self.0.rules.at_once
            };
            if queue.under_way < at_once {
                queue.under_way += 1;
                // In a task of its own: whoever asks may stop waiting.
                let under_way = UnderWay {
                    shared: self.0.clone(),
                    over: false,
                };
                actix::spawn(under_way.work());
            }
        }
        let answer = timeout(LIMIT, receiver).await;
        answer
            .map_err(|_| StoreError::TimedOut)?
            .map_err(|_| StoreError::TimedOut)?
    }
}

impl<I, O> Shared<I, O> {
    fn lock(&self) -> MutexGuard<'_, Queue<I, O>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch; an empty one when nobody asks any more, or when others are under way
    /// that will come back for a crowd. Whoever gets that has ended.
    fn next(&self) -> Vec<(I, Answer<O>)> {
        let mut queue = self.lock();
        if queue.crowded && queue.under_way > 1 {
            queue.under_way -= 1;
            return Vec::new();
        }
        let mut batch: Vec<(I, Answer<O>)> = Vec::new();
        let mut later = VecDeque::new();
        while batch.len() < MOST {
            let Some((asker, answer)) = queue.waiting.pop_front() else {
                break;
            };
            // Whoever has stopped waiting needs no answer.
            if answer.is_closed() {
                continue;
            }
            let apart = |(other, _): &(I, _)| (self.rules.apart)(other, &asker);
            if batch.iter().any(apart) {
                later.push_back((asker, answer));
            } else {
                batch.push((asker, answer));
            }
        }
        later.append(&mut queue.waiting);
        queue.waiting = later;
        queue.crowded = batch.len() >= CROWD;
        if batch.is_empty() {
            queue.under_way -= 1;
        }
        batch
    }

    /// Lets others come, no longer than this.
    async fn pause(&self, longest: Duration) {
        let enough = async {
            while self.lock().waiting.len() < ENOUGH {
                self.enough.notified().await;
            }
        };
        let _ = timeout(longest, enough).await;
    }
}

/// Whoever runs batches until nobody asks. If its thread ends before, the next asker begins.
struct UnderWay<I: 'static, O: 'static> {
    shared: Arc<Shared<I, O>>,
    over: bool,
}

impl<I: Clone + 'static, O: 'static> UnderWay<I, O> {
    async fn work(mut self) {
        let name = self.shared.rules.name;
        loop {
            let batch = self.shared.next();
            if batch.is_empty() {
                self.over = true;
                return;
            }
            let (askers, answers): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
            metrics::counter!("saoma_batches_total", "of" => name).increment(1);
            let crowd = askers.len() >= CROWD;
            let began = Instant::now();
            self.serve(askers.into(), answers).await;
            if crowd {
                self.shared.pause(began.elapsed().min(PAUSE)).await;
            }
        }
    }

    async fn serve(&self, askers: Arc<[I]>, answers: Vec<Answer<O>>) {
        let given = (self.shared.run)(askers.clone()).await;
        match given {
            Ok(given) => {
                for (given, answer) in given.into_iter().zip(answers) {
                    // Whoever has gone meanwhile needs no answer.
                    let _ = answer.send(given);
                }
            }
            // Nothing has changed, and one of them may have spoilt it for all.
            Err(error) if error.is_undone() && askers.len() > 1 => {
                tracing::warn!(%error, askers = askers.len(), "a batch of statements failed; each goes alone now");
                for (asker, answer) in askers.iter().zip(answers) {
                    if !answer.is_closed() {
                        let one = (self.shared.run)([asker.clone()].into()).await;
                        let _ =
                            answer.send(one.and_then(|mut one| {
                                one.pop().unwrap_or(Err(StoreError::TimedOut))
                            }));
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, askers = askers.len(), "a batch of statements failed");
                let errors = iter::once(error).chain(iter::repeat_with(|| StoreError::TimedOut));
                for (error, answer) in errors.zip(answers) {
                    let _ = answer.send(Err(error));
                }
            }
        }
    }
}

impl<I, O> Drop for UnderWay<I, O> {
    fn drop(&mut self) {
        if !self.over {
            self.shared.lock().under_way -= 1;
        }
    }
}

#[cfg(test)]
mod tests;
