//! What one address, one phone, one person and all together may ask for, counted in this process.
//!
//! An address is an IPv4 /32 or an IPv6 /64, the least that one subscriber has.
//! The phone API counts people, not addresses: a whole city may share one. What
//! all together may do is asked last, so that nobody who is refused for himself
//! takes something from the others.

mod failures;
mod rate;

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use uuid::Uuid;

use super::{attempt::Identity, phone::Phone};
use crate::{error::Error, settings};
use failures::Failures;
use rate::Rate;

/// What one address may ask for at once, if it may ask for so much at all.
const BURST: u32 = 60;
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// What is counted for all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Start,
    PhoneSession,
    Scan,
    Confirm,
    Register,
    Redeem,
}

/// The limits of one process; a clone counts in the same place.
#[derive(Debug, Clone)]
pub struct Limits(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    starts: Rate<IpAddr>,
    images: Rate<IpAddr>,
    phone_sessions: Rate<IpAddr>,
    redeems: Rate<IpAddr>,
    scans: PerPerson,
    confirms: PerPerson,
    registrations: Rate<Identity>,
    failures: Failures,
    all: Rate<Kind>,
    sockets: Mutex<HashMap<IpAddr, u32>>,
    most_sockets: u32,
}

/// So many in a minute for a person, and half of that for one of his phone sessions.
#[derive(Debug)]
struct PerPerson {
    person: Rate<Identity>,
    phone: Rate<Uuid>,
}

impl PerPerson {
    fn new(number: u32) -> Self {
        // Half, but never so few that nothing is left of it.
        let half = number.div_ceil(2);
        Self {
            person: Rate::new(number, MINUTE, number),
            phone: Rate::new(half, MINUTE, half),
        }
    }

    fn count(&self, phone: &Phone) -> Result<(), Error> {
        self.phone.count(&phone.id)?;
        self.person.count(&phone.identity)
    }

    fn forget_quiet(&self) {
        self.person.forget_quiet();
        self.phone.forget_quiet();
    }
}

impl Limits {
    /// Limits as the owner set them; 0 switches one off.
    pub fn new(limits: settings::Limits) -> Self {
        // Half a minute's number at once, but 60 at least: a school has one address.
        let burst = |number: u32| number.div_ceil(2).max(BURST);
        let per_address = |number: u32| Rate::new(number, MINUTE, burst(number));
        Self(Arc::new(Counters {
            starts: per_address(limits.starts_per_address),
            images: per_address(limits.starts_per_address),
            phone_sessions: per_address(limits.starts_per_address),
            redeems: per_address(limits.redeems_per_address),
            scans: PerPerson::new(limits.scans_per_user),
            confirms: PerPerson::new(limits.confirms_per_user),
            registrations: Rate::new(
                limits.registrations_per_user,
                HOUR,
                limits.registrations_per_user,
            ),
            failures: Failures::new(limits.failures_per_user),
            all: Rate::new(limits.per_second, SECOND, limits.per_second),
            sockets: Mutex::default(),
            most_sockets: limits.sockets_per_address,
        }))
    }

    /// One more code for this address.
    pub fn start(&self, address: IpAddr) -> Result<(), Error> {
        self.0.starts.count(&subscriber(address))?;
        self.0.all.count(&Kind::Start)
    }

    /// One more image for this address that is not in memory: a code's page asks for one, and
    /// whoever makes names up would have the image store look for each.
    pub fn image(&self, address: IpAddr) -> Result<(), Error> {
        self.0.images.count(&subscriber(address))
    }

    /// One more phone session from this address.
    pub fn phone_session(&self, address: IpAddr) -> Result<(), Error> {
        self.0.phone_sessions.count(&subscriber(address))?;
        self.0.all.count(&Kind::PhoneSession)
    }

    /// One more scan by this phone. Whoever has guessed too often rests.
    pub fn scan(&self, phone: &Phone) -> Result<(), Error> {
        self.0.failures.allow(&phone.identity, Instant::now())?;
        self.0.scans.count(phone)?;
        self.0.all.count(&Kind::Scan)
    }

    /// One more confirm by this phone. Whoever has guessed too often rests.
    pub fn confirm(&self, phone: &Phone) -> Result<(), Error> {
        self.0.failures.allow(&phone.identity, Instant::now())?;
        self.refuse(phone)
    }

    /// One more refusal by this phone. It counts as a confirm, but nobody has to
    /// rest before he may say no.
    pub fn refuse(&self, phone: &Phone) -> Result<(), Error> {
        self.0.confirms.count(phone)?;
        self.0.all.count(&Kind::Confirm)
    }

    /// This person typed a wrong number, or sent a scene that never existed.
    pub fn failure(&self, person: &Identity) {
        self.0.failures.count(person, Instant::now());
    }

    /// One more account for this person.
    pub fn register(&self, phone: &Phone) -> Result<(), Error> {
        self.0.registrations.count(&phone.identity)?;
        self.0.all.count(&Kind::Register)
    }

    /// One more redeem from this address.
    pub fn redeem(&self, address: IpAddr) -> Result<(), Error> {
        self.0.redeems.count(&subscriber(address))?;
        self.0.all.count(&Kind::Redeem)
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

    /// Forgets whoever has been quiet; called now and then.
    pub fn forget_quiet(&self) {
        let counters = &self.0;
        for addresses in [
            &counters.starts,
            &counters.images,
            &counters.phone_sessions,
            &counters.redeems,
        ] {
            addresses.forget_quiet();
        }
        counters.scans.forget_quiet();
        counters.confirms.forget_quiet();
        counters.registrations.forget_quiet();
        counters.failures.forget_quiet(Instant::now());
    }
}

/// Whom an address is counted as.
pub fn subscriber(address: IpAddr) -> IpAddr {
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
            ..settings::Limits::OFF
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

    fn phone(person: &str) -> Phone {
        Phone {
            session: crate::store::PhoneSession {
                id: Uuid::new_v4(),
                identity: Identity {
                    app_id: "app".to_owned(),
                    openid: person.to_owned(),
                },
                unionid: None,
                user: None,
                blocked: false,
            },
            address: IpAddr::from([192, 0, 2, 1]),
            ip: String::new(),
        }
    }

    #[test]
    fn a_phone_has_half_of_what_its_person_has_and_another_person_all_of_it() {
        let limits = Limits::new(settings::Limits {
            scans_per_user: 8,
            ..settings::Limits::OFF
        });
        let (one, two) = (phone("a"), phone("a"));
        let taken = |phone: &Phone| (0..10).filter(|_| limits.scan(phone).is_ok()).count();
        assert_eq!((taken(&one), taken(&two), taken(&phone("a"))), (4, 4, 0));
        assert_eq!(taken(&phone("b")), 4);
        assert!(limits.confirm(&one).is_ok());
    }

    #[test]
    fn whoever_is_refused_for_himself_takes_nothing_from_the_others() {
        let limits = Limits::new(settings::Limits {
            starts_per_address: 2,
            per_second: 3,
            ..settings::Limits::OFF
        });
        let greedy = IpAddr::from([192, 0, 2, 1]);
        let taken = (0..100).filter(|_| limits.start(greedy).is_ok()).count();
        assert_eq!(taken, 2);
        limits.start(IpAddr::from([192, 0, 2, 2])).unwrap();
        // All together have had their share of this second.
        let refused = limits.start(IpAddr::from([192, 0, 2, 4])).unwrap_err();
        assert_eq!((refused.code(), refused.retry_in()), ("slow_down", Some(1)));
        // Of one kind only.
        limits.redeem(greedy).unwrap();
    }
}
