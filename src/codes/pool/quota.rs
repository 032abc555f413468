//! How many codes of the pool one address may hold: nobody drains it alone.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The leases of this process, by address.
#[derive(Debug)]
pub struct Quota {
    /// 0: no limit.
    most: usize,
    window: Duration,
    taken: Mutex<HashMap<IpAddr, VecDeque<Instant>>>,
}

impl Quota {
    /// At most `most` for one address in any `window`.
    pub fn new(most: u32, window: Duration) -> Self {
        Self {
            most: usize::try_from(most).unwrap_or(usize::MAX),
            window,
            taken: Mutex::default(),
        }
    }

    /// Counts a lease; false if the address has had its share.
    pub fn take(&self, address: IpAddr, now: Instant) -> bool {
        if self.most == 0 {
            return true;
        }
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        // Whenever the map is about to grow, the quiet ones make room first.
        if taken.len() == taken.capacity() {
            taken.retain(|_, times| {
                times
                    .back()
                    .is_some_and(|last| now.saturating_duration_since(*last) < self.window)
            });
        }
        let times = taken.entry(address).or_default();
        while times
            .front()
            .is_some_and(|first| now.saturating_duration_since(*first) >= self.window)
        {
            times.pop_front();
        }
        let allowed = times.len() < self.most;
        if allowed {
            times.push_back(now);
        }
        allowed
    }

    /// There was nothing to lease after all.
    pub fn give_back(&self, address: IpAddr) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = taken.get_mut(&address) {
            times.pop_back();
            if times.is_empty() {
                taken.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn an_address_has_its_share_of_any_window_and_no_more() {
        let (quota, start) = (Quota::new(2, 10 * MINUTE), Instant::now());
        assert!(quota.take(address(1), start));
        assert!(quota.take(address(1), start + 9 * MINUTE));
        assert!(!quota.take(address(1), start + 9 * MINUTE));
        assert!(quota.take(address(2), start + 9 * MINUTE));
        assert!(quota.take(address(1), start + 10 * MINUTE));
        assert!(!quota.take(address(1), start + 18 * MINUTE));
        assert!(quota.take(address(1), start + 19 * MINUTE));
    }

    #[test]
    fn what_was_not_leased_counts_for_nothing() {
        let (quota, now) = (Quota::new(1, MINUTE), Instant::now());
        for _ in 0..10 {
            assert!(quota.take(address(1), now));
            quota.give_back(address(1));
        }
        assert!(quota.taken.lock().unwrap().is_empty());
    }

    #[test]
    fn quiet_addresses_are_forgotten() {
        let (quota, start) = (Quota::new(1, MINUTE), Instant::now());
        for number in 0..10_000_u32 {
            let address = IpAddr::from(number.to_be_bytes());
            assert!(quota.take(address, start + number * MINUTE));
        }
        assert!(quota.taken.lock().unwrap().len() < 100);
    }

    #[test]
    fn zero_switches_it_off() {
        let quota = Quota::new(0, MINUTE);
        assert!((0..1000).all(|_| quota.take(address(1), Instant::now())));
    }
}
