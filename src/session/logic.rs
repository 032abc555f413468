//! What a socket says and does, without a transport: an input comes in, effects go out.

use std::{collections::VecDeque, time::Instant};

use super::{
    flood::Flood,
    protocol::{BadFrame, ClientMessage, CloseCode, ServerMessage},
};
use crate::{
    error::Error, http::language::Language, hub::messages::SocketEvent, login::ids::AttemptId,
};

/// Pings without an answer after which a connection counts as gone.
const MISSED_PINGS: u8 = 2;

/// Something that the database has to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A new attempt.
    Begin,
    /// The state of an earlier attempt of the same browser.
    Resume(AttemptId),
    /// A new code for an attempt, or its state.
    Refresh {
        /// The attempt.
        attempt: AttemptId,
        /// The version that the browser knows.
        version: i32,
        /// Nobody tapped.
        silent: bool,
    },
    /// The end of an attempt.
    Cancel(AttemptId),
    /// The strict check's six digits.
    Check {
        /// The attempt.
        attempt: AttemptId,
        /// As they were typed.
        code: String,
    },
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
    role: Role,
    language: Language,
    messages: Flood,
    /// Pings, and pongs that answer none of ours.
    control: Flood,
    unanswered_pings: u8,
}

#[derive(Debug)]
enum Role {
    /// A browser that wants to log in.
    Login {
        /// Attempt and version of the newest state that was sent.
        position: Option<(AttemptId, i32)>,
        /// A command is under way; its successors wait their turn.
        busy: bool,
        /// A push overtook the answer of the command under way.
        overtaken: bool,
        /// News of an attempt that is about to be shown by that answer.
        early: Option<ServerMessage>,
        /// The attempt to resume, until its state has been told.
        resuming: Option<AttemptId>,
        queue: VecDeque<ClientMessage>,
    },
    /// A browser that is signed in.
    Session,
}

impl Logic {
    /// A login page's socket, and its first command.
    pub fn login(resume: Option<AttemptId>, language: Language) -> (Self, Command) {
        let role = Role::Login {
            position: None,
            busy: true,
            overtaken: false,
            early: None,
            resuming: resume,
            queue: VecDeque::new(),
        };
        let first = resume.map_or(Command::Begin, Command::Resume);
        (Self::new(role, language), first)
    }

    /// A signed-in browser's socket.
    pub fn session(language: Language) -> Self {
        Self::new(Role::Session, language)
    }

    fn new(role: Role, language: Language) -> Self {
        Self {
            role,
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
        match (ClientMessage::parse(text), &mut self.role) {
            (Err(BadFrame::NotJson), _) => vec![Effect::Close(CloseCode::Invalid)],
            (Err(BadFrame::BadMessage), _) => vec![self.complain("bad_message")],
            (Err(BadFrame::UnknownMessage), _) | (Ok(_), Role::Session) => {
                vec![self.complain("unknown_message")]
            }
            (Ok(message), Role::Login { queue, .. }) => {
                // Bounded by the limit above.
                queue.push_back(message);
                self.next_command()
            }
        }
    }

    /// The hub has something to tell.
    pub fn event(&mut self, event: SocketEvent) -> Vec<Effect> {
        match event {
            SocketEvent::Changed(message) => match message.position() {
                // Only what is newer, and only about the attempt that is shown.
                Some(_) if self.is_next(&message) => {
                    if let Role::Login { overtaken, .. } = &mut self.role {
                        *overtaken = true;
                    }
                    self.show(message)
                }
                Some(_) => {
                    if let Role::Login {
                        busy: true, early, ..
                    } = &mut self.role
                    {
                        *early = Some(message);
                    }
                    Vec::new()
                }
                None => vec![Effect::Send(message)],
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
    pub fn done(&mut self, answer: Result<ServerMessage, Error>) -> Vec<Effect> {
        let (mut told, mut news) = (false, None);
        if let Role::Login {
            busy,
            overtaken,
            early,
            resuming,
            ..
        } = &mut self.role
        {
            *busy = false;
            told = std::mem::take(overtaken);
            news = early.take();
            if answer.is_ok() {
                *resuming = None;
            }
        }
        let mut effects = match answer {
            Ok(message) if told && !self.is_newer(&message) => Vec::new(),
            Ok(message) => self.show(message),
            Err(error) => vec![Effect::Send(ServerMessage::Error {
                code: error.code(),
                detail: error.detail(self.language),
                retry_in: error.retry_in(),
            })],
        };
        if let Some(news) = news.filter(|news| self.is_next(news)) {
            effects.extend(self.show(news));
        }
        effects.extend(self.next_command());
        effects
    }

    /// Whether this is about the attempt that is shown, and newer.
    fn is_next(&self, message: &ServerMessage) -> bool {
        match (message.position(), self.position()) {
            (Some((attempt, version)), Some((shown, known))) => attempt == shown && version > known,
            _ => false,
        }
    }

    /// Whether the browser has not been told this yet.
    fn is_newer(&self, message: &ServerMessage) -> bool {
        match (message.position(), self.position()) {
            (Some((attempt, version)), Some((shown, known))) => attempt != shown || version > known,
            _ => true,
        }
    }

    fn position(&self) -> Option<(AttemptId, i32)> {
        match self.role {
            Role::Login { position, .. } => position,
            Role::Session => None,
        }
    }

    fn show(&mut self, message: ServerMessage) -> Vec<Effect> {
        if let Role::Login { position, .. } = &mut self.role {
            // Nothing to refresh: what the browser asks for next begins anew.
            *position = message.position().filter(|_| !message.is_without_row());
        }
        let finished = matches!(message, ServerMessage::Redeemed { .. });
        let mut effects = vec![Effect::Send(message)];
        if finished {
            effects.push(Effect::Close(CloseCode::Finished));
        }
        effects
    }

    fn next_command(&mut self) -> Vec<Effect> {
        let Role::Login {
            position,
            busy,
            overtaken,
            early,
            resuming,
            queue,
        } = &mut self.role
        else {
            return Vec::new();
        };
        if *busy {
            return Vec::new();
        }
        let Some(message) = queue.pop_front() else {
            return Vec::new();
        };
        let command = match (message, position.map(|(attempt, _)| attempt)) {
            (ClientMessage::Refresh { version, silent }, Some(attempt)) => Command::Refresh {
                attempt,
                version,
                silent,
            },
            // An attempt whose state could not be read is asked for again, not given up.
            (ClientMessage::Refresh { .. }, None) => {
                resuming.map_or(Command::Begin, Command::Resume)
            }
            (ClientMessage::Cancel, Some(attempt)) => Command::Cancel(attempt),
            (ClientMessage::CheckCode { code }, Some(attempt)) => Command::Check { attempt, code },
            (ClientMessage::Cancel | ClientMessage::CheckCode { .. }, None) => {
                let mut effects = vec![self.complain("attempt_unknown")];
                effects.extend(self.next_command());
                return effects;
            }
        };
        *busy = true;
        *overtaken = false;
        *early = None;
        vec![Effect::Do(command)]
    }

    fn complain(&self, code: &'static str) -> Effect {
        let detail = crate::error::detail(code, self.language);
        Effect::Send(ServerMessage::Error {
            code,
            detail,
            retry_in: None,
        })
    }
}

#[cfg(test)]
mod tests;
