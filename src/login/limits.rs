//! What one address may ask for, counted in this process.
//!
//! An address is an IPv4 /32 or an IPv6 /64, the least that one subscriber has.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DashMapStateStore,
};

use crate::{error::Error, settings};

type Keyed = RateLimiter<IpAddr, DashMapStateStore<IpAddr>, DefaultClock>;

/// Codes that one address may ask for at once.
const BURST: u32 = 60;

/// The limits of one process; a clone counts in the same place.
#[derive(Debug, Clone)]
pub struct Limits(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    starts: Option<Keyed>,
    phone_sessions: Option<Keyed>,
    sockets: Mutex<HashMap<IpAddr, u32>>,
    most_sockets: u32,
}

impl Limits {
    /// Limits as the owner set them; 0 switches one off.
    pub fn new(limits: settings::Limits) -> Self {
        let keyed = |per_minute| {
            let quota = Quota::per_minute(NonZeroU32::new(per_minute)?);
            let burst = NonZeroU32::new(BURST.min(per_minute))?;
            Some(RateLimiter::keyed(quota.allow_burst(burst)))
        };
        Self(Arc::new(Counters {
            starts: keyed(limits.starts_per_address),
            phone_sessions: keyed(limits.starts_per_address),
            sockets: Mutex::default(),
            most_sockets: limits.sockets_per_address,
        }))
    }

    /// One more code for this address.
    pub fn start(&self, address: IpAddr) -> Result<(), Error> {
        check(self.0.starts.as_ref(), address)
    }

    /// One more phone session from this address.
    pub fn phone_session(&self, address: IpAddr) -> Result<(), Error> {
        check(self.0.phone_sessions.as_ref(), address)
    }

    /// One more socket of this address, until the permit is dropped.
    pub fn socket(&self, address: IpAddr) -> Result<Option<SocketPermit>, Error> {
        if self.0.most_sockets == 0 {
            return Ok(None);
        }
        let subscriber = subscriber(address);
        let mut sockets = self
            .0
            .sockets
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let open = sockets.entry(subscriber).or_default();
        if *open >= self.0.most_sockets {
            return Err(Error::SlowDown(Duration::from_secs(5)));
        }
        *open += 1;
        Ok(Some(SocketPermit {
            limits: self.clone(),
            subscriber,
        }))
    }

    /// Forgets addresses that have been quiet; called now and then.
    pub fn forget_quiet(&self) {
        for keyed in [&self.0.starts, &self.0.phone_sessions]
            .into_iter()
            .flatten()
        {
            keyed.retain_recent();
        }
    }
}

fn check(keyed: Option<&Keyed>, address: IpAddr) -> Result<(), Error> {
    let Some(keyed) = keyed else {
        return Ok(());
    };
    keyed.check_key(&subscriber(address)).map_err(|not_until| {
        Error::SlowDown(not_until.wait_time_from(DefaultClock::default().now()))
    })
}

fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let network = u128::from(address) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(network))
        }
    }
}

/// Counts one socket until it is dropped.
#[derive(Debug)]
pub struct SocketPermit {
    limits: Limits,
    subscriber: IpAddr,
}

impl Drop for SocketPermit {
    fn drop(&mut self) {
        let sockets = &self.limits.0.sockets;
        let mut sockets = sockets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = sockets.get_mut(&self.subscriber) {
            *open -= 1;
            if *open == 0 {
                sockets.remove(&self.subscriber);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(sockets_per_address: u32, starts_per_address: u32) -> Limits {
        Limits::new(settings::Limits {
            sockets_per_address,
            starts_per_address,
        })
    }

    #[test]
    fn one_address_may_open_so_many_sockets_and_no_more_until_one_closes() {
        let limits = limits(2, 0);
        let address = IpAddr::from([192, 0, 2, 1]);
        let first = limits.socket(address).unwrap();
        let _second = limits.socket(address).unwrap();
        assert!(limits.socket(address).is_err());
        assert!(limits.socket(IpAddr::from([192, 0, 2, 2])).is_ok());
        drop(first);
        assert!(limits.socket(address).is_ok());
    }

    #[test]
    fn an_ipv6_subscriber_is_counted_by_its_64_bits() {
        let limits = limits(1, 0);
        let _first = limits.socket("2001:db8::1".parse().unwrap()).unwrap();
        assert!(limits.socket("2001:db8::ffff".parse().unwrap()).is_err());
        assert!(limits.socket("2001:db8:0:1::1".parse().unwrap()).is_ok());
    }

    #[test]
    fn codes_are_limited_to_a_burst_and_the_wait_is_told() {
        let limits = limits(0, 120);
        let address = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..BURST {
            limits.start(address).unwrap();
        }
        let refused = limits.start(address).unwrap_err();
        assert_eq!((refused.code(), refused.retry_in()), ("slow_down", Some(1)));
    }

    #[test]
    fn zero_switches_a_limit_off() {
        let limits = limits(0, 0);
        let address = IpAddr::from([192, 0, 2, 1]);
        assert!(limits.socket(address).unwrap().is_none());
        assert!((0..1000).all(|_| limits.start(address).is_ok()));
    }
}
