//! What was used within the last minute, from counts of shorter times. Knows no clock.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

/// Counts of late, one after the other.
#[derive(Debug, Default)]
pub struct LastMinute(VecDeque<Part>);

#[derive(Debug)]
struct Part {
    until: Instant,
    /// Since the count before, at most a minute.
    length: Duration,
    count: u32,
}

impl LastMinute {
    /// Adds what came since the count before, or within a minute if there is none; how many came
    /// within the minute before `now`. Of a count that began earlier than that it is its share:
    /// the first one, of a whole minute, would otherwise count beside the next minute's.
    pub fn add(&mut self, count: u32, now: Instant) -> u32 {
        let before = self.0.back().map(|last| now.duration_since(last.until));
        self.0.push_back(Part {
            until: now,
            length: before.unwrap_or(MINUTE).min(MINUTE),
            count,
        });
        self.0
            .retain(|part| now.duration_since(part.until) < MINUTE);
        let sum: f64 = self.0.iter().map(|part| part.within(now)).sum();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float's cast stops at the bounds"
        )]
        let sum = sum.round() as u32;
        sum
    }
}

impl Part {
    /// As many of it as came within the minute before `now`, if they came evenly.
    fn within(&self, now: Instant) -> f64 {
        let left = MINUTE.saturating_sub(now.duration_since(self.until));
        if left >= self.length {
            return f64::from(self.count);
        }
        f64::from(self.count) * left.div_duration_f64(self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said after these seconds and counts.
    fn after(counts: &[(u64, u32)]) -> u32 {
        let (mut last_minute, begin) = (LastMinute::default(), Instant::now());
        let mut said = 0;
        for (seconds, count) in counts {
            said = last_minute.add(*count, begin + Duration::from_secs(*seconds));
        }
        said
    }

    #[test]
    fn counts_of_one_minute_are_added_up_and_older_ones_forgotten() {
        assert_eq!(after(&[(0, 0), (20, 5), (40, 20), (80, 3)]), 23);
        assert_eq!(after(&[(0, 0), (20, 5), (40, 20), (80, 3), (100, 1)]), 4);
        assert_eq!(after(&[(0, 100), (3600, 7)]), 7);
    }

    #[test]
    fn the_first_count_is_of_a_minute_and_gives_way_to_those_after_it() {
        assert_eq!(after(&[(0, 120)]), 120);
        assert_eq!(after(&[(0, 120), (15, 30)]), 120);
        assert_eq!(after(&[(0, 120), (15, 30), (30, 30), (45, 30)]), 120);
        assert_eq!(after(&[(0, 120), (30, 0)]), 60);
    }

    #[test]
    fn counts_of_any_size_and_at_one_time_do_no_harm() {
        assert_eq!(after(&[(0, u32::MAX), (0, u32::MAX)]), u32::MAX);
    }
}
