//! What the hub is told, and what it tells a socket.

use actix::{Message, Recipient};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    login::{attempt::Attempt, ids::AttemptId},
    session::protocol::ServerMessage,
    store::Known,
};

/// One socket of this process; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u64);

/// What the hub tells a socket's actor.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub enum SocketEvent {
    /// The attempt moved on: `LoginSucceeded`, `NotRegistered` or another state.
    Changed(ServerMessage),
    /// Time for a ping; whoever missed two is gone.
    PingDue,
    /// Its mailbox was full: its client does not read.
    TooSlow,
    /// A newer socket of the same attempt won.
    Replaced,
    /// The attempt ended long ago and nobody asked for more.
    IdleAfterEnd,
    /// The session behind this socket has ended.
    SessionEnded,
    /// The server is going away.
    Closing,
}

/// A socket has opened; the answer is its id.
#[derive(Message)]
#[rtype(result = "SocketId")]
pub struct SocketOpened(pub Recipient<SocketEvent>);

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
}

impl AttemptChanged {
    /// The news of an attempt as it was read or written.
    pub fn of(attempt: &Attempt, message: ServerMessage) -> Self {
        Self {
            attempt: attempt.id,
            version: attempt.version,
            message,
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

/// Lists the attempts and sessions whose sockets or polls wait here.
#[derive(Debug, Message)]
#[rtype(result = "WaitingHere")]
pub struct ListWaiting;

/// The answer to [`ListWaiting`].
#[derive(Debug, Default)]
pub struct WaitingHere {
    /// Attempts that are not over, with the versions known here.
    pub attempts: Vec<Known>,
    /// Sessions with an open socket.
    pub sessions: Vec<Uuid>,
}

/// These sessions have ended.
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
