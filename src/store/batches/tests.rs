use std::sync::Arc;

use futures_util::future::join_all;
use tokio::{
    sync::Semaphore,
    task::{JoinHandle, yield_now},
};

use super::*;

/// Answers each number with its double, as soon as there is a permit for its batch.
#[derive(Clone)]
struct Doubling {
    permits: Arc<Semaphore>,
    /// The batches that went.
    went: Arc<Mutex<Vec<Vec<u32>>>>,
}

/// A batch with this number fails.
const SPOILS: u32 = 13;

impl Doubling {
    fn new(permits: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(permits)),
            went: Arc::default(),
        }
    }

    fn batches(&self, room: usize) -> Batches<u32, u32> {
        self.batches_at_once(room, 1)
    }

    fn batches_at_once(&self, room: usize, at_once: usize) -> Batches<u32, u32> {
        let rules = Rules {
            name: "test",
            room,
            at_once,
            apart: |one, other| one == other,
        };
        let Self { permits, went } = self.clone();
        Batches::new(rules, move |numbers| {
            let (permits, went) = (permits.clone(), went.clone());
            async move {
                permits.acquire().await.unwrap().forget();
                went.lock().unwrap().push(numbers.to_vec());
                if numbers.contains(&SPOILS) {
                    return Err(sqlx::Error::PoolTimedOut.into());
                }
                Ok(numbers.iter().map(|number| Ok(number * 2)).collect())
            }
        })
    }

    fn went(&self) -> Vec<Vec<u32>> {
        self.went.lock().unwrap().clone()
    }
}

async fn ask_all(batches: &Batches<u32, u32>, numbers: &[u32]) -> Vec<Option<u32>> {
    let asked = numbers.iter().map(|number| batches.ask(*number));
    join_all(asked).await.into_iter().map(Result::ok).collect()
}

/// Asks for each number in a task of its own, one after the other.
async fn begin(
    batches: &Batches<u32, u32>,
    numbers: impl IntoIterator<Item = u32>,
) -> Vec<JoinHandle<Option<u32>>> {
    let mut asked = Vec::new();
    for number in numbers {
        let batches = batches.clone();
        asked.push(actix::spawn(async move { batches.ask(number).await.ok() }));
        // The asker asks, and who serves him begins.
        yield_now().await;
        yield_now().await;
    }
    asked
}

#[actix_web::test]
async fn while_few_ask_each_goes_at_once_up_to_a_limit() {
    let doubling = Doubling::new(0);
    let batches = doubling.batches_at_once(10, 3);
    let asked = begin(&batches, 1..=5).await;
    doubling.permits.add_permits(4);
    let answers = join_all(asked).await.into_iter().map(Result::unwrap);
    assert_eq!(answers.collect::<Vec<_>>(), [2, 4, 6, 8, 10].map(Some));
    let mut went = doubling.went();
    went.sort_unstable();
    assert_eq!(went, [vec![1], vec![2], vec![3], vec![4, 5]]);
}

#[actix_web::test]
async fn a_crowd_goes_together_and_so_does_who_comes_while_it_is_under_way() {
    let doubling = Doubling::new(0);
    let batches = doubling.batches_at_once(10, 3);
    let mut asked = begin(&batches, 1..=11).await;
    // The first is served, and whoever served him has the crowd of eight next.
    doubling.permits.add_permits(1);
    while !batches.0.lock().crowded {
        yield_now().await;
    }
    // The second and third end beside it, and yet nobody goes alone.
    asked.extend(begin(&batches, [20, 21]).await);
    doubling.permits.add_permits(4);
    for asked in asked {
        assert!(asked.await.unwrap().is_some());
    }
    let went = doubling.went();
    assert_eq!(went.len(), 5);
    assert_eq!(went[0], [1]);
    assert!(went.contains(&(4..=11).collect()));
    assert_eq!(went[4], [20, 21]);
}

#[actix_web::test]
async fn the_first_goes_at_once_and_whoever_asks_meanwhile_goes_together() {
    let doubling = Doubling::new(0);
    let batches = doubling.batches(10);
    let first = actix::spawn({
        let batches = batches.clone();
        async move { batches.ask(1).await.ok() }
    });
    yield_now().await;
    let (answers, ()) = tokio::join!(ask_all(&batches, &[2, 3, 4, 5]), async {
        yield_now().await;
        doubling.permits.add_permits(2);
    });
    assert_eq!(first.await.unwrap(), Some(2));
    assert_eq!(answers, [Some(4), Some(6), Some(8), Some(10)]);
    assert_eq!(doubling.went(), [vec![1], vec![2, 3, 4, 5]]);
}

#[actix_web::test]
async fn two_that_are_apart_go_one_after_the_other_and_hold_up_nobody_else() {
    let doubling = Doubling::new(9);
    let answers = ask_all(&doubling.batches(10), &[7, 8, 7, 7, 9]).await;
    assert_eq!(answers, [14, 16, 14, 14, 18].map(Some));
    assert_eq!(doubling.went(), [vec![7, 8, 9], vec![7], vec![7]]);
}

#[actix_web::test]
async fn one_that_spoils_its_batch_fails_alone() {
    let doubling = Doubling::new(9);
    let answers = ask_all(&doubling.batches(10), &[1, SPOILS, 3]).await;
    assert_eq!(answers, [Some(2), None, Some(6)]);
}

#[actix_web::test]
async fn who_has_stopped_waiting_is_left_out() {
    let doubling = Doubling::new(0);
    let batches = doubling.batches(10);
    let gone = actix::spawn({
        let batches = batches.clone();
        async move { batches.ask(1).await }
    });
    yield_now().await;
    let left = ask_all(&batches, &[2]);
    gone.abort();
    let (answers, ()) = tokio::join!(left, async {
        yield_now().await;
        doubling.permits.add_permits(9);
    });
    assert_eq!(answers, [Some(4)]);
}

#[actix_web::test]
async fn more_than_there_is_room_for_are_refused_at_once() {
    let doubling = Doubling::new(9);
    let answers = ask_all(&doubling.batches(2), &[1, 2, 3]).await;
    assert_eq!(answers, [Some(2), Some(4), None]);
}
