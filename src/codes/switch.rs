//! Tells once when codes begin to come from another source, not once a view.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::Source;

/// How long a lower source has to be unused before the switch counts as back:
/// a stock that gets a few codes and loses them again is not back.
const QUIET: Duration = Duration::from_secs(30);

/// Where codes come from now, for the whole process.
#[derive(Debug, Clone)]
pub struct Switch(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// The places of the sources' order: 0 is the owner's first.
    place: usize,
    needed_at: Option<Instant>,
}

/// Which way codes went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Down,
    Back,
}

impl Switch {
    /// Nothing has been shown yet.
    pub fn new() -> Self {
        let (place, needed_at) = (0, None);
        Self(Arc::new(Mutex::new(State { place, needed_at })))
    }

    /// A code came from this place of the order; behind its end: from nowhere.
    pub(super) fn note(&self, place: usize, order: &[Source]) {
        let name = |place: usize| order.get(place).map_or("none", |source| source.as_str());
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.place;
        match state.note(place, Instant::now()) {
            Some(Change::Down) if place >= order.len() => tracing::warn!(
                before = name(before),
                "no source has a code; pages are told to come back"
            ),
            Some(Change::Down) => tracing::warn!(
                source = name(place),
                before = name(before),
                "codes come from another source; the one before has none"
            ),
            Some(Change::Back) => tracing::info!(
                source = name(place),
                before = name(before),
                "codes come from this source again"
            ),
            None => {}
        }
    }

    /// The place that is needed now.
    pub(super) fn place(&self) -> usize {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.place
    }
}

impl Default for Switch {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    fn note(&mut self, place: usize, now: Instant) -> Option<Change> {
        if place >= self.place {
            let change = (place > self.place).then_some(Change::Down);
            self.place = place;
            self.needed_at = Some(now);
            return change;
        }
        let needed = self
            .needed_at
            .is_some_and(|at| now.duration_since(at) < QUIET);
        if needed {
            return None;
        }
        self.place = place;
        self.needed_at = Some(now);
        Some(Change::Back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_told_once_each_way() {
        let now = Instant::now();
        let later = |seconds| now + Duration::from_secs(seconds);
        let mut state = State {
            place: 0,
            needed_at: None,
        };
        assert_eq!(state.note(0, now), None);
        assert_eq!(state.note(2, later(1)), Some(Change::Down));
        assert_eq!(state.note(2, later(2)), None);
        // A few codes came in between and were used up at once.
        assert_eq!(state.note(0, later(3)), None);
        assert_eq!(state.note(2, later(4)), None);
        assert_eq!(state.note(0, later(33)), None);
        assert_eq!(state.note(0, later(34)), Some(Change::Back));
        assert_eq!(state.note(0, later(35)), None);
    }
}
