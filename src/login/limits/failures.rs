//! Wrong answers of one person: whoever has given too many has to rest.
//!
//! Unlike a rate this is asked before the answer is looked at, and counts only
//! when it was wrong.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::together::Shared;
use crate::{broker::redis::Rule, error::Error, login::attempt::Identity};

/// What they are called where all instances count.
pub const NAME: &str = "failures";
/// Failures are forgotten this long after the first of them.
pub const WINDOW: Duration = Duration::from_secs(600);

/// The failures of one process.
#[derive(Debug)]
pub struct Failures {
    /// 0: no limit.
    most: u32,
    counted: Mutex<HashMap<Identity, Counted>>,
}

#[derive(Debug, Clone, Copy)]
struct Counted {
    number: u32,
    first: Instant,
}

impl Counted {
    fn ends_in(self, now: Instant) -> Duration {
        (self.first + WINDOW).saturating_duration_since(now)
    }
}

impl Failures {
    /// At most `most` in ten minutes.
    pub fn new(most: u32) -> Self {
        Self {
            most,
            counted: Mutex::default(),
        }
    }

    /// Whether this person may try, or how long he has to rest.
    pub fn allow(&self, person: &Identity, now: Instant) -> Result<(), Error> {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(counted) = counted.get(person).filter(|_| self.most > 0) else {
            return Ok(());
        };
        let rest = counted.ends_in(now);
        if counted.number < self.most || rest.is_zero() {
            return Ok(());
        }
        Err(Error::SlowDown(rest))
    }

    /// What is asked of this person where all instances count.
    pub fn shared<'a>(&self, person: &'a Identity) -> Option<Shared<'a>> {
        let (most, window) = (self.most, WINDOW);
        (most > 0).then_some(Shared {
            what: NAME,
            who: person,
            rule: Rule::Failures { most, window },
        })
    }

    /// This person was wrong.
    pub fn count(&self, person: &Identity, now: Instant) {
        if self.most == 0 {
            return;
        }
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = Counted {
            number: 0,
            first: now,
        };
        let entry = counted.entry(person.clone()).or_insert(fresh);
        if entry.ends_in(now).is_zero() {
            *entry = fresh;
        }
        entry.number += 1;
    }

    /// Forgets whose window is over.
    pub fn forget_quiet(&self, now: Instant) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.retain(|_, counted| !counted.ends_in(now).is_zero());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(openid: &str) -> Identity {
        Identity {
            app_id: "app".to_owned(),
            openid: openid.to_owned(),
        }
    }

    #[test]
    fn whoever_was_wrong_too_often_rests_until_ten_minutes_after_the_first_time() {
        let (failures, start) = (Failures::new(2), Instant::now());
        let minute = Duration::from_secs(60);
        failures.count(&person("a"), start);
        failures.allow(&person("a"), start + minute).unwrap();
        failures.count(&person("a"), start + minute);
        let refused = failures.allow(&person("a"), start + 2 * minute);
        assert_eq!(refused.unwrap_err().retry_in(), Some(480));
        failures.allow(&person("b"), start + 2 * minute).unwrap();
        failures.allow(&person("a"), start + 10 * minute).unwrap();
        // A new window begins with the next time.
        failures.count(&person("a"), start + 11 * minute);
        failures.allow(&person("a"), start + 11 * minute).unwrap();
        failures.forget_quiet(start + 30 * minute);
        assert!(failures.counted.lock().unwrap().is_empty());
    }

    #[test]
    fn zero_switches_it_off() {
        let (failures, now) = (Failures::new(0), Instant::now());
        for _ in 0..100 {
            failures.count(&person("a"), now);
        }
        failures.allow(&person("a"), now).unwrap();
    }
}
