//! How often one of many may do something, by the generic cell rate algorithm.

use std::{hash::Hash, num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DashMapStateStore,
};

use super::together::{Shared, Who};
use crate::{broker::redis::Rule, error::Error};

/// A limit for each key; none where the owner has switched it off.
#[derive(Debug)]
pub struct Rate<K: Hash + Eq + Clone>(Option<Limited<K>>);

#[derive(Debug)]
struct Limited<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DashMapStateStore<K>, DefaultClock>,
    /// The same where all instances count.
    rule: Rule,
}

impl<K: Hash + Eq + Clone> Rate<K> {
    /// `number` in `period` for each key, `burst` of them at once at the most.
    /// No number, no limit.
    pub fn new(number: u32, period: Duration, burst: u32) -> Self {
        let limited = || {
            let number = NonZeroU32::new(number)?;
            let burst = NonZeroU32::new(burst.min(number.get()))?;
            let every = period / number.get();
            let quota = Quota::with_period(every)?.allow_burst(burst);
            let burst = burst.get();
            Some(Limited {
                limiter: RateLimiter::keyed(quota),
                rule: Rule::Rate { every, burst },
            })
        };
        Self(limited())
    }

    /// What is counted of this key where all instances count.
    pub fn shared<'a>(&self, what: &'static str, who: &'a K) -> Option<Shared<'a>>
    where
        K: Who,
    {
        let rule = self.0.as_ref()?.rule;
        Some(Shared { what, who, rule })
    }

    /// Counts one, or says how long to wait.
    pub fn count(&self, key: &K) -> Result<(), Error> {
        let Some(Limited { limiter, .. }) = &self.0 else {
            return Ok(());
        };
        limiter.check_key(key).map_err(|not_until| {
            Error::SlowDown(not_until.wait_time_from(DefaultClock::default().now()))
        })
    }

    /// Forgets whoever has been quiet.
    pub fn forget_quiet(&self) {
        if let Some(Limited { limiter, .. }) = &self.0 {
            limiter.retain_recent();
        }
    }
}
