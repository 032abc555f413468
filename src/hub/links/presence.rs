//! What each end has to hear of the other now, and when to look again.

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::{
    super::messages::{SocketEvent, SocketId, Subject, To, Word},
    Here, LinkEffect, Links,
};
use crate::session::protocol::ServerMessage;

/// How often a phone's instance says that it has it.
const ANNOUNCE_EVERY: Duration = Duration::from_secs(10);
/// How long other instances may take to say that they have the other end.
pub(super) const FIRST_WORD: Duration = Duration::from_secs(1);
/// Polls end without a word; so often they are looked at.
const POLLS_EVERY: Duration = Duration::from_secs(1);

/// What one end knows of the other.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) present: Option<bool>,
    away_since: Option<Instant>,
}

impl Heard {
    /// What it has to hear now, or when to look again.
    fn of(
        &mut self,
        present: bool,
        patience: Duration,
        now: Instant,
    ) -> (Option<bool>, Option<Instant>) {
        if present {
            self.away_since = None;
            let news = self.present.replace(true) != Some(true);
            return (news.then_some(true), None);
        }
        if self.present == Some(false) {
            return (None, None);
        }
        let until = *self.away_since.get_or_insert(now) + patience;
        if until > now {
            return (None, Some(until));
        }
        self.present = Some(false);
        (Some(false), None)
    }
}

impl Links {
    /// Tells each end what it has to know of the other now, and notes when to look again.
    pub fn settle(&mut self, subject: Subject, here: Here<'_>, now: Instant) {
        let Some(link) = self.known.get_mut(&subject) else {
            return;
        };
        link.phones_there.retain(|_, until| *until > now);
        link.browsers_there.retain(|_, until| *until > now);
        let phone_here = !link.phones.is_empty();
        let phone = phone_here || !link.phones_there.is_empty();
        let browser = here.present || !link.browsers_there.is_empty();
        let mut next: Vec<Instant> = Vec::new();
        next.extend(
            link.phones_there
                .values()
                .chain(link.browsers_there.values()),
        );
        let mut whispers = Vec::new();
        if link.browser_here != here.present {
            link.browser_here = here.present;
            let word = || Word::Browser { here: here.present };
            let there = link.phones_there.keys();
            whispers.extend(there.map(|instance| (To::One(*instance), word())));
        }
        if phone_here {
            let patience = match link.phone_heard.present {
                Some(_) => self.absent_after,
                None if self.others => FIRST_WORD,
                None => Duration::ZERO,
            };
            let (news, again) = link.phone_heard.of(browser, patience, now);
            next.extend(again);
            if let Some(present) = news {
                let told = link.phones.iter();
                self.effects
                    .extend(told.map(|socket| to_phone(subject, *socket, present)));
            }
            let said = link.announced.map(|then| then + ANNOUNCE_EVERY);
            if said.is_none_or(|again| again <= now) {
                link.announced = Some(now);
                whispers.push((To::All, Word::Phone { here: true }));
            }
            next.extend(link.announced.map(|then| then + ANNOUNCE_EVERY));
        }
        if let Subject::Session(session) = subject
            && !here.sockets.is_empty()
        {
            let patience = match link.browser_heard.present {
                Some(_) => self.absent_after,
                None => Duration::ZERO,
            };
            let (news, again) = link.browser_heard.of(phone, patience, now);
            next.extend(again);
            if let Some(present) = news {
                let told = here.sockets.iter();
                self.effects
                    .extend(told.map(|socket| to_browser(session, *socket, present)));
            }
        }
        if matches!(subject, Subject::Attempt(_)) && phone {
            next.push(now + POLLS_EVERY);
        }
        let forgotten =
            !phone && (here.sockets.is_empty() || link.browser_heard.present == Some(false));
        let next = next.into_iter().min().filter(|_| !forgotten);
        if let Some(due) = std::mem::replace(&mut link.due, next) {
            self.due.remove(&(due, subject));
        }
        self.due.extend(next.map(|at| (at, subject)));
        if forgotten {
            self.known.remove(&subject);
        }
        for (to, word) in whispers {
            self.whisper(to, subject, word);
        }
    }
}

pub(super) fn to_phone(subject: Subject, socket: SocketId, present: bool) -> LinkEffect {
    let message = match subject {
        Subject::Attempt(attempt) => ServerMessage::Browser { attempt, present },
        Subject::Session(session) | Subject::Phone(session) => {
            ServerMessage::Peer { session, present }
        }
    };
    LinkEffect::Tell(socket, SocketEvent::Changed(message))
}

pub(super) fn to_browser(session: Uuid, socket: SocketId, present: bool) -> LinkEffect {
    let message = ServerMessage::Peer { session, present };
    LinkEffect::Tell(socket, SocketEvent::Changed(message))
}
