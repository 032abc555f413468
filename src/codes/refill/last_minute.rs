//! What was counted within the last minute, in parts. Knows no clock.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

/// Counts of late, each with its time.
#[derive(Debug, Default)]
pub struct LastMinute(VecDeque<(Instant, u32)>);

impl LastMinute {
    /// Adds what came since the count before; how many came within the minute before `now`.
    pub fn add(&mut self, count: u32, now: Instant) -> u32 {
        self.0.push_back((now, count));
        while self
            .0
            .front()
            .is_some_and(|(at, _)| now.duration_since(*at) >= MINUTE)
        {
            self.0.pop_front();
        }
        let counts = self.0.iter().map(|(_, count)| *count);
        counts.fold(0, u32::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_one_minute_are_added_up_and_older_ones_forgotten() {
        let mut last_minute = LastMinute::default();
        let begin = Instant::now();
        let mut add = |count, seconds| {
            let now = begin + Duration::from_secs(seconds);
            last_minute.add(count, now)
        };

        assert_eq!(add(100, 0), 100);
        assert_eq!(add(20, 30), 120);
        assert_eq!(add(3, 59), 123);
        assert_eq!(add(0, 60), 23);
        assert_eq!(add(1, 200), 1);
    }

    #[test]
    fn counts_of_any_size_do_no_harm() {
        let mut last_minute = LastMinute::default();
        let now = Instant::now();

        last_minute.add(u32::MAX, now);

        assert_eq!(last_minute.add(u32::MAX, now), u32::MAX);
    }
}
