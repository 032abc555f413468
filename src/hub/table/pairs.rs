//! The part of the table that is about phones and the other ends of what they hold.

use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};

use uuid::Uuid;

use super::{
    super::{
        links::Here,
        messages::{
            PhonesSeen, RegisterPhone, SocketEvent, SocketId, Subject, To, Unsaid, Watch,
            Whispered, Word,
        },
        phones::Phone,
    },
    LoginTable, Waiting,
};
use crate::{
    login::{attempt::Identity, ids::AttemptId},
    session::protocol::Side,
};

/// What the phones here have to hear after a look at the database.
#[derive(Debug, Default)]
pub struct PhoneNews {
    /// Their phone sessions have ended.
    pub ended: Vec<SocketId>,
    /// A newer socket of theirs is on another instance.
    pub replaced: Vec<SocketId>,
    /// There is more to tell.
    pub behind: Vec<SocketId>,
}

impl<R> LoginTable<R> {
    /// Notes that a phone's socket has to say whose it is.
    pub fn await_token(&mut self, id: SocketId, now: Instant) {
        self.tokens.push_back((now + self.times.token, id));
    }

    pub(super) fn next_without_token(&mut self, now: Instant) -> Option<SocketId> {
        while let Some(&(due, id)) = self.tokens.front() {
            if due > now {
                return None;
            }
            self.tokens.pop_front();
            let socket = self.sockets.get(&id);
            if socket.is_some_and(|socket| socket.subject.is_none()) {
                return Some(id);
            }
        }
        None
    }

    /// Makes a socket the one of its phone session; returns the one that it
    /// replaces, or itself when a newer one is here.
    pub fn register_phone(&mut self, new: RegisterPhone, now: Instant) -> Option<SocketId> {
        let RegisterPhone {
            socket,
            number,
            phone,
            person,
        } = new;
        if !self.sockets.contains_key(&socket) {
            return None;
        }
        if self.phones.has_newer(phone, number) {
            return Some(socket);
        }
        let older = self.phones.get(phone).map(|older| older.socket);
        if let Some(older) = older {
            self.let_go(older, now);
        }
        self.let_go(socket, now);
        if let Some(socket) = self.sockets.get_mut(&socket) {
            socket.subject = Some(Subject::Phone(phone));
        }
        self.set_ended(socket, None);
        self.phones.add(
            phone,
            Phone {
                socket,
                number,
                person,
                attempt: None,
                sessions: Vec::new(),
            },
        );
        self.links
            .whisper(To::All, Subject::Phone(phone), Word::Opened { number });
        older
    }

    /// Lets a phone hear of these other ends, and of no others.
    pub fn watch(&mut self, watch: Watch, now: Instant) {
        let Watch {
            socket,
            attempt,
            sessions,
        } = watch;
        let subject = self.sockets.get(&socket).and_then(|socket| socket.subject);
        let Some(Subject::Phone(id)) = subject else {
            return;
        };
        let Some(phone) = self.phones.get_mut(id) else {
            return;
        };
        let before = std::mem::replace(&mut phone.sessions, sessions.clone());
        let left = std::mem::replace(&mut phone.attempt, attempt);
        let (left, came) = (left.map(|known| known.id), attempt.map(|known| known.id));
        if let Some(left) = left.filter(|left| Some(*left) != came) {
            self.phone_leaves(Subject::Attempt(left), socket, now);
        }
        for ended in before.iter().filter(|session| !sessions.contains(session)) {
            self.links.end(*ended, false);
        }
        if let Some(came) = came {
            self.phone_comes(Subject::Attempt(came), socket, now);
        }
        for session in sessions {
            self.phone_comes(Subject::Session(session), socket, now);
        }
    }

    /// Sockets of the phones that have not been told this of an attempt.
    pub fn phones_behind(
        &mut self,
        person: Option<&Identity>,
        attempt: AttemptId,
        version: i32,
    ) -> Vec<SocketId> {
        self.links.changed(Subject::Attempt(attempt), version);
        let person = person.into_iter();
        person
            .flat_map(|person| self.phones.behind(person, attempt, version))
            .collect()
    }

    /// Ends these pairs; returns the sockets of those that are phone sessions.
    pub fn end_pairs(&mut self, ended: &[Uuid], tell_others: bool) -> Vec<SocketId> {
        for session in ended {
            self.links.end(*session, tell_others);
        }
        let phones = ended.iter().filter_map(|id| self.phones.get(*id));
        phones.map(|phone| phone.socket).collect()
    }

    /// Compares what the phones here were told with what the database says.
    pub fn phones_seen(&self, look: &PhonesSeen) -> PhoneNews {
        let mut news = PhoneNews::default();
        let seen: HashMap<Uuid, _> = look.seen.iter().map(|seen| (seen.id, seen)).collect();
        for id in &look.asked {
            let Some(phone) = self.phones.get(*id) else {
                continue;
            };
            match seen.get(id) {
                None => news.ended.push(phone.socket),
                Some(seen) if seen.sockets > phone.number => news.replaced.push(phone.socket),
                Some(seen) if !phone.is_up_to_date(seen) => news.behind.push(phone.socket),
                Some(_) => {}
            }
        }
        news
    }

