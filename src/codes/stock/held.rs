//! What an instance holds of the stock. Knows no clock and waits for nothing.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::Code;

/// A block is as large as the use of this time.
const AHEAD: f64 = 4.0;
const LEAST: f64 = 8.0;
const MOST: f64 = 512.0;
/// What is held longer is not shown any more: housekeeping deletes its image an
/// hour later.
const HELD: Duration = Duration::from_secs(3600);
/// How long a stock that had nothing is not asked again.
const USED_UP: Duration = Duration::from_secs(1);
/// Over how many seconds the use is averaged.
const MEMORY: f64 = 5.0;

/// Codes in memory, and how quickly they go.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The oldest first, with the moment before its block was taken.
    codes: VecDeque<(Code, Instant)>,
    /// Uses, each fading with its age.
    uses: f64,
    used_at: Option<Instant>,
    target: usize,
    used_up_until: Option<Instant>,
    /// The database did not answer when it was asked last.
    is_away: bool,
    /// Since the block was asked for that is on its way.
    was_filled: bool,
}

/// What a view gets.
#[derive(Debug)]
pub(super) enum Asked {
    Code(Code),
    /// The stock had nothing a moment ago.
    UsedUp,
    /// The database did not answer a moment ago.
    Away,
    /// The keeper may bring one.
    Wait,
}

impl Held {
    pub(super) fn ask(&mut self, now: Instant) -> Asked {
        self.count_use(now);
        self.drop_old(now);
        match self.codes.pop_front() {
            Some((code, _)) => Asked::Code(code),
            None if self.used_up_until.is_none_or(|until| now >= until) => Asked::Wait,
            None if self.is_away => Asked::Away,
            None => Asked::UsedUp,
        }
    }

    /// Whether a block should come.
    pub(super) fn runs_low(&self) -> bool {
        self.codes.len() * 2 < self.target || self.codes.is_empty()
    }

    /// How many codes the next block should have; 0 while the stock is known to
    /// have none. `most`: more are not held, but for a few.
    pub(super) fn missing(&mut self, now: Instant, most: usize) -> u32 {
        let wanted = whole((self.rate(now) * AHEAD).clamp(LEAST, MOST));
        self.target = wanted.min(most.max(whole(LEAST)));
        if self.used_up_until.is_some_and(|until| now < until) {
            return 0;
        }
        self.was_filled = false;
        let missing = self.target.saturating_sub(self.codes.len());
        u32::try_from(missing).unwrap_or(u32::MAX)
    }

    /// A block that was asked for at `taken_at`; an empty one means that there is none.
    pub(super) fn put(&mut self, block: Vec<Code>, taken_at: Instant, now: Instant) {
        let used_up = block.is_empty() && !self.was_filled;
        self.used_up_until = used_up.then(|| now + USED_UP);
        self.is_away = false;
        self.codes
            .extend(block.into_iter().map(|code| (code, taken_at)));
    }

    /// The database did not answer; it is asked again after a moment.
    pub(super) fn miss(&mut self, now: Instant) {
        self.used_up_until = Some(now + USED_UP);
        self.is_away = true;
    }

    /// Whether the last block did not come for the database's sake.
    pub(super) fn is_away(&self) -> bool {
        self.is_away
    }

    /// A stock that had nothing was filled.
    pub(super) fn expect_more(&mut self) {
        self.used_up_until = None;
        self.was_filled = true;
    }

    pub(super) fn drop_old(&mut self, now: Instant) {
        while let Some((_, taken_at)) = self.codes.front() {
            if now.duration_since(*taken_at) < HELD {
                return;
            }
            self.codes.pop_front();
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.codes.len() as u64
    }

    fn count_use(&mut self, now: Instant) {
        self.uses = self.rate(now) * MEMORY + 1.0;
        self.used_at = Some(now);
    }

    /// Codes a second.
    fn rate(&self, now: Instant) -> f64 {
        let Some(used_at) = self.used_at else {
            return 0.0;
        };
        let age = now.duration_since(used_at).as_secs_f64();
        self.uses / MEMORY * (-age / MEMORY).exp()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between LEAST and MOST"
)]
fn whole(number: f64) -> usize {
    number.ceil() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: usize = usize::MAX;

    fn block(length: usize) -> Vec<Code> {
        let code = |number: usize| Code::of_stock(number.to_string(), [0; 32]);
        (0..length).map(code).collect()
    }

    #[test]
    fn a_quiet_instance_holds_few_codes_and_a_busy_one_seconds_of_its_use() {
        let mut now = Instant::now();
        let mut held = Held::default();
        assert_eq!(held.missing(now, MANY), 8);
        for _ in 0..10 * 100 {
            held.ask(now);
            now += Duration::from_millis(10);
        }
        let missing = held.missing(now, MANY);
        assert!((300..=400).contains(&missing), "{missing}");
        for _ in 0..10 * 1000 {
            held.ask(now);
            now += Duration::from_millis(1);
        }
        assert_eq!(held.missing(now, MANY), 512);
        assert_eq!(held.missing(now, 160), 160);
        assert_eq!(held.missing(now, 1), 8);
        assert_eq!(held.missing(now, MANY), 512);
        assert_eq!(held.missing(now + Duration::from_secs(60), MANY), 8);
    }

    #[test]
    fn a_block_is_asked_for_before_the_last_is_used_up() {
        let now = Instant::now();
        let mut held = Held::default();
        held.missing(now, MANY);
        held.put(block(8), now, now);
        let mut shown = 0;
        while !held.runs_low() {
            assert!(matches!(held.ask(now), Asked::Code(_)));
            shown += 1;
        }
        assert_eq!(shown, 5);
    }

    #[test]
    fn an_empty_stock_is_asked_once_a_second() {
        let now = Instant::now();
        let mut held = Held::default();
        assert!(matches!(held.ask(now), Asked::Wait));
        held.put(Vec::new(), now, now);
        assert!(matches!(held.ask(now), Asked::UsedUp));
        assert_eq!(held.missing(now, MANY), 0);
        let later = now + USED_UP;
        assert!(matches!(held.ask(later), Asked::Wait));
        assert!(held.missing(later, MANY) > 0);
    }

    #[test]
    fn a_database_that_does_not_answer_is_no_stock_that_is_used_up() {
        let now = Instant::now();
        let mut held = Held::default();
        held.put(block(1), now, now);
        held.miss(now);
        assert!(matches!(held.ask(now), Asked::Code(_)));
        assert!(matches!(held.ask(now), Asked::Away));
        assert_eq!(held.missing(now, MANY), 0);
        let later = now + USED_UP;
        assert!(matches!(held.ask(later), Asked::Wait));
        held.put(Vec::new(), later, later);
        assert!(matches!(held.ask(later), Asked::UsedUp));
    }

    #[test]
    fn a_stock_that_is_filled_while_it_is_asked_is_asked_again() {
        let now = Instant::now();
        let mut held = Held::default();
        assert!(held.missing(now, MANY) > 0);
        held.expect_more();
        held.put(Vec::new(), now, now);
        assert!(matches!(held.ask(now), Asked::Wait));
        assert!(held.missing(now, MANY) > 0);
    }

    #[test]
    fn what_was_held_for_an_hour_is_not_shown() {
        let now = Instant::now();
        let mut held = Held::default();
        held.put(block(3), now, now);
        assert!(matches!(held.ask(now + HELD / 2), Asked::Code(_)));
        assert!(matches!(held.ask(now + HELD), Asked::Wait));
    }
}
