//! Without Redis: straight to the other instance's admin address.
//!
//! `POST <SAOMA_INTERNAL_URL>/internal/news` with a message of [`news`] and a
//! key that all instances derive from the secret key.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

use super::{
    Way, dropped,
    key::NewsKey,
    news::{self, News},
    on_its_own_thread,
    registry::Registry,
    sent, show,
};
use crate::store::OtherInstance;

const NAME: &str = "direct";
/// News that may wait for all instances, and for one.
const ROOM: usize = 4096;
/// From the first byte to the answer.
const LIMIT: Duration = Duration::from_secs(1);
/// The pauses after failures, doubled each time.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];
/// Between two looks at the list of instances for the sake of an unknown one.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The direct way.
#[derive(Debug)]
pub struct Direct {
    queue: mpsc::Sender<(String, News)>,
    failing: Failing,
}

/// How many instances did not answer the last time.
type Failing = Arc<AtomicUsize>;

impl Direct {
    /// Starts the way on a thread of its own, since awc's client stays on its
    /// thread and the hub's has other work.
    pub fn start(registry: Registry, key: NewsKey) -> Self {
        let (queue, receiver) = mpsc::channel(ROOM);
        let failing = Failing::default();
        let sorter = Sorter {
            registry,
            key,
            failing: failing.clone(),
            looked: None,
            targets: HashMap::new(),
        };
        show(NAME, true);
        on_its_own_thread(|| sorter.run(receiver));
        Self { queue, failing }
    }
}

impl Way for Direct {
    fn name(&self) -> &'static str {
        NAME
    }

    fn take(&self, instance: &str, news: News) -> bool {
        self.queue.try_send((instance.to_owned(), news)).is_ok()
    }

    fn works(&self) -> bool {
        self.failing.load(Ordering::Relaxed) == 0
    }
}

/// Gives each instance's news to the task that carries them there.
struct Sorter {
    registry: Registry,
    key: NewsKey,
    failing: Failing,
    looked: Option<Instant>,
    targets: HashMap<String, Target>,
}

struct Target {
    url: String,
    queue: mpsc::Sender<News>,
}

impl Sorter {
    async fn run(mut self, mut queue: mpsc::Receiver<(String, News)>) {
        let client = crate::wechat::https_client(LIMIT);
        let mut others = self.registry.watch();
        loop {
            tokio::select! {
                next = queue.recv() => {
                    let Some((instance, news)) = next else { return };
                    if !self.pass_on(&client, &instance, news).await {
                        dropped(NAME, 1);
                    }
                }
                // The carriers of those that are gone end with their queues.
                Ok(()) = others.changed() => {
                    let live = others.borrow_and_update().clone();
                    self.targets.retain(|name, target| {
                        live.iter().any(|other| other.name == *name && url(other) == Some(&target.url))
                    });
                }
            }
        }
    }

    async fn pass_on(&mut self, client: &awc::Client, instance: &str, news: News) -> bool {
        if let Some(target) = self.targets.get(instance) {
            return target.queue.try_send(news).is_ok();
        }
        let Some(url) = self.find(instance).await else {
            return false;
        };
        let (queue, receiver) = mpsc::channel(ROOM);
        let carrier = Carrier {
            client: client.clone(),
            address: format!("{}/internal/news", url.trim_end_matches('/')),
            authorization: self.key.bearer(),
            failing: self.failing.clone(),
            fails: false,
        };
        actix::spawn(carrier.run(receiver));
        let taken = queue.try_send(news).is_ok();
        let target = Target { url, queue };
        self.targets.insert(instance.to_owned(), target);
        taken
    }

    /// Where an instance is. One that has just started is looked for.
    async fn find(&mut self, instance: &str) -> Option<String> {
        let known = |registry: &Registry| {
            let others = registry.others();
            let found = others.iter().find(|other| other.name == instance)?;
            url(found).cloned()
        };
        let found = known(&self.registry);
        if found.is_some() || self.looked.is_some_and(|then| then.elapsed() < LOOK_EVERY) {
            return found;
        }
        self.looked = Some(Instant::now());
        self.registry.look().await.ok()?;
        known(&self.registry)
    }
}

fn url(other: &OtherInstance) -> Option<&String> {
    other.internal_url.as_ref()
}

/// Carries one instance's news there, one request at a time, each with what
/// gathered meanwhile.
struct Carrier {
    client: awc::Client,
    address: String,
    authorization: String,
    failing: Failing,
    fails: bool,
}

impl Carrier {
    async fn run(mut self, mut queue: mpsc::Receiver<News>) {
        let mut batch = Vec::with_capacity(news::MOST);
        while queue.recv_many(&mut batch, news::MOST).await > 0 {
            let mut done = Ok(());
            for message in news::write(&batch) {
                // A kept connection may have been closed at the other end meanwhile.
                done = match self.post(&message).await {
                    Err(Problem::Broken(_)) => self.post(&message).await,
                    done => done,
                };
                if done.is_err() {
                    break;
                }
            }
            match done {
                Ok(()) => sent(NAME, batch.len()),
                Err(problem) => {
                    dropped(NAME, batch.len());
                    self.note(Some(&problem));
                    self.wait_for_an_answer(&mut queue).await;
                }
            }
            batch.clear();
        }
    }

    /// Asks again and again, with no news. Those that come meanwhile are dropped:
    /// the other instance's next look finds them, sooner than they could be sent.
    async fn wait_for_an_answer(&mut self, queue: &mut mpsc::Receiver<News>) {
        let [mut pause, longest] = PAUSES;
        loop {
            sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
            pause = longest.min(pause * 2);
            while queue.try_recv().is_ok() {
                dropped(NAME, 1);
            }
            if queue.is_closed() {
                return;
            }
            if self.post(news::NONE).await.is_ok() {
                return self.note(None);
            }
        }
    }

    async fn post(&self, message: &str) -> Result<(), Problem> {
        let request = self
            .client
            .post(&self.address)
            .insert_header(("authorization", self.authorization.clone()))
            .content_type("application/json")
            .send_body(message.to_owned());
        match timeout(LIMIT, request).await {
            Ok(Ok(answer)) if answer.status().is_success() => Ok(()),
            Ok(Ok(answer)) => Err(Problem::Refused(answer.status().as_u16())),
            Ok(Err(error)) => Err(Problem::Broken(error.to_string())),
            Err(_) => Err(Problem::Late),
        }
    }

    /// Says once that an instance does not answer, and once that it does again.
    fn note(&mut self, problem: Option<&Problem>) {
        if problem.is_some() == self.fails {
            return;
        }
        self.fails = !self.fails;
        let address = &self.address;
        if let Some(problem) = problem {
            self.failing.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%address, %problem, "another instance is not told; it hears at its next look");
        } else {
            self.failing.fetch_sub(1, Ordering::Relaxed);
            tracing::info!(%address, "another instance is told again");
        }
        show(NAME, self.failing.load(Ordering::Relaxed) == 0);
    }
}

impl Drop for Carrier {
    /// An instance that is gone fails no more.
    fn drop(&mut self) {
        if self.fails {
            self.failing.fetch_sub(1, Ordering::Relaxed);
            show(NAME, self.failing.load(Ordering::Relaxed) == 0);
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("it answers {0}; have all instances the same SAOMA_SECRET_KEY?")]
    Refused(u16),
    #[error("{0}")]
    Broken(String),
    #[error("no answer within a second")]
    Late,
}