    /// One end of a pair says something to the other.
    pub fn say(
        &mut self,
        socket: SocketId,
        session: Option<Uuid>,
        said: (String, String),
        now: Instant,
    ) -> Result<(), Unsaid> {
        let subject = self.sockets.get(&socket).and_then(|socket| socket.subject);
        let (side, session) = match (subject, session) {
            (Some(Subject::Phone(_)), Some(session)) => (Side::Phone, session),
            (Some(Subject::Session(session)), None) => (Side::Browser, session),
            _ => return Err(Unsaid::PeerAbsent),
        };
        let subject = Subject::Session(session);
        let here = here(&self.attempts, &self.sessions, subject, now);
        self.links.say(session, (side, socket), said, here, now)
    }

    /// Another instance said something; returns what sockets here hear of it.
    pub fn whispered(
        &mut self,
        whispered: Whispered,
        now: Instant,
    ) -> Vec<(SocketId, SocketEvent)> {
        let Whispered {
            from,
            subject,
            word,
        } = whispered;
        match (subject, word) {
            (Subject::Phone(phone), Word::Opened { number }) => {
                let older = self.phones.get(phone);
                let older = older.filter(|older| older.number < number);
                return older
                    .map(|older| (older.socket, SocketEvent::Replaced))
                    .into_iter()
                    .collect();
            }
            (Subject::Attempt(_), Word::Changed { .. }) => {
                let phones = self.links.phones_of(subject).iter();
                return phones
                    .map(|socket| (*socket, SocketEvent::LookAgain))
                    .collect();
            }
            (_, Word::Who) => self.links.announce_again(now),
            (Subject::Session(session), Word::Ended) => self.links.end(session, false),
            (Subject::Phone(_), _) => {}
            (_, Word::Phone { here }) => self.heard(from, subject, (Side::Phone, here), now),
            (_, Word::Browser { here }) => self.heard(from, subject, (Side::Browser, here), now),
            (
                Subject::Session(session),
                Word::Said {
                    from,
                    text,
                    sent_at,
                },
            ) => {
                let here = here(&self.attempts, &self.sessions, subject, now);
                let said = (text.as_str(), sent_at.as_str());
                self.links.said_there(session, from, said, here);
            }
            _ => {}
        }
        Vec::new()
    }

    /// Other instances have come or gone.
    pub fn others_changed(&mut self, any: bool, now: Instant) {
        self.links.others_changed(any, now);
    }

    /// Tells both ends what they have to know of each other now.
    pub(super) fn settle(&mut self, subject: Subject, now: Instant) {
        if self.links.has(subject) {
            let here = here(&self.attempts, &self.sessions, subject, now);
            self.links.settle(subject, here, now);
        }
    }

    /// A phone's socket is no more, or is replaced.
    pub(super) fn phone_left(&mut self, id: Uuid, socket: SocketId, now: Instant) {
        if self
            .phones
            .get(id)
            .is_none_or(|phone| phone.socket != socket)
        {
            return;
        }
        let Some(phone) = self.phones.remove(id) else {
            return;
        };
        let attempt = phone.attempt.map(|known| Subject::Attempt(known.id));
        let sessions = phone.sessions.into_iter().map(Subject::Session);
        for subject in attempt.into_iter().chain(sessions) {
            self.phone_leaves(subject, socket, now);
        }
    }

    fn phone_comes(&mut self, subject: Subject, socket: SocketId, now: Instant) {
        let here = here(&self.attempts, &self.sessions, subject, now);
        self.links.phone_came(subject, socket, here, now);
    }

    fn phone_leaves(&mut self, subject: Subject, socket: SocketId, now: Instant) {
        let here = here(&self.attempts, &self.sessions, subject, now);
        self.links.phone_left(subject, socket, here, now);
    }

    fn heard(&mut self, from: Uuid, subject: Subject, said: (Side, bool), now: Instant) {
        let here = here(&self.attempts, &self.sessions, subject, now);
        self.links.heard(from, subject, said, here, now);
    }
}

/// The browser's end of a link on this instance.
fn here<'a>(
    attempts: &BTreeMap<AttemptId, Waiting>,
    sessions: &'a HashMap<Uuid, Vec<SocketId>>,
    subject: Subject,
    now: Instant,
) -> Here<'a> {
    let sockets = match subject {
        Subject::Session(session) => sessions.get(&session).map_or(&[][..], Vec::as_slice),
        Subject::Attempt(_) | Subject::Phone(_) => &[],
    };
    let present = match subject {
        // A page without a socket polls.
        Subject::Attempt(attempt) => attempts
            .get(&attempt)
            .is_some_and(|page| page.socket.is_some() || page.browser_polls(now)),
        Subject::Session(_) | Subject::Phone(_) => !sockets.is_empty(),
    };
    Here { present, sockets }
}
