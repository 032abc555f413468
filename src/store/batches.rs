//! Many small askers, one statement.
//!
//! Pages open in bursts, and come back in bursts when an instance dies. What
//! asks within one millisecond (at most 128) goes to the database together.

use std::{future::Future, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout, timeout_at},
};

use super::StoreError;

const WINDOW: Duration = Duration::from_millis(1);
const MOST: usize = 128;
const LIMIT: Duration = Duration::from_secs(2);

type Answer<O> = oneshot::Sender<Result<O, StoreError>>;

/// The way into the batches. A clone is cheap.
#[derive(Debug)]
pub(super) struct Batches<I, O>(mpsc::Sender<(I, Answer<O>)>);

impl<I, O> Clone for Batches<I, O> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<I: 'static, O: 'static> Batches<I, O> {
    /// Starts the task that runs the batches, one after the other; it ends when
    /// the last way in is gone. `room` askers may wait, more are refused at once.
    /// Metrics count the batches under `name`.
    ///
    /// `run` gives one answer for each asker, in their order. Two askers that
    /// are `apart` from each other never go together.
    pub(super) fn start<F>(
        name: &'static str,
        room: usize,
        apart: fn(&I, &I) -> bool,
        run: impl Fn(Vec<I>) -> F + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Vec<Result<O, StoreError>>, StoreError>>,
    {
        let (sender, mut queue) = mpsc::channel(room);
        actix::spawn(async move {
            let mut left_over = None;
            while let Some(batch) = next(&mut queue, &mut left_over, apart).await {
                // Whoever has stopped waiting needs no answer.
                let waiting = batch
                    .into_iter()
                    .filter(|(_, answer): &(I, Answer<O>)| !answer.is_closed());
                let (askers, answers): (Vec<_>, Vec<_>) = waiting.unzip();
                if !askers.is_empty() {
                    metrics::counter!("saoma_batches_total", "of" => name).increment(1);
                    give(run(askers).await, answers);
                }
            }
        });
        Self(sender)
    }

    /// Waits for its answer, 2 s at the most.
    pub(super) async fn ask(&self, asker: I) -> Result<O, StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.0
            .try_send((asker, sender))
            .map_err(|_| StoreError::TimedOut)?;
        let answer = timeout(LIMIT, receiver).await;
        answer
            .map_err(|_| StoreError::TimedOut)?
            .map_err(|_| StoreError::TimedOut)?
    }
}

/// The next batch; none when nobody can ask any more.
async fn next<I, O>(
    queue: &mut mpsc::Receiver<(I, Answer<O>)>,
    left_over: &mut Option<(I, Answer<O>)>,
    apart: fn(&I, &I) -> bool,
) -> Option<Vec<(I, Answer<O>)>> {
    let first = match left_over.take() {
        Some(first) => first,
        None => queue.recv().await?,
    };
    let mut batch = vec![first];
    let end = Instant::now() + WINDOW;
    while batch.len() < MOST {
        let Ok(Some(next)) = timeout_at(end, queue.recv()).await else {
            break;
        };
        if batch.iter().any(|(asker, _)| apart(asker, &next.0)) {
            *left_over = Some(next);
            break;
        }
        batch.push(next);
    }
    Some(batch)
}

fn give<O>(given: Result<Vec<Result<O, StoreError>>, StoreError>, answers: Vec<Answer<O>>) {
    match given {
        Ok(given) => {
            for (given, answer) in given.into_iter().zip(answers) {
                let _ = answer.send(given);
            }
        }
        Err(error) => {
            tracing::warn!(%error, askers = answers.len(), "a batch of statements failed");
            for answer in answers {
                let _ = answer.send(Err(StoreError::TimedOut));
            }
        }
    }
}
