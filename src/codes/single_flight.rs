//! One piece of work at a time for each key; who asks meanwhile shares its outcome.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

/// Work under way by key, shared by all workers. Done work is forgotten at once.
pub(super) struct SingleFlight<K, T>(Mutex<HashMap<K, watch::Receiver<Option<T>>>>);

impl<K, T> Default for SingleFlight<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Copy + Eq + Hash, T: Clone> SingleFlight<K, T> {
    /// Does the work, unless it is under way for this key: then waits for that, which has to have
    /// a time limit. If its caller leaves before the end, one of the waiting does it anew.
    pub(super) async fn run(&self, key: K, work: impl AsyncFnOnce() -> T) -> T {
        let lead = loop {
            match self.join(key) {
                Ok(lead) => break lead,
                Err(mut under_way) => {
                    if let Ok(outcome) = under_way.wait_for(Option::is_some).await
                        && let Some(outcome) = outcome.clone()
                    {
                        return outcome;
                    }
                }
            }
        };
        let outcome = work().await;
        lead.outcome.send_replace(Some(outcome.clone()));
        outcome
    }

    fn join(&self, key: K) -> Result<Lead<'_, K, T>, watch::Receiver<Option<T>>> {
        let mut flights = self.lock();
        if let Some(under_way) = flights.get(&key) {
            return Err(under_way.clone());
        }
        let (outcome, waiting) = watch::channel(None);
        flights.insert(key, waiting);
        let flights = self;
        Ok(Lead {
            flights,
            key,
            outcome,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, watch::Receiver<Option<T>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, T> fmt::Debug for SingleFlight<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlight").finish_non_exhaustive()
    }
}

/// Held by whoever does the work.
struct Lead<'a, K: Copy + Eq + Hash, T: Clone> {
    flights: &'a SingleFlight<K, T>,
    key: K,
    outcome: watch::Sender<Option<T>>,
}

impl<K: Copy + Eq + Hash, T: Clone> Drop for Lead<'_, K, T> {
    fn drop(&mut self) {
        // Before the sender goes: those who wait must not meet this one again.
        self.flights.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, time::Duration};

    use futures_util::future::join_all;

    use super::*;

    /// Counts its runs and yields, so that others come meanwhile.
    async fn work(runs: &Cell<u32>) -> u32 {
        runs.set(runs.get() + 1);
        tokio::task::yield_now().await;
        runs.get()
    }

    #[actix_web::test]
    async fn those_who_ask_for_one_key_together_share_one_run() {
        let (flights, runs) = (SingleFlight::default(), Cell::new(0));
        let shared = join_all((0..10).map(|_| flights.run(1, async || work(&runs).await))).await;
        assert_eq!(shared, [1; 10]);
        flights.run(1, async || work(&runs).await).await;
        assert_eq!(runs.get(), 2);
        assert!(flights.lock().is_empty());
    }

    #[actix_web::test]
    async fn keys_do_not_wait_for_each_other() {
        let (flights, runs) = (SingleFlight::default(), Cell::new(0));
        join_all((0..10).map(|key| flights.run(key, async || work(&runs).await))).await;
        assert_eq!(runs.get(), 10);
    }

    #[actix_web::test]
    async fn if_the_first_leaves_the_next_does_it() {
        let flights = SingleFlight::default();
        let moment = Duration::from_millis(5);
        let leaves = tokio::time::timeout(
            moment,
            flights.run(1, async || {
                std::future::pending::<()>().await;
                0
            }),
        );
        let (left, stayed) = tokio::join!(leaves, flights.run(1, async || 7));
        assert!(left.is_err());
        assert_eq!(stayed, 7);
    }
}
