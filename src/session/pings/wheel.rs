//! Whose turn it is to be pinged.
//!
//! A wheel with a slot for every 25 ms of the interval, or ten thousand. Each socket
//! stands in one slot, a new one in the emptiest: five thousand pages that come back at
//! once must not be pinged at once ever after, since a push would wait behind all of them.

use std::time::{Duration, Instant};

/// A slot's turn, and the shortest time between two times that some are pinged.
const SLOT: Duration = Duration::from_millis(25);
/// Sockets that are pinged together: a hundred keep the thread busy for 2 ms, for which a push
/// waits, and with fewer than some a thread that wakes up for them takes longer for that.
const SOME: u32 = 32;
/// A part of the interval so small that two pings may come closer together by it: what is no
/// later catches up.
const SMALL: u32 = 100;

/// Every socket once. `R` is how one is reached.
#[derive(Debug)]
pub struct Wheel<R> {
    interval: Duration,
    slots: Vec<Vec<(u32, R)>>,
    /// How many sockets are in them.
    len: usize,
    /// The newest socket's number.
    number: u32,
    /// How long a slot's turn is.
    turn: Duration,
    /// When the turn that is under way began, unless nobody has come yet.
    began: Option<Instant>,
    /// How many turns were before it.
    turns: usize,
    /// Who is next in its slot, and where those end that stood there when it began.
    next: usize,
    end: usize,
}

/// Where a socket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    slot: u16,
    /// Of all in the slot it has this one; after 4,294,967,296 sockets they begin anew.
    number: u32,
}

impl<R> Wheel<R> {
    /// An empty wheel, which turns once in this time.
    pub fn new(interval: Duration) -> Self {
        let slots = interval.div_duration_f64(SLOT).clamp(2.0, 10_000.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between these bounds"
        )]
        let slots = slots as usize;
        Self {
            interval,
            slots: std::iter::repeat_with(Vec::new).take(slots).collect(),
            len: 0,
            number: 0,
            turn: interval.div_f64(slots as f64),
            began: None,
            turns: 0,
            next: 0,
            end: 0,
        }
    }

    /// Adds a socket that was opened now: its first turn comes after half an interval to a whole
    /// one, each other one an interval after the one before.
    pub fn add(&mut self, socket: R, now: Instant) -> Place {
        self.began.get_or_insert(now);
        let slots = self.slots.len();
        let turns = self.turns + slots.div_ceil(2)..=self.turns + slots;
        let emptiest = turns.min_by_key(|turn| self.slots[turn % slots].len());
        let slot = emptiest.unwrap_or(self.turns + slots) % slots;
        self.number = self.number.wrapping_add(1);
        self.slots[slot].push((self.number, socket));
        self.len += 1;
        Place {
            slot: u16::try_from(slot).expect("there are ten thousand at most"),
            number: self.number,
        }
    }

    /// Removes a socket.
    pub fn remove(&mut self, place: Place) {
        let is_current = usize::from(place.slot) == self.turns % self.slots.len();
        let slot = &mut self.slots[usize::from(place.slot)];
        let Some(at) = slot.iter().position(|(number, _)| *number == place.number) else {
            return;
        };
        slot.remove(at);
        self.len -= 1;
        if is_current {
            self.next -= usize::from(at < self.next);
            self.end -= usize::from(at < self.end);
        }
    }

    /// How long until some of them have their turn; none when there are none.
    pub fn pause(&self) -> Option<Duration> {
        if self.len == 0 {
            return None;
        }
        let sockets = u32::try_from(self.len).unwrap_or(u32::MAX);
        let some = self.interval / sockets * SOME;
        Some(some.min(self.interval / SMALL).max(SLOT))
    }

    /// The next socket whose turn has come.
    pub fn next(&mut self, now: Instant) -> Option<&R> {
        let slots = self.slots.len();
        while self.next == self.end {
            let began = self.began? + self.turn;
            if began > now {
                return None;
            }
            // Whoever comes later than that goes on later: hardly any time between two
            // pings of a socket is shorter than the interval.
            let earliest = now.checked_sub(self.interval / SMALL);
            self.began = Some(earliest.map_or(began, |earliest| began.max(earliest)));
            self.turns += 1;
            self.next = 0;
            self.end = self.slots[self.turns % slots].len();
        }
        let (_, socket) = self.slots[self.turns % slots].get(self.next)?;
        self.next += 1;
        Some(socket)
    }
}
