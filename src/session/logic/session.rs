//! A signed-in browser's conversation: what it says to its phone.

use std::collections::VecDeque;

use super::{
    super::protocol::{BadFrame, ClientMessage},
    Answer, Command, Effect, refusal,
};
use crate::{error::Error, http::language::Language};

/// A browser that is signed in.
#[derive(Debug, Default)]
pub(super) struct SessionTalk {
    /// A text is on its way; its successors wait, so that they stay in order.
    busy: bool,
    queue: VecDeque<String>,
}

impl SessionTalk {
    pub(super) fn text(&mut self, text: &str) -> Result<Vec<Effect>, BadFrame> {
        let ClientMessage::Message { text } = ClientMessage::parse(text)? else {
            return Err(BadFrame::UnknownMessage);
        };
        // Bounded by the limit of messages.
        self.queue.push_back(text);
        Ok(self.next())
    }

    pub(super) fn done(
        &mut self,
        answer: Result<Answer, Error>,
        language: Language,
    ) -> Vec<Effect> {
        self.busy = false;
        let refused = answer.err().map(|error| refusal(&error, language));
        refused.into_iter().chain(self.next()).collect()
    }

    fn next(&mut self) -> Vec<Effect> {
        if self.busy {
            return Vec::new();
        }
        let text = self.queue.pop_front();
        self.busy = text.is_some();
        let say = text.map(|text| Command::Say {
            session: None,
            text,
        });
        say.map(Effect::Do).into_iter().collect()
    }
}
