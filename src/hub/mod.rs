//! Who waits for which login on this instance.
//!
//! [`LoginHub`] is a thin actor around the pure [`table::LoginTable`]. It does
//! no I/O, awaits nobody and knows no HTTP and no SQL: it is told what the
//! database has decided, and tells the one socket that waits for it.

mod ask;
mod links;
pub mod messages;
mod pairs;
mod phones;
mod table;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use actix::{
    Actor, Addr, AsyncContext, Context, Handler, MessageResult, Recipient,
    dev::{SendError, channel},
};
use tokio::sync::mpsc;

pub use ask::ask;
use links::LinkEffect;
use messages::{
    Alive, AttemptChanged, CloseAll, CloseSome, Concerned, Contested, ListAttempts, ListSessions,
    Register, RegisterSession, SessionsEnded, SocketClosed, SocketEvent, SocketId, SocketOpened,
    Wait, Whisper,
};
use table::{Due, LoginTable, Times};

use crate::{session::protocol::ServerMessage, settings::Timers};

/// Messages that may wait in the hub's mailbox; more is answered `Full`.
const MAILBOX: usize = 4096;
/// Between two looks at what is due.
const SWEEP: Duration = Duration::from_millis(250);
/// What one step of the sweep may do before other messages get their turn.
const CHUNK: usize = 128;

/// The one actor of an instance that knows all its sockets.
#[derive(Debug)]
pub struct LoginHub {
    table: LoginTable<Recipient<SocketEvent>>,
    /// The way to other instances; what it has no room for is lost.
    whispers: mpsc::Sender<Whisper>,
    /// Once the server is going away: whom it has not told yet.
    leaving: Option<Vec<SocketId>>,
}

/// A hub that does not run yet: what it is told waits for it. A clone is the same hub.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "a mailbox has none")]
pub struct Prepared(Arc<Mutex<Option<WithMailbox>>>);

type WithMailbox = (LoginHub, channel::AddressReceiver<LoginHub>);

impl Prepared {
    /// Runs it on this thread, unless it runs already.
    pub fn start(&self) {
        let mut prepared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((hub, mailbox)) = prepared.take() {
            Context::with_receiver(mailbox).run(hub);
        }
    }
}

/// Do what is due, one chunk of it, and come back.
#[derive(actix::Message)]
#[rtype(result = "()")]
struct Sweep;

impl LoginHub {
    /// A hub with no sockets, which says to other instances what it has to say by this channel.
    pub fn prepare(timers: &Timers, whispers: mpsc::Sender<Whisper>) -> (Addr<Self>, Prepared) {
        let (address, mailbox) = channel::channel(MAILBOX);
        let hub = Self {
            table: LoginTable::new(Times {
                idle_after_end: timers.idle_after_end,
                token: timers.head,
                absent_after: timers.absent_after,
            }),
            whispers,
            leaving: None,
        };
        let prepared = Arc::new(Mutex::new(Some((hub, mailbox))));
        (Addr::new(address), Prepared(prepared))
    }

    /// Tells what has come up at the ends of links.
    fn tell_ends(&mut self) {
        for effect in self.table.take_effects() {
            match effect {
                LinkEffect::Tell(socket, event) => drop(self.tell(socket, event)),
                LinkEffect::Whisper(whisper) => {
                    if self.whispers.try_send(whisper).is_err() {
                        metrics::counter!("saoma_whispers_dropped_total").increment(1);
                    }
                }
            }
        }
    }

    /// False if the socket is too slow to take it. A slow socket is never waited for.
    ///
    /// A socket's actor takes messages until its transport holds all that it may
    /// hold for a client, so a full mailbox means one that has not read for long,
    /// or a worker that is very busy. It is told so once, past the mailbox's bound: where
    /// the client reads on, it reads 4008; where it never does, the kernel ends
    /// the connection (see `listener.rs`). The attempt stays, to be resumed.
    fn tell(&mut self, id: SocketId, event: SocketEvent) -> bool {
        let Some(recipient) = self.table.reach(id) else {
            return true;
        };
        match recipient.try_send(event) {
            Ok(()) | Err(SendError::Closed(_)) => true,
            Err(SendError::Full(_)) => {
                metrics::counter!("saoma_pushes_dropped_total").increment(1);
                if let Some(recipient) = self.table.first_overflow(id) {
                    recipient.do_send(SocketEvent::TooSlow);
                }
                false
            }
        }
    }

    fn count(&self) {
        let sockets = u32::try_from(self.table.len()).unwrap_or(u32::MAX);
        metrics::gauge!("saoma_sockets").set(sockets);
    }
}

impl Actor for LoginHub {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.notify(Sweep);
    }
}

impl Handler<Sweep> for LoginHub {
    type Result = ();

    fn handle(&mut self, _: Sweep, context: &mut Self::Context) {
        let now = Instant::now();
        for _ in 0..CHUNK {
            match self.table.next_due(now) {
                Some(Due::IdleAfterEnd(id)) => self.tell(id, SocketEvent::IdleAfterEnd),
                Some(Due::NoToken(id)) => self.tell(id, SocketEvent::SessionEnded),
                Some(Due::Link) => {
                    self.tell_ends();
                    continue;
                }
                None => {
                    context.notify_later(Sweep, SWEEP);
                    return;
                }
            };
        }
        context.notify(Sweep);
    }
}

