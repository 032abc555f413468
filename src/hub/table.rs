//! Who waits on this instance: plain maps, without actors, clocks or I/O.
//!
//! Every method returns what has to be told to whom; the actor does the telling.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;
use uuid::Uuid;

use super::{
    links::{Here, LinkEffect, Links},
    messages::{SocketId, Subject, TooManyPolls, Wait, Wake},
    phones::Phones,
};
use crate::{login::ids::AttemptId, store::Known};

/// Everything that waits on this instance. `R` is how a socket is reached.
#[derive(Debug)]
pub struct LoginTable<R> {
    // Trees grow with each entry; a hash table of many would double its memory in one moment.
    sockets: BTreeMap<SocketId, Socket<R>>,
    attempts: BTreeMap<AttemptId, Waiting>,
    sessions: HashMap<Uuid, Vec<SocketId>>,
    phones: Phones,
    links: Links,
    /// Phones' sockets that have not said whose they are, in the order of their time.
    tokens: VecDeque<(Instant, SocketId)>,
    /// Sockets that have nothing to wait for, since when.
    ended: BTreeSet<(Instant, SocketId)>,
    /// When an attempt moved on last.
    moved_at: Option<Instant>,
    times: Times,
}

/// How long the table waits for what.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Until a socket without anything to wait for is closed.
    pub idle_after_end: Duration,
    /// Until a phone's socket has to be somebody's.
    pub token: Duration,
    /// Until one end of a link that has gone is missed by the other.
    pub absent_after: Duration,
}

#[derive(Debug)]
struct Socket<R> {
    reach: R,
    subject: Option<Subject>,
    /// Since when it has nothing to wait for; then it is among those that have ended.
    ended_at: Option<Instant>,
    /// It had no room for something that it should have heard.
    overflowed: bool,
}

#[derive(Debug, Default)]
struct Waiting {
    version: i32,
    over: bool,
    socket: Option<SocketId>,
    /// Most attempts have a socket and no polls.
    polls: Option<Box<BothPolls>>,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub enum Due {
    /// Its attempt ended long ago.
    IdleAfterEnd(SocketId),
    /// It did not say which phone it is.
    NoToken(SocketId),
    /// Somebody at one end of a link may have something to hear.
    Link,
}

impl<R> LoginTable<R> {
    /// An empty table.
    pub fn new(times: Times) -> Self {
        Self {
            sockets: BTreeMap::new(),
            attempts: BTreeMap::new(),
            sessions: HashMap::new(),
            phones: Phones::default(),
            links: Links::new(times.absent_after),
            tokens: VecDeque::new(),
            ended: BTreeSet::new(),
            moved_at: None,
            times,
        }
    }

    /// Adds a socket that waits for nothing yet.
    pub fn open(&mut self, id: SocketId, reach: R, now: Instant) {
        self.sockets.insert(
            id,
            Socket {
                reach,
                subject: None,
                ended_at: None,
                overflowed: false,
            },
        );
        self.set_ended(id, Some(now));
    }

    /// Removes a socket, and only what is still its own.
    pub fn close(&mut self, id: SocketId, now: Instant) {
        self.let_go(id, now);
        self.set_ended(id, None);
        self.sockets.remove(&id);
    }

    /// What has to be told since the last time, in this order.
    pub fn take_effects(&mut self) -> Vec<LinkEffect> {
        self.links.take_effects()
    }

    /// Makes `id` the socket of this attempt; returns the one that it replaces.
    pub fn register(
        &mut self,
        id: SocketId,
        attempt: AttemptId,
        version: i32,
        over: bool,
        now: Instant,
    ) -> Option<SocketId> {
        if !self.sockets.contains_key(&id) {
            return None;
        }
        self.let_go(id, now);
        let waiting = self.attempts.entry(attempt).or_default();
        if version > waiting.version {
            waiting.wake(Wake::Changed);
            waiting.version = version;
        }
        waiting.over |= over;
        let over = waiting.over;
        let replaced = waiting.socket.replace(id);
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.subject = Some(Subject::Attempt(attempt));
        }
        self.set_ended(id, over.then_some(now));
        if let Some(older) = replaced.and_then(|older| self.sockets.get_mut(&older)) {
            older.subject = None;
        }
        self.settle(Subject::Attempt(attempt), now);
        replaced
    }

