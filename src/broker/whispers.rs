//! What instances say to each other that nobody else may read or say: where phones
//! and pages are, and what they say to each other.
//!
//! The database knows none of this, so it cannot confirm it as it confirms a hint.
//! It is sealed instead, with AES-256-GCM, under a key that is derived from the
//! secret key for these two processes in this direction. The channel of a process
//! is random, so what was sealed for one that is gone opens nowhere. Each whisper
//! has a number, and only a higher one than the last is heard: a copy, or one that
//! was held back, is none. What is lost is said again or was said in vain.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use actix::Addr;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::ExposeSecret;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    Way, dropped,
    news::{About, News},
    registry::Registry,
};
use crate::{
    hub::{
        LoginHub,
        messages::{OthersChanged, Subject, To, Whisper, Whispered},
    },
    login::{
        ids::AttemptId,
        keys::{Seal, SecretKey},
    },
};

/// Whispers that may wait to be sealed or opened.
pub const ROOM: usize = 8192;
/// Between two looks at the list of instances for the sake of an unknown one.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The keys between this process and others, one for each direction.
struct Lines {
    secret_key: Arc<SecretKey>,
    lines: HashMap<(Uuid, Uuid), Line>,
}

struct Line {
    seal: Seal,
    /// Of the last whisper.
    number: u64,
}

impl Lines {
    fn new(secret_key: Arc<SecretKey>) -> Self {
        let lines = HashMap::new();
        Self { secret_key, lines }
    }

    fn of(&mut self, from: Uuid, to: Uuid) -> anyhow::Result<&mut Line> {
        use std::collections::hash_map::Entry;
        match self.lines.entry((from, to)) {
            Entry::Occupied(line) => Ok(line.into_mut()),
            Entry::Vacant(place) => {
                let purpose = format!("whispers from {from} to {to}");
                let seal = self.secret_key.seal_for(&purpose)?;
                Ok(place.insert(Line { seal, number: 0 }))
            }
        }
    }

    /// Forgets processes that are gone. None comes back: its channel was its own.
    fn keep(&mut self, own: Uuid, registry: &Registry) {
        let others = registry.others();
        let lives = |channel| others.iter().any(|other| other.channel == Some(channel));
        self.lines
            .retain(|(from, to), _| lives(if *from == own { *to } else { *from }));
    }
}

/// Seals what the hub says to others.
pub(super) struct Mouth {
    own: Uuid,
    lines: Lines,
    way: Arc<dyn Way>,
    registry: Registry,
    hub: Addr<LoginHub>,
}

impl Mouth {
    pub(super) fn new(
        own: Uuid,
        secret_key: Arc<SecretKey>,
        way: Arc<dyn Way>,
        registry: Registry,
        hub: Addr<LoginHub>,
    ) -> Self {
        let lines = Lines::new(secret_key);
        Self {
            own,
            lines,
            way,
            registry,
            hub,
        }
    }

    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Whisper>) {
        let mut others = self.registry.watch();
        others.mark_changed();
        loop {
            tokio::select! {
                next = queue.recv() => {
                    let Some(whisper) = next else { return };
                    self.pass_on(&whisper);
                }
                Ok(()) = others.changed() => {
                    let any = others.borrow_and_update().iter().any(|other| other.channel.is_some());
                    self.lines.keep(self.own, &self.registry);
                    self.hub.do_send(OthersChanged { any });
                }
            }
        }
    }

    fn pass_on(&mut self, whisper: &Whisper) {
        for other in self.registry.others().iter() {
            let Some(channel) = other.channel else {
                continue;
            };
            if !matches!(whisper.to, To::All) && whisper.to != To::One(channel) {
                continue;
            }
            match self.seal(channel, whisper) {
                Ok(news) => {
                    if !self.way.take(&other.name, news) {
                        dropped(self.way.name(), 1);
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "something for another instance was not sealed");
                }
            }
        }
    }

    fn seal(&mut self, to: Uuid, whisper: &Whisper) -> anyhow::Result<News> {
        let from = self.own;
        let about = About::from(whisper.subject);
        let line = self.lines.of(from, to)?;
        line.number += 1;
        let mut text = line.number.to_be_bytes().to_vec();
        serde_json::to_writer(&mut text, &whisper.word)?;
        let sealed = line.seal.seal(&about.name(), &text)?;
        Ok(News::Sealed {
            from,
            about,
            sealed: URL_SAFE_NO_PAD.encode(sealed),
        })
    }
}

/// Something sealed, as it came.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) from: Uuid,
    pub(super) about: About,
    pub(super) text: String,
}

/// Opens what others say and tells the hub.
pub(super) struct Ear {
    own: Uuid,
    lines: Lines,
    registry: Registry,
    hub: Addr<LoginHub>,
    looked: Option<Instant>,
}

impl Ear {
    pub(super) fn new(
        own: Uuid,
        secret_key: Arc<SecretKey>,
        registry: Registry,
        hub: Addr<LoginHub>,
    ) -> Self {
        let lines = Lines::new(secret_key);
        Self {
            own,
            lines,
            registry,
            hub,
            looked: None,
        }
    }

    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Vec<Sealed>>) {
        while let Some(batch) = queue.recv().await {
            for sealed in batch {
                match self.open(&sealed) {
                    Some(whispered) => self
                        .hub
                        .try_send(whispered)
                        .unwrap_or_else(|error| super::not_told(&error)),
                    None => metrics::counter!("saoma_whispers_refused_total").increment(1),
                }
            }
        }
    }

    fn open(&mut self, sealed: &Sealed) -> Option<Whispered> {
        let Sealed { from, about, text } = sealed;
        if !self.knows(*from) {
            return None;
        }
        let line = self.lines.of(*from, self.own).ok()?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let opened = line.seal.open(&about.name(), &bytes).ok()??;
        let (number, word) = opened.expose_secret().split_first_chunk()?;
        let number = u64::from_be_bytes(*number);
        if number <= line.number {
            return None;
        }
        line.number = number;
        Some(Whispered {
            from: *from,
            subject: Subject::from(*about),
            word: serde_json::from_slice(word).ok()?,
        })
    }

    /// Whether this is a process that lives. One that has just started is looked
    /// for; what it says until then it says again.
    fn knows(&mut self, channel: Uuid) -> bool {
        let others = self.registry.others();
        if others.iter().any(|other| other.channel == Some(channel)) {
            return true;
        }
        if self.looked.is_none_or(|then| then.elapsed() >= LOOK_EVERY) {
            self.looked = Some(Instant::now());
            self.lines.keep(self.own, &self.registry);
            let registry = self.registry.clone();
            actix::spawn(async move { registry.look().await.is_ok() });
        }
        false
    }
}

impl About {
    /// What is bound into the seal.
    fn name(self) -> String {
        match self {
            Self::Attempt(id) => format!("attempt {id}"),
            Self::Session(id) => format!("session {id}"),
            Self::Phone(id) => format!("phone {id}"),
        }
    }
}

impl From<Subject> for About {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Attempt(id) => Self::Attempt(id.0),
            Subject::Session(id) => Self::Session(id),
            Subject::Phone(id) => Self::Phone(id),
        }
    }
}

impl From<About> for Subject {
    fn from(about: About) -> Self {
        match about {
            About::Attempt(id) => Self::Attempt(AttemptId(id)),
            About::Session(id) => Self::Session(id),
            About::Phone(id) => Self::Phone(id),
        }
    }
}