impl Handler<SocketOpened> for LoginHub {
    type Result = ();

    fn handle(&mut self, message: SocketOpened, _: &mut Self::Context) {
        let SocketOpened(id, recipient) = message;
        self.table.open(id, recipient, Instant::now());
        self.count();
    }
}

impl Handler<SocketClosed> for LoginHub {
    type Result = ();

    fn handle(&mut self, message: SocketClosed, _: &mut Self::Context) {
        self.table.close(message.0, Instant::now());
        self.tell_ends();
        self.count();
    }
}

impl Handler<Register> for LoginHub {
    type Result = ();

    fn handle(&mut self, message: Register, _: &mut Self::Context) {
        let Register {
            socket,
            attempt,
            version,
            over,
        } = message;
        let replaced = self
            .table
            .register(socket, attempt, version, over, Instant::now());
        if let Some(older) = replaced.filter(|older| *older != socket) {
            self.tell(older, SocketEvent::Replaced);
        }
        self.tell_ends();
    }
}

impl Handler<RegisterSession> for LoginHub {
    type Result = ();

    fn handle(&mut self, message: RegisterSession, _: &mut Self::Context) {
        let RegisterSession { socket, session } = message;
        self.table.register_session(socket, session, Instant::now());
        self.tell_ends();
    }
}

impl Handler<Wait> for LoginHub {
    type Result = MessageResult<Wait>;

    fn handle(&mut self, message: Wait, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.table.wait(&message, Instant::now()))
    }
}

impl Handler<AttemptChanged> for LoginHub {
    type Result = ();

    /// Routes `LoginSucceeded`, `NotRegistered` or any other state to the one
    /// socket that waits for this attempt.
    fn handle(&mut self, news: AttemptChanged, _: &mut Self::Context) {
        let over = news.message.is_end();
        let waiting = self
            .table
            .change(news.attempt, news.version, over, Instant::now());
        if let Some(socket) = waiting
            && !self.tell(socket, SocketEvent::Changed(news.message))
        {
            self.table.untold(news.attempt, news.version);
        }
        let phones = self
            .table
            .phones_behind(news.claimer.as_ref(), news.attempt, news.version);
        for phone in phones {
            self.tell(phone, SocketEvent::LookAgain);
        }
        self.tell_ends();
    }
}

impl Handler<Contested> for LoginHub {
    type Result = ();

    fn handle(&mut self, message: Contested, _: &mut Self::Context) {
        if let Some(socket) = self.table.socket_of(message.0) {
            self.tell(socket, SocketEvent::Changed(ServerMessage::Contested));
        }
    }
}

impl Handler<Concerned> for LoginHub {
    type Result = MessageResult<Concerned>;

    fn handle(&mut self, asked: Concerned, _: &mut Self::Context) -> Self::Result {
        let Concerned {
            changed,
            mut contested,
        } = asked;
        contested.retain(|attempt| self.table.socket_of(*attempt).is_some());
        MessageResult(Concerned {
            changed: self.table.behind(&changed),
            contested,
        })
    }
}

impl Handler<Alive> for LoginHub {
    type Result = ();

    fn handle(&mut self, _: Alive, _: &mut Self::Context) {}
}

impl Handler<ListAttempts> for LoginHub {
    type Result = MessageResult<ListAttempts>;

    fn handle(&mut self, asked: ListAttempts, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.table.list_attempts(asked, Instant::now()))
    }
}

impl Handler<ListSessions> for LoginHub {
    type Result = MessageResult<ListSessions>;

    fn handle(&mut self, _: ListSessions, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.table.sessions_here())
    }
}

impl Handler<SessionsEnded> for LoginHub {
    type Result = ();

    fn handle(&mut self, message: SessionsEnded, _: &mut Self::Context) {
        let phones = self.table.end_pairs(&message.0, true);
        for socket in self.table.sockets_of_sessions(&message.0) {
            self.tell(socket, SocketEvent::SessionEnded);
        }
        for phone in phones {
            self.tell(phone, SocketEvent::SessionEnded);
        }
        self.tell_ends();
    }
}

impl Handler<CloseSome> for LoginHub {
    type Result = usize;

    fn handle(&mut self, message: CloseSome, _: &mut Self::Context) -> usize {
        let mut leaving = self.leaving.take().unwrap_or_else(|| self.table.all());
        let kept = leaving.len().saturating_sub(message.0);
        for socket in leaving.split_off(kept) {
            self.tell(socket, SocketEvent::Closing);
        }
        self.leaving = Some(leaving);
        kept
    }
}

impl Handler<CloseAll> for LoginHub {
    type Result = usize;

    fn handle(&mut self, _: CloseAll, _: &mut Self::Context) -> usize {
        self.table.end_polls();
        for socket in self.table.all() {
            self.tell(socket, SocketEvent::Closing);
        }
        self.table.len()
    }
}

#[cfg(test)]
mod tests;
