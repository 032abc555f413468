//! What the hub is told, and what it tells a socket.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use actix::{Message, Recipient};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    login::{
        attempt::{Attempt, Identity},
        ids::AttemptId,
    },
    session::protocol::{ServerMessage, Side},
    store::{Known, SeenPhone},
};

/// One socket of this process; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u64);

impl SocketId {
    /// A new socket's.
    pub fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// What a socket's actor is told: by its thread when to ping, by the hub all else.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub enum SocketEvent {
    /// The attempt moved on: `LoginSucceeded`, `NotRegistered` or another state;
    /// or somebody at the other end of a pair came, went or said something.
    Changed(ServerMessage),
    /// The database has more to tell a phone than it was told.
    LookAgain,
    /// Time for a ping; whoever missed two is gone.
    PingDue,
    /// Its mailbox was full: its client does not read.
    TooSlow,
    /// A newer socket of the same attempt or phone session won.
    Replaced,
    /// The attempt ended long ago and nobody asked for more.
    IdleAfterEnd,
    /// The session or phone session behind this socket has ended, or it never said which.
    SessionEnded,
    /// The server is going away.
    Closing,
}

/// A socket has opened: its id, and how it is reached.
#[derive(Message)]
#[rtype(result = "()")]
pub struct SocketOpened(pub SocketId, pub Recipient<SocketEvent>);

/// A socket has closed.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct SocketClosed(pub SocketId);

/// From now on this socket hears about this attempt, and about no other. An
/// older socket of the same attempt is told that it was replaced.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Register {
    /// The socket.
    pub socket: SocketId,
    /// What it waits for.
    pub attempt: AttemptId,
    /// The newest version that it knows.
    pub version: i32,
    /// Whether that is the attempt's end.
    pub over: bool,
}

/// From now on this socket hears about its session.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct RegisterSession {
    /// The socket.
    pub socket: SocketId,
    /// The signed-in session.
    pub session: Uuid,
}

/// This socket has five seconds to say which phone it is.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct AwaitToken(pub SocketId);

/// From now on this socket hears when there is something for its phone. An
/// older socket of the same phone session, here or elsewhere, is told that it was replaced.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct RegisterPhone {
    /// The socket.
    pub socket: SocketId,
    /// How many sockets the phone session has opened with this one.
    pub number: i32,
    /// The phone session.
    pub phone: Uuid,
    /// Who holds the phone.
    pub person: Identity,
}

/// What a phone has been told: it hears of these other ends, and of no others.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Watch {
    /// Its socket.
    pub socket: SocketId,
    /// Its newest open attempt.
    pub attempt: Option<Known>,
    /// The sessions that it is paired with.
    pub sessions: Vec<Uuid>,
}

/// One end of a pair says something to the other.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), Unsaid>")]
pub struct Say {
    /// Whose socket.
    pub socket: SocketId,
    /// Which pair; a browser has one only.
    pub session: Option<Uuid>,
    /// What is said.
    pub text: String,
}

/// Why something was not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsaid {
    /// Nobody is at the other end, or there is no such pair.
    PeerAbsent,
    /// Too much was said; so long to wait.
    TooMuch(Duration),
}

/// What two ends have in common, or whose sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A login attempt: its page and its phone.
    Attempt(AttemptId),
    /// A session: its browser and the phone that let it in.
    Session(Uuid),
    /// A phone session.
    Phone(Uuid),
}

/// Which other instances hear of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// All that are known.
    All,
    /// The one with this channel.
    One(Uuid),
}

/// Something for other instances, which no one else may read or say.
#[derive(Debug)]
pub struct Whisper {
    /// Who hears it.
    pub to: To,
    /// What it is about.
    pub subject: Subject,
    /// What is said.
    pub word: Word,
}

/// What one instance says to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// The phone is on the instance that says so, or no longer.
    Phone {
        /// It is.
        here: bool,
    },
    /// The page or browser is.
    Browser {
        /// It is.
        here: bool,
    },
    /// The attempt has this version now, or a higher one.
    Changed {
        /// Its version.
        version: i32,
    },
    /// Whoever says so does not know where phones are.
    Who,
    /// The session has ended.
    Ended,
    /// The phone session has opened so many sockets.
    Opened {
        /// The newest one's number.
        number: i32,
    },
    /// One end said something to the other.
    Said {
        /// Which end.
        from: Side,
        /// What.
        text: String,
        /// When, by the clock of the instance that took it.
        sent_at: String,
    },
}

