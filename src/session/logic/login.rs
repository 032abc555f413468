//! A login page's conversation: one attempt is shown, and only what is newer than it.

use std::collections::VecDeque;

use super::{
    super::protocol::{BadFrame, ClientMessage, CloseCode, ServerMessage},
    Answer, Command, Effect, complaint, refusal,
};
use crate::{error::Error, http::language::Language, login::ids::AttemptId};

/// What a login page asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginCommand {
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

/// A browser that wants to log in.
#[derive(Debug)]
pub(super) struct LoginTalk {
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
}

impl LoginTalk {
    pub(super) fn new(resume: Option<AttemptId>) -> (Self, LoginCommand) {
        let talk = Self {
            position: None,
            busy: true,
            overtaken: false,
            early: None,
            resuming: resume,
            queue: VecDeque::new(),
        };
        let first = resume.map_or(LoginCommand::Begin, LoginCommand::Resume);
        (talk, first)
    }

    pub(super) fn text(&mut self, text: &str, language: Language) -> Result<Vec<Effect>, BadFrame> {
        match ClientMessage::parse(text)? {
            // Nobody is at the other end before the login.
            ClientMessage::Message { .. } => Err(BadFrame::UnknownMessage),
            message => {
                // Bounded by the limit of messages.
                self.queue.push_back(message);
                Ok(self.next_command(language))
            }
        }
    }

    /// The attempt may have moved on.
    pub(super) fn changed(&mut self, message: ServerMessage) -> Vec<Effect> {
        match message.position() {
            // Only what is newer, and only about the attempt that is shown.
            Some(_) if self.is_next(&message) => {
                self.overtaken = true;
                self.show(message)
            }
            Some(_) => {
                if self.busy {
                    self.early = Some(message);
                }
                Vec::new()
            }
            None => vec![Effect::Send(message)],
        }
    }

    pub(super) fn done(
        &mut self,
        answer: Result<Answer, Error>,
        language: Language,
    ) -> Vec<Effect> {
        self.busy = false;
        let told = std::mem::take(&mut self.overtaken);
        let news = self.early.take();
        if answer.is_ok() {
            self.resuming = None;
        }
        let mut effects = match answer {
            Ok(Answer::Tell(message)) if told && !self.is_newer(&message) => Vec::new(),
            Ok(Answer::Tell(message)) => self.show(message),
            Ok(Answer::Done | Answer::View(_)) => Vec::new(),
            Err(error) => vec![refusal(&error, language)],
        };
        if let Some(news) = news.filter(|news| self.is_next(news)) {
            effects.extend(self.show(news));
        }
        effects.extend(self.next_command(language));
        effects
    }

    /// Whether this is about the attempt that is shown, and newer.
    fn is_next(&self, message: &ServerMessage) -> bool {
        match (message.position(), self.position) {
            (Some((attempt, version)), Some((shown, known))) => attempt == shown && version > known,
            _ => false,
        }
    }

    /// Whether the browser has not been told this yet.
    fn is_newer(&self, message: &ServerMessage) -> bool {
        match (message.position(), self.position) {
            (Some((attempt, version)), Some((shown, known))) => attempt != shown || version > known,
            _ => true,
        }
    }

    fn show(&mut self, message: ServerMessage) -> Vec<Effect> {
        // Nothing to refresh: what the browser asks for next begins anew.
        self.position = message.position().filter(|_| !message.is_without_row());
        let finished = matches!(message, ServerMessage::Redeemed { .. });
        let mut effects = vec![Effect::Send(message)];
        if finished {
            effects.push(Effect::Close(CloseCode::Finished));
        }
        effects
    }

    fn next_command(&mut self, language: Language) -> Vec<Effect> {
        if self.busy {
            return Vec::new();
        }
        let Some(message) = self.queue.pop_front() else {
            return Vec::new();
        };
        let attempt = self.position.map(|(attempt, _)| attempt);
        let command = match (message, attempt) {
            (ClientMessage::Refresh { version, silent }, Some(attempt)) => LoginCommand::Refresh {
                attempt,
                version,
                silent,
            },
            // An attempt whose state could not be read is asked for again, not given up.
            (ClientMessage::Refresh { .. }, None) => self
                .resuming
                .map_or(LoginCommand::Begin, LoginCommand::Resume),
            (ClientMessage::Cancel, Some(attempt)) => LoginCommand::Cancel(attempt),
            (ClientMessage::CheckCode { code }, Some(attempt)) => {
                LoginCommand::Check { attempt, code }
            }
            (
                ClientMessage::Cancel
                | ClientMessage::CheckCode { .. }
                | ClientMessage::Message { .. },
                _,
            ) => {
                let mut effects = vec![complaint("attempt_unknown", language)];
                effects.extend(self.next_command(language));
                return effects;
            }
        };
        self.busy = true;
        self.overtaken = false;
        self.early = None;
        vec![Effect::Do(Command::Login(command))]
    }
}
