//! Longer and longer pauses while something fails. Knows no clock and no chance.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);

/// The pauses of one row of failures.
#[derive(Debug)]
pub struct Pauses {
    longest: Duration,
    failures: u32,
}

impl Pauses {
    /// None yet, and none longer than this.
    pub fn new(longest: Duration) -> Self {
        let failures = 0;
        Self { longest, failures }
    }

    /// The pause after one more failure. `at_least`: what is known to be needed.
    /// `part`, from 0 to 1, is chance, so that not all come back at once.
    pub fn next(&mut self, at_least: Option<Duration>, part: f64) -> Duration {
        let pause = FIRST.saturating_mul(1 << self.failures.min(16));
        self.failures += 1;
        let pause = pause.min(self.longest).mul_f64(0.5 + part / 2.0);
        // What WeChat asks for may be an hour; but it is the longest pause that
        // says how soon the owner's repair shows.
        pause.max(at_least.unwrap_or_default().min(self.longest))
    }

    /// Whether the last try failed.
    pub fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// It works again.
    pub fn end(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_after_it_worked() {
        let mut pauses = Pauses::new(Duration::from_secs(60));
        let seconds: Vec<_> = (0..8).map(|_| pauses.next(None, 1.0).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert!(pauses.has_failed());
        pauses.end();
        assert_eq!(pauses.next(None, 0.0), Duration::from_millis(500));
    }

    #[test]
    fn a_pause_is_as_long_as_wechat_asks_for_but_not_longer_than_the_longest() {
        let mut pauses = Pauses::new(Duration::from_secs(60));
        let minute = Some(Duration::from_secs(60));
        assert_eq!(pauses.next(minute, 0.0), Duration::from_secs(60));
        let hour = Some(Duration::from_secs(3600));
        assert_eq!(pauses.next(hour, 0.0), Duration::from_secs(60));
    }
}
