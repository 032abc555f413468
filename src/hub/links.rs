//! Who is at the other end: an attempt's page or a session's browsers on one side,
//! the phone on the other, here or on other instances.
//!
//! A link is there for as long as its phone is. Each instance speaks for itself
//! alone: the one with the phone says so to all, when the phone comes and every
//! ten seconds; those that have the other end answer it. What was said is
//! believed for a while only, so whoever cannot say any more that it has gone is
//! gone by then, and what was lost is said again.
//!
//! An end that was there counts as gone only when it has been away for a while:
//! a page that reloads, or a connection that breaks and comes back, is no news.

mod chat;
mod presence;

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use uuid::Uuid;

use super::messages::{SocketEvent, SocketId, Subject, To, Whisper, Word};
use crate::session::{flood::Flood, protocol::Side};
use presence::{Heard, to_browser, to_phone};

/// How long other instances' word is good: two may be lost.
const BELIEVED_FOR: Duration = Duration::from_secs(25);

/// What follows from a change.
#[derive(Debug)]
pub enum LinkEffect {
    /// This socket hears of it.
    Tell(SocketId, SocketEvent),
    /// Other instances do.
    Whisper(Whisper),
}

/// All links that have a phone.
#[derive(Debug)]
pub struct Links {
    known: HashMap<Subject, Link>,
    /// When which has to be looked at again; each stands here once at the most.
    due: BTreeSet<(Instant, Subject)>,
    absent_after: Duration,
    /// There are other instances.
    others: bool,
    effects: Vec<LinkEffect>,
}

#[derive(Debug, Default)]
struct Link {
    /// Sockets of the phone here; a person with several phones has several.
    phones: Vec<SocketId>,
    /// Instances that have the phone, and until when that is believed.
    phones_there: HashMap<Uuid, Instant>,
    /// Instances that have the other end.
    browsers_there: HashMap<Uuid, Instant>,
    /// Whether the other end was here, as others were told.
    browser_here: bool,
    phone_heard: Heard,
    browser_heard: Heard,
    announced: Option<Instant>,
    phone_said: Flood,
    browser_said: Flood,
    due: Option<Instant>,
}

/// The end of a link that is on this instance.
#[derive(Debug, Clone, Copy)]
pub struct Here<'a> {
    /// Somebody is there.
    pub present: bool,
    /// Sockets that may be told and talked to.
    pub sockets: &'a [SocketId],
}

impl Links {
    pub fn new(absent_after: Duration) -> Self {
        Self {
            known: HashMap::new(),
            due: BTreeSet::new(),
            absent_after,
            others: false,
            effects: Vec::new(),
        }
    }

    /// What has to be done, in this order.
    pub fn take_effects(&mut self) -> Vec<LinkEffect> {
        std::mem::take(&mut self.effects)
    }

    /// Whether a phone is known for this.
    pub fn has(&self, subject: Subject) -> bool {
        self.known.contains_key(&subject)
    }

    /// The phone's sockets on this instance.
    pub fn phones_of(&self, subject: Subject) -> &[SocketId] {
        let link = self.known.get(&subject);
        link.map_or(&[][..], |link| &link.phones)
    }

    /// The next that has to be looked at.
    pub fn next_due(&mut self, now: Instant) -> Option<Subject> {
        let &(at, subject) = self.due.first()?;
        if at > now {
            return None;
        }
        self.due.pop_first();
        if let Some(link) = self.known.get_mut(&subject) {
            link.due = None;
        }
        Some(subject)
    }

    /// A phone's socket wants to hear of the other end.
    pub fn phone_came(&mut self, subject: Subject, socket: SocketId, here: Here<'_>, now: Instant) {
        let link = self.known.entry(subject).or_default();
        if link.phones.contains(&socket) {
            return;
        }
        link.phones.push(socket);
        if link.phones.len() == 1 {
            link.phone_heard = Heard::default();
            link.announced = None;
        } else if let Some(present) = link.phone_heard.present {
            self.effects.push(to_phone(subject, socket, present));
        }
        self.settle(subject, here, now);
    }

