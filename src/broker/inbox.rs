//! What other instances say, whatever way it comes.
//!
//! No hint that is said is believed. News of attempts that nobody waits for here
//! are forgotten without a read; of the others the rows are read, many in one
//! query, and the hub is told what they say. What is sealed goes to the
//! [`Ear`](super::whispers).

use std::{collections::HashMap, sync::Arc, time::Duration};

use actix::Addr;
use tokio::sync::mpsc;

use super::{
    news::{self, News},
    whispers::{Ear, Sealed},
};
use crate::{
    hub::{
        LoginHub, ask,
        messages::{AttemptChanged, Concerned, Contested},
    },
    login::{ids::AttemptId, message},
    settings::Settings,
    store::{Known, Store, StoreError},
};

/// Messages that may wait; more are dropped.
const ROOM: usize = 1024;
/// Messages that are worked at together.
const TOGETHER: usize = 16;
/// How long after the fact a contest is told.
const CONTEST_AGE: Duration = Duration::from_secs(10);

/// Takes other instances' messages. A clone is cheap.
#[derive(Debug, Clone)]
pub struct Inbox {
    hints: mpsc::Sender<Vec<News>>,
    sealed: mpsc::Sender<Vec<Sealed>>,
}

impl Inbox {
    /// An inbox whose news go to this hub.
    pub(super) fn start(
        settings: Arc<Settings>,
        store: Store,
        hub: Addr<LoginHub>,
        ear: Ear,
    ) -> Self {
        let (hints, receiver) = mpsc::channel(ROOM);
        let (sealed, heard) = mpsc::channel(ROOM);
        // Beside the reader: nobody's words wait for the database.
        actix::spawn(ear.run(heard));
        let reader = Reader {
            settings,
            store,
            hub,
        };
        actix::spawn(reader.run(receiver));
        Self { hints, sealed }
    }

    /// Takes a message as it came; false if it is none. Never waits: what there
    /// is no room for is found by the next look.
    pub fn receive(&self, way: &'static str, message: &[u8]) -> bool {
        let Some(news) = news::read(message) else {
            return false;
        };
        let count = news.len();
        metrics::counter!("saoma_broker_received_total", "way" => way).increment(count as u64);
        let (mut hints, mut sealed) = (Vec::new(), Vec::new());
        for news in news {
            match news {
                News::Sealed {
                    from,
                    about,
                    sealed: text,
                } => sealed.push(Sealed { from, about, text }),
                hint => hints.push(hint),
            }
        }
        let lost = |news: usize, sent: bool| {
            if !sent {
                super::dropped(way, news);
            }
        };
        if !hints.is_empty() {
            lost(hints.len(), self.hints.try_send(hints).is_ok());
        }
        if !sealed.is_empty() {
            lost(sealed.len(), self.sealed.try_send(sealed).is_ok());
        }
        true
    }
}

struct Reader {
    settings: Arc<Settings>,
    store: Store,
    hub: Addr<LoginHub>,
}

impl Reader {
    async fn run(self, mut queue: mpsc::Receiver<Vec<News>>) {
        let mut messages = Vec::with_capacity(TOGETHER);
        while queue.recv_many(&mut messages, TOGETHER).await > 0 {
            let news = messages.drain(..).flatten();
            if let Err(error) = self.tell(asked(news)).await {
                tracing::debug!(%error, "news of another instance were not read; the next look finds them");
            }
        }
    }

    async fn tell(&self, asked: Concerned) -> Result<(), StoreError> {
        let Ok(here) = ask(&self.hub, asked).await else {
            return Ok(());
        };
        if !here.changed.is_empty() {
            for attempt in self.store.read_changed(&here.changed).await? {
                let message = message(&self.settings, &attempt);
                let told = self.hub.try_send(AttemptChanged::of(&attempt, message));
                told.unwrap_or_else(|error| super::not_told(&error));
            }
        }
        if !here.contested.is_empty() {
            for attempt in self.store.contested(&here.contested, CONTEST_AGE).await? {
                let told = self.hub.try_send(Contested(attempt));
                told.unwrap_or_else(|error| super::not_told(&error));
            }
        }
        Ok(())
    }
}

/// Each attempt once, with the highest version that was told.
fn asked(news: impl Iterator<Item = News>) -> Concerned {
    let mut changed: HashMap<AttemptId, i32> = HashMap::new();
    let mut contested = Vec::new();
    for news in news {
        match news {
            News::Attempt { id, version } => {
                let highest = changed.entry(id).or_insert(version);
                *highest = version.max(*highest);
            }
            News::Contested { id } => contested.push(id),
            // Not here: it is opened, not confirmed.
            News::Sealed { .. } => {}
        }
    }
    contested.sort_unstable();
    contested.dedup();
    let changed = changed.into_iter();
    Concerned {
        changed: changed.map(|(id, version)| Known { id, version }).collect(),
        contested,
    }
}
