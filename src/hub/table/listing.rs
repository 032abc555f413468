//! The part of the table that is about the look at all that waits.

use std::{
    ops::Bound::{Excluded, Unbounded},
    time::{Duration, Instant},
};

use super::{
    super::messages::{ListAttempts, SessionsHere, SomeWaiting},
    LoginTable, Waiting,
};
use crate::store::Known;

/// It is quiet when nothing has moved on for so long.
const CALM: Duration = Duration::from_secs(2);

impl<R> LoginTable<R> {
    /// Some of the attempts that the batched look has to ask about. Those of them for which
    /// nobody waits any more are forgotten.
    pub fn list_attempts(&mut self, asked: ListAttempts, now: Instant) -> SomeWaiting {
        let ListAttempts { after, some, many } = asked;
        let all = self.attempts.len();
        let is_quiet = self.moved_at.is_none_or(|moved| moved + CALM <= now);
        // An eighth, so that the time between two looks at one changes little with the size.
        let eighth = (all / 8).clamp(some, many.max(some));
        let most = if is_quiet { eighth } else { some };
        let mut attempts = Vec::with_capacity(most.min(all));
        let (mut deserted, mut last, mut count) = (Vec::new(), None, 0);
        let mut behind = self
            .attempts
            .range((after.map_or(Unbounded, Excluded), Unbounded));
        for (id, waiting) in behind.by_ref().take(most) {
            if !waiting.is_waited_for(now) {
                deserted.push(*id);
            } else if !waiting.over {
                attempts.push(Known {
                    id: *id,
                    version: waiting.version,
                });
            }
            last = Some(*id);
            count += 1;
        }
        let more = behind.next().and(last);
        for id in deserted {
            self.attempts.remove(&id);
        }
        SomeWaiting {
            attempts,
            more,
            part: f64::from(count) / all.max(1) as f64,
        }
    }

    /// The sessions and phone sessions that the look has to ask about.
    pub fn sessions_here(&self) -> SessionsHere {
        SessionsHere {
            sessions: self.sessions.keys().copied().collect(),
            phones: self.phones.ids(),
        }
    }
}

impl Waiting {
    /// Whether anybody would hear of it.
    fn is_waited_for(&self, now: Instant) -> bool {
        let polls = self.polls.as_ref();
        self.socket.is_some() || polls.is_some_and(|both| both.are_alive(now))
    }
}
