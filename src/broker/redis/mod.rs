//! By Redis Pub/Sub: one channel for each instance. Nothing is kept there but
//! [`Counters`], which limits ask beside their own.
//!
//! Redis may be away, lose messages or be written to by strangers: all of that
//! costs time and nothing else (see [`Inbox`]).

mod address;
mod counters;
mod link;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

pub use address::Address;
pub use counters::{Counters, Rule};

use super::{
    Inbox, Way,
    news::{self, News},
    on_its_own_thread, sent, show,
};
use link::{Heard, LIMIT, Link};

const NAME: &str = "redis";
/// News that may wait to be sent.
const ROOM: usize = 4096;
/// The pauses between attempts to connect, doubled each time.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(2)];
/// A probe that was not heard so many times in a row: we are deaf.
const UNHEARD: u32 = 2;

/// What the way by Redis is made of.
#[derive(Debug)]
pub struct Parts {
    /// Where Redis is.
    pub address: Address,
    /// The first part of all channels of this site.
    pub namespace: String,
    /// This instance's name.
    pub instance: String,
    /// Between two probes.
    pub probe_every: Duration,
    /// Takes what is heard.
    pub inbox: Inbox,
    /// Told whenever something may have been missed.
    pub look_again: Arc<Notify>,
}

/// The way by Redis.
#[derive(Debug)]
pub struct Redis {
    queue: mpsc::Sender<(String, News)>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Connected: what is taken is sent.
    open: AtomicBool,
    /// A probe went round: what others send is heard.
    hears: AtomicBool,
}

impl Redis {
    /// Starts the way on a thread of its own; connects in the background, for
    /// as long as it takes.
    pub fn start(parts: Parts) -> Self {
        let (queue, receiver) = mpsc::channel(ROOM);
        let state = Arc::new(State::default());
        let keeper = Keeper {
            parts,
            state: state.clone(),
            queue: receiver,
        };
        show(NAME, false);
        on_its_own_thread(|| keeper.run());
        Self { queue, state }
    }
}

impl Way for Redis {
    fn name(&self) -> &'static str {
        NAME
    }

    fn take(&self, instance: &str, news: News) -> bool {
        // Old news are of no use once Redis is back: all have looked again by then.
        self.state.open.load(Ordering::Relaxed)
            && self.queue.try_send((instance.to_owned(), news)).is_ok()
    }

    fn works(&self) -> bool {
        self.state.hears.load(Ordering::Relaxed)
    }
}

/// Keeps a link open.
struct Keeper {
    parts: Parts,
    state: Arc<State>,
    queue: mpsc::Receiver<(String, News)>,
}

/// Why a link ended.
#[derive(Debug, thiserror::Error)]
enum End {
    /// Nobody sends any more: the server has stopped.
    #[error("stopped")]
    Stopped,
    #[error("{0}")]
    Failed(#[from] redis::RedisError),
    #[error("the connection is lost")]
    Lost,
    #[error("connected, but what is published is not heard")]
    Deaf,
    #[error("no connection within {} s", 3 * LIMIT.as_secs())]
    Late,
}

impl Keeper {
    async fn run(mut self) {
        let [shortest, longest] = PAUSES;
        let mut pause = shortest;
        let mut silent = false;
        loop {
            let end = self.hold(&mut pause, &mut silent).await;
            self.state.open.store(false, Ordering::Relaxed);
            self.state.hears.store(false, Ordering::Relaxed);
            show(NAME, false);
            if matches!(end, End::Stopped) || self.queue.is_closed() {
                return;
            }
            // Once for each outage.
            if !silent {
                silent = true;
                tracing::warn!(reason = %end, "Redis does not carry news; browsers on other instances hear at their next look");
            }
            sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
            pause = longest.min(pause * 2);
        }
    }

