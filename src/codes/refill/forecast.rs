//! How many codes a stock should have, by the use of late. Knows no clock.

use std::time::Duration;

use tokio::time::Instant;

use crate::settings::CodeSettings;

/// An outage that a full stock outlasts.
const MINUTES: f64 = 60.0;
/// A full stock has more than that, since it is filled only from the low mark on.
const RESERVE: f64 = 1.25;
/// How quickly more use is believed, and less use.
const RISES: Duration = Duration::from_secs(120);
const FALLS: Duration = Duration::from_secs(1800);

/// The use of codes by all instances, as a moving rate.
#[derive(Debug, Default)]
pub struct Forecast {
    per_minute: f64,
    noted_at: Option<Instant>,
}

/// When to fill the stock, and how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// Below this it is filled.
    pub low: u32,
    /// Up to this; a full stock.
    pub high: u32,
}

impl Forecast {
    /// So many codes were used in the minute before `now`.
    pub fn note(&mut self, used_in_a_minute: u32, now: Instant) {
        let used = f64::from(used_in_a_minute);
        let Some(before) = self.noted_at.replace(now) else {
            self.per_minute = used;
            return;
        };
        let memory = if used > self.per_minute { RISES } else { FALLS };
        let part = now.duration_since(before).as_secs_f64() / memory.as_secs_f64();
        self.per_minute += (used - self.per_minute) * (1.0 - (-part).exp());
    }

    /// The marks for the use that is expected, between the owner's bounds.
    pub fn marks(&self, settings: &CodeSettings) -> Marks {
        let (least, most) = (settings.stock_size, settings.stock_max);
        let needed = self.per_minute * MINUTES * RESERVE;
        let needed = needed.clamp(f64::from(least), f64::from(most));
        let high = whole(needed);
        let low = whole(needed / RESERVE);
        Marks { low, high }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between the owner's bounds, which are u32"
)]
fn whole(number: f64) -> u32 {
    number.ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{codes::Source, settings::CodeStore};

    fn settings(stock_size: u32) -> CodeSettings {
        CodeSettings {
            first: Source::Stock,
            stock_size,
            stock_max: 20_000,
            stock_rate: 3_000,
            store: CodeStore::Folder("codes".into()),
            cache: 0,
            phone_url: None,
        }
    }

    /// The forecast after so many minutes of this use, looked at every 5 s.
    fn after(forecast: &mut Forecast, mut now: Instant, minutes: u64, use_of: u32) -> Instant {
        for _ in 0..minutes * 12 {
            now += Duration::from_secs(5);
            forecast.note(use_of, now);
        }
        now
    }

    #[test]
    fn little_use_keeps_the_owners_size() {
        let mut forecast = Forecast::default();
        let marks = forecast.marks(&settings(2_000));
        assert_eq!((marks.low, marks.high), (1_600, 2_000));
        after(&mut forecast, Instant::now(), 60, 10);
        assert_eq!(forecast.marks(&settings(2_000)), marks);
        let one = forecast.marks(&settings(1));
        assert_eq!((one.low, one.high), (600, 750));
        assert_eq!(
            Forecast::default().marks(&settings(1)),
            Marks { low: 1, high: 1 }
        );
    }

    #[test]
    fn much_use_needs_an_hours_codes_even_at_the_low_mark_and_never_more_than_the_most() {
        let mut forecast = Forecast::default();
        let now = after(&mut forecast, Instant::now(), 60, 100);
        let marks = forecast.marks(&settings(2_000));
        assert_eq!((marks.low, marks.high), (6_000, 7_500));
        after(&mut forecast, now, 60, 30_000);
        assert_eq!(forecast.marks(&settings(2_000)).high, 20_000);
    }

    #[test]
    fn more_use_is_believed_within_minutes_and_less_use_within_hours() {
        let mut forecast = Forecast::default();
        let now = after(&mut forecast, Instant::now(), 1, 0);
        let now = after(&mut forecast, now, 4, 100);
        let risen = forecast.marks(&settings(2_000)).high;
        assert!((6_000..7_500).contains(&risen), "{risen}");
        let now = after(&mut forecast, now, 10, 0);
        assert!(forecast.marks(&settings(2_000)).high > risen / 2);
        after(&mut forecast, now, 4 * 60, 0);
        assert_eq!(forecast.marks(&settings(2_000)).high, 2_000);
    }
}