    /// Makes `id` a socket of this session.
    pub fn register_session(&mut self, id: SocketId, session: Uuid, now: Instant) {
        if !self.sockets.contains_key(&id) {
            return;
        }
        self.let_go(id, now);
        self.sessions.entry(session).or_default().push(id);
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.subject = Some(Subject::Session(session));
        }
        self.set_ended(id, None);
        let sockets = self.sessions.get(&session).map_or(&[][..], Vec::as_slice);
        let present = true;
        let here = Here { present, sockets };
        self.links.browser_came(session, id, here, now);
    }

    /// Notes that an attempt has moved on: wakes its polls and returns the
    /// socket that has to hear of it. Old news are none.
    pub fn change(
        &mut self,
        attempt: AttemptId,
        version: i32,
        over: bool,
        now: Instant,
    ) -> Option<SocketId> {
        let waiting = self.attempts.get_mut(&attempt)?;
        if version <= waiting.version {
            return None;
        }
        waiting.version = version;
        waiting.over = over;
        waiting.wake(Wake::Changed);
        self.moved_at = Some(now);
        let id = waiting.socket?;
        self.set_ended(id, over.then_some(now));
        Some(id)
    }

    /// Takes back a change that its socket could not be told, so that the next
    /// look finds it again.
    pub fn untold(&mut self, attempt: AttemptId, version: i32) {
        if let Some(waiting) = self.attempts.get_mut(&attempt) {
            waiting.version = version - 1;
            waiting.over = false;
        }
    }

    /// The socket that waits for this attempt.
    pub fn socket_of(&self, attempt: AttemptId) -> Option<SocketId> {
        self.attempts.get(&attempt)?.socket
    }

    /// Takes sockets of sessions that have ended.
    pub fn sockets_of_sessions(&self, ended: &[Uuid]) -> Vec<SocketId> {
        let of = ended
            .iter()
            .filter_map(|session| self.sessions.get(session));
        of.flatten().copied().collect()
    }

    /// Lets a long poll wait; it ends the one before it.
    pub fn wait(
        &mut self,
        poll: &Wait,
        now: Instant,
    ) -> Result<oneshot::Receiver<Wake>, TooManyPolls> {
        let Wait {
            attempt,
            poller,
            version,
            again,
        } = *poll;
        // What a poll knows, the socket has not been told: only an attempt that
        // nobody waits for takes the poll's version.
        let waiting = self.attempts.entry(attempt).or_insert_with(|| Waiting {
            version,
            ..Waiting::default()
        });
        let both = waiting.polls.get_or_insert_default();
        both.of(poller).wait(again, now)
    }

    /// What is due next, if anything is.
    pub fn next_due(&mut self, now: Instant) -> Option<Due> {
        if let Some(subject) = self.links.next_due(now) {
            self.settle(subject, now);
            return Some(Due::Link);
        }
        if let Some(id) = self.next_without_token(now) {
            return Some(Due::NoToken(id));
        }
        let &(end, id) = self.ended.first()?;
        (end + self.times.idle_after_end <= now).then(|| {
            // Told once: it closes, or has no room for it and is closed for that.
            self.set_ended(id, None);
            Due::IdleAfterEnd(id)
        })
    }

    /// Those of these attempts that somebody waits for here with a lower version,
    /// with that version.
    pub fn behind(&self, told: &[Known]) -> Vec<Known> {
        let behind = told.iter().filter_map(|told| {
            let version = self.attempts.get(&told.id)?.version;
            (version < told.version).then_some(Known {
                id: told.id,
                version,
            })
        });
        behind.collect()
    }

    /// How to reach a socket.
    pub fn reach(&self, id: SocketId) -> Option<&R> {
        self.sockets.get(&id).map(|socket| &socket.reach)
    }

    /// How to reach a socket that had no room for something, the first time only.
    pub fn first_overflow(&mut self, id: SocketId) -> Option<&R> {
        let socket = self.sockets.get_mut(&id)?;
        let first = !std::mem::replace(&mut socket.overflowed, true);
        first.then_some(&socket.reach)
    }

    /// Ends every long poll, so that none keeps a stopping server waiting.
    pub fn end_polls(&mut self) {
        for waiting in self.attempts.values_mut() {
            waiting.wake(Wake::Replaced);
        }
    }

    /// Every socket.
    pub fn all(&self) -> Vec<SocketId> {
        self.sockets.keys().copied().collect()
    }

    /// How many sockets are open.
    pub fn len(&self) -> usize {
        self.sockets.len()
    }

    /// Notes since when a socket has nothing to wait for, or that it has something.
    fn set_ended(&mut self, id: SocketId, since: Option<Instant>) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        if let Some(before) = std::mem::replace(&mut socket.ended_at, since) {
            self.ended.remove(&(before, id));
        }
        self.ended.extend(since.map(|since| (since, id)));
    }

    /// Ends what a socket waited for, unless a newer socket waits for it now.
    fn let_go(&mut self, id: SocketId, now: Instant) {
        let subject = self
            .sockets
            .get_mut(&id)
            .and_then(|socket| socket.subject.take());
        match subject {
            Some(Subject::Attempt(attempt)) => {
                if let Some(waiting) = self.attempts.get_mut(&attempt)
                    && waiting.socket == Some(id)
                {
                    waiting.socket = None;
                    if !waiting.polls.as_ref().is_some_and(|both| both.wait()) {
                        self.attempts.remove(&attempt);
                    }
                }
                self.settle(Subject::Attempt(attempt), now);
            }
            Some(Subject::Session(session)) => {
                if let Some(sockets) = self.sessions.get_mut(&session) {
                    sockets.retain(|socket| *socket != id);
                    if sockets.is_empty() {
                        self.sessions.remove(&session);
                    }
                }
                self.settle(Subject::Session(session), now);
            }
            Some(Subject::Phone(phone)) => self.phone_left(phone, id, now),
            None => {}
        }
    }
}

impl Waiting {
    fn wake(&mut self, wake: Wake) {
        if let Some(both) = &mut self.polls {
            both.wake(wake);
        }
    }

    /// Whether its browser polls, or did a moment ago.
    fn browser_polls(&self, now: Instant) -> bool {
        let both = self.polls.as_ref();
        both.is_some_and(|both| both.browser_polls(now))
    }
}

mod listing;
mod pairs;
mod polls;

pub use pairs::PhoneNews;
use polls::BothPolls;

#[cfg(test)]
mod tests;
