//! How often one of many may do something, by the generic cell rate algorithm.

use std::{hash::Hash, num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DashMapStateStore,
};

use crate::error::Error;

/// A limit for each key; none where the owner has switched it off.
#[derive(Debug)]
pub struct Rate<K: Hash + Eq + Clone>(Option<RateLimiter<K, DashMapStateStore<K>, DefaultClock>>);

impl<K: Hash + Eq + Clone> Rate<K> {
    /// `number` in `period` for each key, `burst` of them at once at the most.
    /// No number, no limit.
    pub fn new(number: u32, period: Duration, burst: u32) -> Self {
        let quota = || {
            let number = NonZeroU32::new(number)?;
            let burst = NonZeroU32::new(burst.min(number.get()))?;
            Some(Quota::with_period(period / number.get())?.allow_burst(burst))
        };
        Self(quota().map(RateLimiter::keyed))
    }

    /// Counts one, or says how long to wait.
    pub fn count(&self, key: &K) -> Result<(), Error> {
        let Some(limiter) = &self.0 else {
            return Ok(());
        };
        limiter.check_key(key).map_err(|not_until| {
            Error::SlowDown(not_until.wait_time_from(DefaultClock::default().now()))
        })
    }

    /// Forgets whoever has been quiet.
    pub fn forget_quiet(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
        }
    }
}
