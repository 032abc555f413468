//! Whose turn it is to be pinged.
//!
//! A wheel with a slot for every 25 ms of the interval, or ten thousand. Each socket
//! stands in one slot, a new one in the emptiest: five thousand pages that come back at
//! once must not be pinged at once ever after, since a push would wait behind all of them.

use std::time::{Duration, Instant};

use super::messages::SocketId;

/// A slot's turn, and the shortest time between two sweeps.
const SLOT: Duration = Duration::from_millis(25);
/// Sockets that one sweep pings: a hundred keep both processors of a small machine busy for 2 ms,
/// for which every push waits, and fewer than some wake all threads for little.
const SOME: u32 = 16;
/// The longest: pings are not all that is due.
const LONGEST: Duration = Duration::from_millis(250);
/// A part of the interval so small that two pings may come closer together by it: what is no
/// later catches up.
const SMALL: u32 = 100;

/// Every socket once.
#[derive(Debug)]
pub struct Pings {
    interval: Duration,
    slots: Vec<Vec<SocketId>>,
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

impl Pings {
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
            slots: vec![Vec::new(); slots],
            turn: interval.div_f64(slots as f64),
            began: None,
            turns: 0,
            next: 0,
            end: 0,
        }
    }

    /// Adds a socket that was opened now: its first turn comes after half an interval to a whole
    /// one, each other one an interval after the one before.
    pub fn add(&mut self, id: SocketId, now: Instant) {
        self.began.get_or_insert(now);
        let slots = self.slots.len();
        let turns = self.turns + slots.div_ceil(2)..=self.turns + slots;
        let emptiest = turns.min_by_key(|turn| self.slots[turn % slots].len());
        let turn = emptiest.unwrap_or(self.turns + slots);
        self.slots[turn % slots].push(id);
    }

    /// How long until some of so many sockets have their turn.
    pub fn pause(&self, sockets: usize) -> Duration {
        let sockets = u32::try_from(sockets).unwrap_or(u32::MAX).max(1);
        let some = self.interval / sockets * SOME;
        some.min(self.interval / SMALL).clamp(SLOT, LONGEST)
    }

    /// The next socket whose turn has come. Those that are not open any more leave the wheel.
    pub fn next(&mut self, now: Instant, is_open: impl Fn(SocketId) -> bool) -> Option<SocketId> {
        let slots = self.slots.len();
        loop {
            let slot = &mut self.slots[self.turns % slots];
            match slot[..self.end].get(self.next) {
                Some(&id) if is_open(id) => {
                    self.next += 1;
                    return Some(id);
                }
                Some(_) => {
                    slot.remove(self.next);
                    self.end -= 1;
                }
                None => {
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
            }
        }
    }
}