    /// Opens a link and works with it until it ends.
    async fn hold(&mut self, pause: &mut Duration, silent: &mut bool) -> End {
        let channel = self.channel(&self.parts.instance);
        let address = &self.parts.address;
        let (hear, mut heard) = link::listen(self.parts.inbox.clone(), address.cluster);
        let opened = Link::open(address, &channel, hear);
        let mut link = match timeout(3 * LIMIT, opened).await {
            Ok(Ok(link)) => link,
            Ok(Err(error)) => return error.into(),
            Err(_) => return End::Late,
        };
        self.state.open.store(true, Ordering::Relaxed);
        // What was said before this moment was not heard here.
        self.parts.look_again.notify_one();
        let mut probe = Probe::new(self.parts.probe_every);
        let mut batch = Vec::with_capacity(news::MOST);
        loop {
            let done = tokio::select! {
                taken = self.queue.recv_many(&mut batch, news::MOST) => {
                    if taken == 0 {
                        return End::Stopped;
                    }
                    let messages = self.messages(&mut batch);
                    link.tell(messages).await.inspect(|()| sent(NAME, taken))
                }
                said = heard.recv() => {
                    match said {
                        Some(Heard::Probe(number)) if probe.is(number) => {
                            // Heard again after a while: what was said meanwhile was not.
                            if std::mem::take(&mut probe.gap) {
                                self.parts.look_again.notify_one();
                            }
                            if !self.state.hears.swap(true, Ordering::Relaxed) {
                                tracing::info!("Redis carries news");
                                show(NAME, true);
                            }
                            (*pause, *silent) = (PAUSES[0], false);
                        }
                        Some(Heard::Probe(_)) => {}
                        Some(Heard::Gap) => probe.gap = true,
                        Some(Heard::End) | None => return End::Lost,
                    }
                    Ok(())
                }
                number = probe.next() => match number {
                    Some(number) => link.probe(number).await,
                    None => return End::Deaf,
                },
            };
            if let Err(error) = done {
                return error.into();
            }
        }
    }

    fn channel(&self, instance: &str) -> String {
        format!("{}:{instance}", self.parts.namespace)
    }

    /// One message for each instance that has news in the batch.
    fn messages(&self, batch: &mut Vec<(String, News)>) -> Vec<(String, String)> {
        let mut by_instance: HashMap<String, Vec<News>> = HashMap::new();
        for (instance, news) in batch.drain(..) {
            by_instance.entry(instance).or_default().push(news);
        }
        let messages = by_instance.iter();
        messages
            .flat_map(|(instance, news)| {
                let channel = self.channel(instance);
                let texts = news::write(news).into_iter();
                texts.map(move |text| (channel.clone(), text))
            })
            .collect()
    }
}

/// Finds out whether what is published is heard.
struct Probe {
    tick: tokio::time::Interval,
    number: u64,
    unheard: u32,
    heard_at: Instant,
    /// Something was not heard since the last look.
    gap: bool,
}

impl Probe {
    fn new(every: Duration) -> Self {
        let mut tick = interval(every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            tick,
            number: 0,
            unheard: 0,
            gap: false,
            heard_at: Instant::now(),
        }
    }

    /// The next number to send, when it is time; none when too many were not heard.
    async fn next(&mut self) -> Option<u64> {
        self.tick.tick().await;
        let age = self.heard_at.elapsed().as_secs_f64();
        metrics::gauge!("saoma_broker_probe_seconds").set(age);
        if self.unheard >= UNHEARD {
            return None;
        }
        self.gap |= self.unheard > 0;
        self.unheard += 1;
        // Nobody can say that he heard what he could not know.
        self.number = rand::random();
        Some(self.number)
    }

    /// Notes a number that was heard; whether it is the last one that was sent.
    fn is(&mut self, number: u64) -> bool {
        let ours = number == self.number && self.unheard > 0;
        if ours {
            self.unheard = 0;
            self.heard_at = Instant::now();
        }
        ours
    }
}