    /// It does not any more.
    pub fn phone_left(&mut self, subject: Subject, socket: SocketId, here: Here<'_>, now: Instant) {
        let Some(link) = self.known.get_mut(&subject) else {
            return;
        };
        let before = link.phones.len();
        link.phones.retain(|phone| *phone != socket);
        if link.phones.is_empty() && before > 0 {
            self.whisper(To::All, subject, Word::Phone { here: false });
        }
        self.settle(subject, here, now);
    }

    /// A socket of a session has opened here.
    pub fn browser_came(&mut self, session: Uuid, socket: SocketId, here: Here<'_>, now: Instant) {
        let subject = Subject::Session(session);
        match self.known.get_mut(&subject) {
            // Nobody has a phone for it.
            None => self.effects.push(to_browser(session, socket, false)),
            Some(link) if here.sockets.len() == 1 => {
                link.browser_heard = Heard::default();
                self.settle(subject, here, now);
            }
            Some(link) => {
                let present = link.browser_heard.present == Some(true);
                self.effects.push(to_browser(session, socket, present));
            }
        }
    }

    /// The pair is no more.
    pub fn end(&mut self, session: Uuid, tell_others: bool) {
        let subject = Subject::Session(session);
        let Some(link) = self.known.remove(&subject) else {
            return;
        };
        if let Some(due) = link.due {
            self.due.remove(&(due, subject));
        }
        let told = link.phones.iter();
        self.effects
            .extend(told.map(|socket| to_phone(subject, *socket, false)));
        for instance in link.phones_there.into_keys().filter(|_| tell_others) {
            self.whisper(To::One(instance), subject, Word::Ended);
        }
    }

    /// An attempt has moved on; its phone may be elsewhere.
    pub fn changed(&mut self, subject: Subject, version: i32) {
        let link = self.known.get(&subject);
        let there: Vec<_> = link
            .into_iter()
            .flat_map(|link| link.phones_there.keys().copied())
            .collect();
        for instance in there {
            self.whisper(To::One(instance), subject, Word::Changed { version });
        }
    }

    /// Another instance says where it has an end.
    pub fn heard(
        &mut self,
        from: Uuid,
        subject: Subject,
        (side, present): (Side, bool),
        here: Here<'_>,
        now: Instant,
    ) {
        let until = now + BELIEVED_FOR;
        match (side, present) {
            (Side::Phone, true) => {
                let link = self.known.entry(subject).or_default();
                link.phones_there.insert(from, until);
                link.browser_here = here.present;
                if here.present {
                    self.whisper(To::One(from), subject, Word::Browser { here: true });
                }
            }
            (Side::Phone, false) => {
                if let Some(link) = self.known.get_mut(&subject) {
                    link.phones_there.remove(&from);
                }
            }
            (Side::Browser, _) => {
                let link = self.known.get_mut(&subject);
                // Only who has the phone was told this because he asked.
                let Some(link) = link.filter(|link| !link.phones.is_empty()) else {
                    return;
                };
                if present {
                    link.browsers_there.insert(from, until);
                } else {
                    link.browsers_there.remove(&from);
                }
            }
        }
        self.settle(subject, here, now);
    }

    /// Other instances have come or gone: the new ones do not know which phones are
    /// here, nor does this one know theirs.
    pub fn others_changed(&mut self, any: bool, now: Instant) {
        self.others = any;
        self.whisper(To::All, Subject::Phone(Uuid::nil()), Word::Who);
        self.announce_again(now);
    }

    /// Somebody does not know which phones are here.
    pub fn announce_again(&mut self, now: Instant) {
        for (subject, link) in &mut self.known {
            if link.phones.is_empty() {
                continue;
            }
            link.announced = None;
            if let Some(due) = link.due.replace(now) {
                self.due.remove(&(due, *subject));
            }
            self.due.insert((now, *subject));
        }
    }

    /// Nobody else is there to hear it otherwise.
    pub fn whisper(&mut self, to: To, subject: Subject, word: Word) {
        if self.others {
            let whisper = Whisper { to, subject, word };
            self.effects.push(LinkEffect::Whisper(whisper));
        }
    }
}

#[cfg(test)]
mod tests;