/// An instance said something, and it was that instance and nobody else.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Whispered {
    /// Its channel.
    pub from: Uuid,
    /// What it is about.
    pub subject: Subject,
    /// What is said.
    pub word: Word,
}

/// Other instances that hear whispers have come or gone.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct OthersChanged {
    /// There are some.
    pub any: bool,
}

/// What the database says of the phones here.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct PhonesSeen {
    /// Those that were looked for.
    pub asked: Vec<Uuid>,
    /// Those whose sessions live.
    pub seen: Vec<SeenPhone>,
}

/// Whose long poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Poller {
    /// The browser that asked for the code.
    Browser,
    /// The phone that scanned it.
    Phone,
}

/// A long poll wants to be woken when the attempt moves on. A newer poll of the
/// same side ends the older.
#[derive(Debug, Message)]
#[rtype(result = "Result<oneshot::Receiver<Wake>, TooManyPolls>")]
pub struct Wait {
    /// What it waits for.
    pub attempt: AttemptId,
    /// Who waits.
    pub poller: Poller,
    /// The version that it knows.
    pub version: i32,
    /// The same request goes on waiting: it does not count as another.
    pub again: bool,
}

/// What ends a long poll's wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// Look again.
    Changed,
    /// A newer poll took its place, or the server is about to stop.
    Replaced,
}

/// A third poll of one side within two seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyPolls;

/// An attempt has changed in the database.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct AttemptChanged {
    /// Which one.
    pub attempt: AttemptId,
    /// Its new version.
    pub version: i32,
    /// What its browser reads.
    pub message: ServerMessage,
    /// Who scanned it.
    pub claimer: Option<Identity>,
}

impl AttemptChanged {
    /// The news of an attempt as it was read or written.
    pub fn of(attempt: &Attempt, message: ServerMessage) -> Self {
        Self {
            attempt: attempt.id,
            version: attempt.version,
            message,
            claimer: attempt.claimer.clone(),
        }
    }
}

/// Another phone tried a code that one phone holds.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Contested(pub AttemptId);

/// Asks which of these attempts somebody waits for here. The answer has those
/// whose version here is lower than the one told, with the version known here,
/// and those that have a socket.
#[derive(Debug, Default, Message)]
#[rtype(result = "Self")]
pub struct Concerned {
    /// Attempts that are said to have moved on.
    pub changed: Vec<Known>,
    /// Attempts that are said to be contested.
    pub contested: Vec<AttemptId>,
}

/// Whether the hub takes messages.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Alive;

/// Lists some attempts whose sockets or polls wait here, in the order of their ids. What else the
/// hub has to do waits meanwhile.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "SomeWaiting")]
pub struct ListAttempts {
    /// Only those behind this one.
    pub after: Option<AttemptId>,
    /// So many at a time.
    pub some: usize,
    /// When nothing has moved on for some seconds: an eighth of all, and no more than this.
    pub many: usize,
}

/// The answer to [`ListAttempts`].
#[derive(Debug)]
pub struct SomeWaiting {
    /// Attempts that are not over, with the versions known here.
    pub attempts: Vec<Known>,
    /// There are more behind this one.
    pub more: Option<AttemptId>,
    /// Which part of all that wait here was looked at for this: 1 is all.
    pub part: f64,
}

/// Lists the sessions and phone sessions whose sockets wait here.
#[derive(Debug, Message)]
#[rtype(result = "SessionsHere")]
pub struct ListSessions;

/// The answer to [`ListSessions`].
#[derive(Debug)]
pub struct SessionsHere {
    /// Sessions with an open socket.
    pub sessions: Vec<Uuid>,
    /// Phone sessions with an open socket.
    pub phones: Vec<Uuid>,
}

/// These sessions or phone sessions have ended.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct SessionsEnded(pub Vec<Uuid>);

/// The server is going away: close this many more sockets. The answer is how many that were
/// open at the first such message have not been told yet.
#[derive(Debug, Message)]
#[rtype(result = "usize")]
pub struct CloseSome(pub usize);

/// Close every socket and end every long poll; the answer is how many sockets there were.
#[derive(Debug, Message)]
#[rtype(result = "usize")]
pub struct CloseAll;
