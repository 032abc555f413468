//! How often codes are asked for, and how many that takes.

use std::time::{Duration, Instant};

/// The weight of what was asked for falls to a third in this time.
const MEMORY: Duration = Duration::from_secs(60);

/// A moving rate.
#[derive(Debug, Default)]
pub struct Demand {
    per_second: f64,
    counted: Option<Instant>,
}

impl Demand {
    /// One more.
    pub fn count(&mut self, now: Instant) {
        self.per_second = self.per_second(now) + 1.0 / MEMORY.as_secs_f64();
        self.counted = Some(now);
    }

    /// In a second, of late.
    pub fn per_second(&self, now: Instant) -> f64 {
        let Some(counted) = self.counted else {
            return 0.0;
        };
        let passed = now.saturating_duration_since(counted);
        self.per_second * (-passed.as_secs_f64() / MEMORY.as_secs_f64()).exp()
    }
}

/// What a pool does, and what is asked of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Numbers {
    /// Codes a second that it can go on giving.
    pub served: f64,
    /// Codes a second that are asked for.
    pub wanted: f64,
    /// Codes that this takes.
    pub size: u64,
}

impl Numbers {
    /// Of a pool of this size whose codes come back after this time.
    pub fn of(size: i64, cycle: Duration, wanted: f64) -> Self {
        let cycle = cycle.as_secs_f64();
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        // A rate that has only begun looks smaller than it is.
        let needed = (wanted * cycle).ceil().max(f64::from(size) + 1.0);
        Self {
            served: f64::from(size) / cycle,
            wanted,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a cast from a float stops at the ends of the integers"
            )]
            size: needed as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_rate_is_found_and_forgotten() {
        let (mut demand, start) = (Demand::default(), Instant::now());
        assert!(demand.per_second(start) < 0.001);
        let mut now = start;
        for _ in 0..3_000 {
            now += Duration::from_millis(200);
            demand.count(now);
        }
        let rate = demand.per_second(now);
        assert!((rate - 5.0).abs() < 0.1, "{rate}");
        let later = demand.per_second(now + 10 * MEMORY);
        assert!(later < 0.01, "{later}");
    }

    #[test]
    fn a_pool_needs_a_code_for_each_login_of_a_lease_and_its_quarantine() {
        let cycle = Duration::from_secs(720);
        let numbers = Numbers::of(1000, cycle, 10.0);
        assert!((numbers.served - 1.39).abs() < 0.01, "{numbers:?}");
        assert_eq!(numbers.size, 7_200);
        // It was used up, so whatever the rate seems to be, it was too small.
        assert_eq!(Numbers::of(1000, cycle, 0.1).size, 1_001);
    }
}
