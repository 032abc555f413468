//! What the two ends of a pair say to each other: passed on, and kept nowhere.

use std::time::Instant;

use uuid::Uuid;

use super::{
    super::messages::{SocketEvent, SocketId, Subject, To, Unsaid, Word},
    Here, LinkEffect, Links,
};
use crate::session::protocol::{ServerMessage, Side};

impl Links {
    /// One end says something to the other.
    pub fn say(
        &mut self,
        session: Uuid,
        (from, socket): (Side, SocketId),
        (text, sent_at): (String, String),
        here: Here<'_>,
        now: Instant,
    ) -> Result<(), Unsaid> {
        let subject = Subject::Session(session);
        let link = self.known.get_mut(&subject).ok_or(Unsaid::PeerAbsent)?;
        let (sockets, there, said) = match from {
            Side::Phone if !link.phones.contains(&socket) => return Err(Unsaid::PeerAbsent),
            Side::Phone => (here.sockets, &link.browsers_there, &mut link.phone_said),
            Side::Browser => (
                link.phones.as_slice(),
                &link.phones_there,
                &mut link.browser_said,
            ),
        };
        let there = there.iter().filter(|(_, until)| **until > now);
        let there: Vec<Uuid> = there.map(|(instance, _)| *instance).collect();
        if sockets.is_empty() && there.is_empty() {
            return Err(Unsaid::PeerAbsent);
        }
        if !said.allows(now) {
            return Err(Unsaid::TooMuch(said.rest(now)));
        }
        let told = sockets
            .iter()
            .map(|socket| said_to(session, *socket, from, &text, &sent_at));
        self.effects.extend(told);
        for instance in there {
            let word = Word::Said {
                from,
                text: text.clone(),
                sent_at: sent_at.clone(),
            };
            self.whisper(To::One(instance), subject, word);
        }
        Ok(())
    }

    /// Something was said on another instance.
    pub fn said_there(
        &mut self,
        session: Uuid,
        from: Side,
        (text, sent_at): (&str, &str),
        here: Here<'_>,
    ) {
        let link = self.known.get(&Subject::Session(session));
        let sockets = match (from, link) {
            (Side::Phone, _) => here.sockets,
            (Side::Browser, Some(link)) => link.phones.as_slice(),
            (Side::Browser, None) => return,
        };
        let told = sockets
            .iter()
            .map(|socket| said_to(session, *socket, from, text, sent_at));
        self.effects.extend(told);
    }
}

fn said_to(session: Uuid, socket: SocketId, from: Side, text: &str, sent_at: &str) -> LinkEffect {
    let message = ServerMessage::Message {
        session,
        from,
        text: text.to_owned(),
        sent_at: sent_at.to_owned(),
    };
    LinkEffect::Tell(socket, SocketEvent::Changed(message))
}
