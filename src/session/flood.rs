//! How much a client may say: so many messages within a time.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Messages that a client may send within [`WINDOW`]; the same number of
/// control frames that nobody asked for.
const MESSAGES: usize = 20;
const WINDOW: Duration = Duration::from_secs(10);

/// Counts one kind of message of one client.
#[derive(Debug, Default)]
pub struct Flood {
    /// Times of the newest; never more than [`MESSAGES`].
    recent: VecDeque<Instant>,
}

impl Flood {
    /// One more message; false when it is one too many.
    pub fn allows(&mut self, now: Instant) -> bool {
        while self
            .recent
            .front()
            .is_some_and(|then| *then + WINDOW <= now)
        {
            self.recent.pop_front();
        }
        let allowed = self.recent.len() < MESSAGES;
        if allowed {
            self.recent.push_back(now);
        }
        allowed
    }

    /// How long until one more is allowed.
    pub fn rest(&self, now: Instant) -> Duration {
        let oldest = self
            .recent
            .front()
            .filter(|_| self.recent.len() >= MESSAGES);
        oldest.map_or(Duration::ZERO, |then| {
            (*then + WINDOW).saturating_duration_since(now)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_in_ten_seconds_are_allowed_and_then_as_many_as_have_become_old() {
        let (mut flood, start) = (Flood::default(), Instant::now());
        for _ in 0..MESSAGES {
            assert!(flood.allows(start));
        }
        assert!(!flood.allows(start));
        assert!(!flood.allows(start + Duration::from_millis(9_999)));
        for _ in 0..MESSAGES {
            assert!(flood.allows(start + WINDOW));
        }
        assert!(!flood.allows(start + WINDOW));
    }
}
