//! What a socket says and does, without a transport: an input comes in, effects go out.
//!
//! What all sockets share is here; each kind's own conversation is in a file of
//! its own.

pub mod login;
pub mod phone;
mod session;

use std::time::Instant;

use uuid::Uuid;

use self::{
    login::{LoginCommand, LoginTalk},
    phone::{PhoneCommand, PhoneTalk},
    session::SessionTalk,
};
use super::{
    flood::Flood,
    protocol::{BadFrame, CloseCode, ServerMessage},
};
use crate::{
    error::Error, http::language::Language, hub::messages::SocketEvent, login::ids::AttemptId,
    store::PhoneView,
};

/// Pings without an answer after which a connection counts as gone.
const MISSED_PINGS: u8 = 2;

/// Something that the database or the hub has to be asked for.
#[derive(Debug, Clone)]
pub enum Command {
    /// For a login page.
    Login(LoginCommand),
    /// For a phone.
    Phone(PhoneCommand),
    /// A text for the other end of a pair.
    Say {
        /// Which pair; a browser has one only.
        session: Option<Uuid>,
        /// What is said.
        text: String,
    },
}

/// What became of a command.
#[derive(Debug)]
pub enum Answer {
    /// Tell this.
    Tell(ServerMessage),
    /// It is done, and there is nothing to tell.
    Done,
    /// What there is to tell a phone.
    View(Box<PhoneView>),
}

/// What the actor has to do now.
#[derive(Debug)]
pub enum Effect {
    /// Write a frame.
    Send(ServerMessage),
    /// Ask the database; [`Logic::done`] takes the answer.
    Do(Command),
    /// Write a ping.
    Ping,
    /// Say why and end the connection.
    Close(CloseCode),
    /// End the connection, whose other end is gone.
    Drop,
}

/// One socket's conversation.
#[derive(Debug)]
pub struct Logic {
    talk: Talk,
    language: Language,
    messages: Flood,
    /// Pings, and pongs that answer none of ours.
    control: Flood,
    unanswered_pings: u8,
}

#[derive(Debug)]
enum Talk {
    /// A browser that wants to log in.
    Login(LoginTalk),
    /// A browser that is signed in.
    Session(SessionTalk),
    /// A phone.
    Phone(PhoneTalk),
}

impl Logic {
    /// A login page's socket, and its first command.
    pub fn login(resume: Option<AttemptId>, language: Language) -> (Self, Command) {
        let (talk, first) = LoginTalk::new(resume);
        (
            Self::new(Talk::Login(talk), language),
            Command::Login(first),
        )
    }

    /// A signed-in browser's socket.
    pub fn session(language: Language) -> Self {
        Self::new(Talk::Session(SessionTalk::default()), language)
    }

    /// A phone's socket, and its first command. `known` when the request said who it is.
    pub fn phone(known: bool, language: Language) -> (Self, Command) {
        let (talk, first) = PhoneTalk::new(known);
        (
            Self::new(Talk::Phone(talk), language),
            Command::Phone(first),
        )
    }

    fn new(talk: Talk, language: Language) -> Self {
        Self {
            talk,
            language,
            messages: Flood::default(),
            control: Flood::default(),
            unanswered_pings: 0,
        }
    }

    /// A text frame came in.
    pub fn text(&mut self, text: &str, now: Instant) -> Vec<Effect> {
        if !self.messages.allows(now) {
            return vec![Effect::Close(CloseCode::Policy)];
        }
        let taken = match &mut self.talk {
            Talk::Login(talk) => talk.text(text, self.language),
            Talk::Session(talk) => talk.text(text),
            Talk::Phone(talk) => talk.text(text),
        };
        taken.unwrap_or_else(|bad| {
            vec![match bad {
                BadFrame::NotJson => Effect::Close(CloseCode::Invalid),
                BadFrame::BadMessage => complaint("bad_message", self.language),
                BadFrame::UnknownMessage => complaint("unknown_message", self.language),
            }]
        })
    }

    /// It is told something.
    pub fn event(&mut self, event: SocketEvent) -> Vec<Effect> {
        match event {
            SocketEvent::Changed(message) => match &mut self.talk {
                Talk::Login(talk) => talk.changed(message),
                Talk::Session(_) | Talk::Phone(_) => vec![Effect::Send(message)],
            },
            SocketEvent::LookAgain => match &mut self.talk {
                Talk::Phone(talk) => talk.look_again(),
                Talk::Login(_) | Talk::Session(_) => Vec::new(),
            },
            SocketEvent::PingDue if self.unanswered_pings >= MISSED_PINGS => vec![Effect::Drop],
            SocketEvent::PingDue => {
                self.unanswered_pings += 1;
                vec![Effect::Ping]
            }
            SocketEvent::TooSlow => vec![Effect::Close(CloseCode::TooSlow)],
            SocketEvent::Replaced => vec![Effect::Close(CloseCode::Replaced)],
            SocketEvent::IdleAfterEnd => vec![Effect::Close(CloseCode::Finished)],
            SocketEvent::SessionEnded => vec![Effect::Close(CloseCode::SessionEnded)],
            SocketEvent::Closing => vec![Effect::Close(CloseCode::GoingAway)],
        }
    }

    /// A ping came in, which the transport answers unless it is told to close.
    pub fn ping(&mut self, now: Instant) -> Option<Effect> {
        (!self.control.allows(now)).then_some(Effect::Close(CloseCode::Policy))
    }

    /// A pong came in. One that answers a ping of ours is free.
    pub fn pong(&mut self, now: Instant) -> Option<Effect> {
        match std::mem::take(&mut self.unanswered_pings) {
            0 => self.ping(now),
            _ => None,
        }
    }

    /// A command has been answered.
    pub fn done(&mut self, answer: Result<Answer, Error>) -> Vec<Effect> {
        match &mut self.talk {
            Talk::Login(talk) => talk.done(answer, self.language),
            Talk::Session(talk) => talk.done(answer, self.language),
            Talk::Phone(talk) => talk.done(answer, self.language),
        }
    }
}

/// A request that could not be done, in the words of the API.
fn refusal(error: &Error, language: Language) -> Effect {
    Effect::Send(ServerMessage::Error {
        code: error.code(),
        detail: error.detail(language),
        retry_in: error.retry_in(),
    })
}

fn complaint(code: &'static str, language: Language) -> Effect {
    Effect::Send(ServerMessage::Error {
        code,
        detail: crate::error::detail(code, language),
        retry_in: None,
    })
}

#[cfg(test)]
mod tests;
