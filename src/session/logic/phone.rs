//! A phone's conversation: who it is, its calls, its newest attempt, its pairs.

use std::collections::VecDeque;

use serde_json::Value;
use uuid::Uuid;

use super::{
    super::protocol::{BadFrame, CloseCode, PhoneCall, PhoneMessage, ServerMessage},
    Answer, Command, Effect, refusal,
};
use crate::{
    error::Error,
    http::language::Language,
    login::{
        attempt::Attempt,
        ids::{AttemptId, Secret},
        reason::Reason,
    },
    store::{Known, PhoneView},
};

/// What a phone's socket asks for.
#[derive(Debug, Clone)]
pub enum PhoneCommand {
    /// To be closed unless it says in time who it is.
    AwaitToken,
    /// Who this is: by a token of its own, or by the request's.
    Identify(Option<Secret>),
    /// What HTTP would answer.
    Call {
        /// Comes back with the answer.
        id: Value,
        /// Which one.
        call: PhoneCall,
        /// The request's fields.
        body: Value,
    },
    /// What there is to tell, to a phone that was told of this attempt last.
    View(Option<AttemptId>),
    /// To hear of the other ends: of this attempt's page, and of these sessions' browsers.
    Watch {
        /// As it was told.
        attempt: Option<Known>,
        /// All that it is paired with.
        sessions: Vec<Uuid>,
    },
}

/// A phone with the mini program.
#[derive(Debug)]
pub(super) struct PhoneTalk {
    state: State,
    /// Something may have changed since what was told last.
    look: bool,
    /// The attempt that was told last, unless that was its end.
    told: Option<Known>,
    queue: VecDeque<PhoneMessage>,
}

/// What is under way. One command at a time; what comes meanwhile waits its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The hub is told that this one has to say who it is.
    Opening,
    /// It has not said so.
    Unknown,
    /// Its token is looked up.
    Identifying,
    /// What there is to tell is read.
    Looking,
    /// Any other command.
    Busy,
    Idle,
}

impl PhoneTalk {
    pub(super) fn new(known: bool) -> (Self, PhoneCommand) {
        let (state, first) = if known {
            (State::Identifying, PhoneCommand::Identify(None))
        } else {
            (State::Opening, PhoneCommand::AwaitToken)
        };
        let talk = Self {
            state,
            look: false,
            told: None,
            queue: VecDeque::new(),
        };
        (talk, first)
    }

    pub(super) fn text(&mut self, text: &str) -> Result<Vec<Effect>, BadFrame> {
        let message = PhoneMessage::parse(text);
        match (self.state, message) {
            (_, Err(BadFrame::NotJson)) => Err(BadFrame::NotJson),
            (State::Unknown | State::Opening, Err(_)) => Ok(vec![nobody()]),
            (State::Unknown, Ok(message)) => Ok(self.first(message)),
            (State::Opening, Ok(message)) => {
                self.queue.push_back(message);
                Ok(Vec::new())
            }
            // It has said so, in the request or before.
            (_, Ok(PhoneMessage::Auth(_))) => Ok(Vec::new()),
            (_, Ok(message)) => {
                // Bounded by the limit of messages.
                self.queue.push_back(message);
                Ok(self.next())
            }
            (_, Err(bad)) => Err(bad),
        }
    }

    /// Whoever says anything else than who it is has no phone session.
    fn first(&mut self, message: PhoneMessage) -> Vec<Effect> {
        let PhoneMessage::Auth(token) = message else {
            return vec![nobody()];
        };
        self.state = State::Identifying;
        let identify = PhoneCommand::Identify(Some(token));
        vec![Effect::Do(Command::Phone(identify))]
    }

    /// The hub knows that something has changed.
    pub(super) fn look_again(&mut self) -> Vec<Effect> {
        self.look = true;
        self.next()
    }

    pub(super) fn done(
        &mut self,
        answer: Result<Answer, Error>,
        language: Language,
    ) -> Vec<Effect> {
        let was = std::mem::replace(&mut self.state, State::Idle);
        let mut effects = match (was, answer) {
            (State::Opening, Ok(_)) => {
                self.state = State::Unknown;
                let first = self.queue.pop_front();
                return first.map_or_else(Vec::new, |message| self.first(message));
            }
            (State::Opening, Err(_)) => return vec![Effect::Close(CloseCode::Internal)],
            (State::Identifying, Ok(_)) => {
                self.look = true;
                Vec::new()
            }
            (State::Identifying, Err(Error::PhoneSessionInvalid)) => {
                return vec![nobody()];
            }
            (State::Identifying, Err(Error::SlowDown(_))) => {
                return vec![Effect::Close(CloseCode::Policy)];
            }
            (State::Identifying, Err(_)) => return vec![Effect::Close(CloseCode::Internal)],
            (_, Ok(Answer::View(view))) => return self.tell(*view),
            (_, Ok(Answer::Tell(message))) => vec![Effect::Send(message)],
            (_, Ok(Answer::Done)) => Vec::new(),
            // The next look says so again.
            (State::Looking, Err(_)) => Vec::new(),
            (_, Err(error)) => vec![refusal(&error, language)],
        };
        effects.extend(self.next());
        effects
    }

    /// Tells what is new, and only then asks to hear of the other ends.
    fn tell(&mut self, view: PhoneView) -> Vec<Effect> {
        let PhoneView {
            newest,
            followed,
            sessions,
        } = view;
        let mut effects = Vec::new();
        let before = self.told.take();
        if let Some(before) = before
            && newest.as_ref().is_none_or(|newest| newest.id != before.id)
        {
            match followed {
                Some(end) if end.version > before.version => effects.push(attempt(&end)),
                Some(_) => {}
                None => effects.push(lost(before)),
            }
        }
        if let Some(newest) = newest {
            let (id, version) = (newest.id, newest.version);
            if before.is_none_or(|before| before.id != id || before.version < version) {
                effects.push(attempt(&newest));
            }
            self.told = Some(Known { id, version });
        }
        self.state = State::Busy;
        let attempt = self.told;
        let watch = PhoneCommand::Watch { attempt, sessions };
        effects.push(Effect::Do(Command::Phone(watch)));
        effects
    }

    fn next(&mut self) -> Vec<Effect> {
        if self.state != State::Idle {
            return Vec::new();
        }
        if std::mem::take(&mut self.look) {
            self.state = State::Looking;
            let view = PhoneCommand::View(self.told.map(|told| told.id));
            return vec![Effect::Do(Command::Phone(view))];
        }
        let command = match self.queue.pop_front() {
            None | Some(PhoneMessage::Auth(_)) => return Vec::new(),
            Some(PhoneMessage::Call { id, call, body }) => {
                Command::Phone(PhoneCommand::Call { id, call, body })
            }
            Some(PhoneMessage::Message { session, text }) => Command::Say {
                session: Some(session),
                text,
            },
        };
        self.state = State::Busy;
        vec![Effect::Do(command)]
    }
}

fn nobody() -> Effect {
    Effect::Close(CloseCode::SessionEnded)
}

fn attempt(attempt: &Attempt) -> Effect {
    Effect::Send(ServerMessage::Attempt {
        attempt: attempt.id,
        version: attempt.version,
        state: attempt.state.as_str(),
        reason: attempt.reason.map(Reason::as_public_str),
    })
}

/// Its row is gone, or no longer this person's.
fn lost(before: Known) -> Effect {
    Effect::Send(ServerMessage::Attempt {
        attempt: before.id,
        version: before.version + 1,
        state: "failed",
        reason: Some(Reason::AttemptLost.as_str()),
    })
}

#[cfg(test)]
mod tests;
