//! What one address, one phone, one person and all together may ask for, counted in this process,
//! and with Redis by all instances together.
//!
//! An address is an IPv4 /32 or an IPv6 /64, the least that one subscriber has.
//! The phone API counts people, not addresses: a whole city may share one. What
//! all together may do is asked last, so that nobody who is refused for himself
//! takes something from the others.

mod failures;
mod per_person;
mod rate;
mod together;

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::attempt::Identity;
use crate::{error::Error, settings, store::PhoneSession};
use failures::Failures;
use per_person::PerPerson;
use rate::Rate;
use together::Shared;
pub use together::Together;

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
    PhoneSocket,
    Scan,
    Confirm,
    Register,
    Picture,
    Redeem,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::PhoneSession => "phone_session",
            Self::PhoneSocket => "phone_socket",
            Self::Scan => "scan",
            Self::Confirm => "confirm",
            Self::Register => "register",
            Self::Picture => "picture",
            Self::Redeem => "redeem",
        }
    }
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
    phone_sockets: PerPerson,
    scans: PerPerson,
    confirms: PerPerson,
    registrations: Rate<Identity>,
    pictures: Rate<Identity>,
    failures: Failures,
    all: Rate<Kind>,
    together: Option<Together>,
    sockets: Mutex<HashMap<IpAddr, u32>>,
    most_sockets: u32,
}

impl Limits {
    /// Limits as the owner set them; 0 switches one off. The same are counted
    /// together with other instances, if there is something to count in.
    pub fn new(limits: settings::Limits, together: Option<Together>) -> Self {
        // Half a minute's number at once, but 60 at least: a school has one address.
        let burst = |number: u32| number.div_ceil(2).max(BURST);
        let per_address = |number: u32| Rate::new(number, MINUTE, burst(number));
        let per_hour = |number: u32| Rate::new(number, HOUR, number);
        Self(Arc::new(Counters {
            starts: per_address(limits.starts_per_address),
            images: per_address(limits.starts_per_address),
            phone_sessions: per_address(limits.starts_per_address),
            redeems: per_address(limits.redeems_per_address),
            phone_sockets: PerPerson::new("phone_sockets", limits.scans_per_user),
            scans: PerPerson::new("scans", limits.scans_per_user),
            confirms: PerPerson::new("confirms", limits.confirms_per_user),
            registrations: per_hour(limits.registrations_per_user),
            pictures: per_hour(limits.registrations_per_user),
            failures: Failures::new(limits.failures_per_user),
            all: Rate::new(limits.per_second, SECOND, limits.per_second),
            together,
            sockets: Mutex::default(),
            most_sockets: limits.sockets_per_address,
        }))
    }

    /// One more code for this address.
    pub async fn start(&self, address: IpAddr) -> Result<(), Error> {
        self.of_address(&self.0.starts, address, Kind::Start).await
    }

    /// One more image for this address that is not in memory: a code's page asks for one, and
    /// whoever makes names up would have the image store look for each.
    pub fn image(&self, address: IpAddr) -> Result<(), Error> {
        self.0.images.count(&subscriber(address))
    }

    /// One more phone session from this address.
    pub async fn phone_session(&self, address: IpAddr) -> Result<(), Error> {
        let sessions = &self.0.phone_sessions;
        self.of_address(sessions, address, Kind::PhoneSession).await
    }

    /// One more redeem from this address.
    pub async fn redeem(&self, address: IpAddr) -> Result<(), Error> {
        let redeems = &self.0.redeems;
        self.of_address(redeems, address, Kind::Redeem).await
    }

    /// One more socket of this phone, of as many as scans.
    pub async fn phone_socket(&self, phone: &PhoneSession) -> Result<(), Error> {
        let sockets = &self.0.phone_sockets;
        sockets.count(phone)?;
        self.of_all(|| sockets.shared(phone), Kind::PhoneSocket)
            .await
    }

    /// One more scan by this phone. Whoever has guessed too often rests.
    pub async fn scan(&self, phone: &PhoneSession) -> Result<(), Error> {
        let (failures, scans) = (&self.0.failures, &self.0.scans);
        failures.allow(&phone.identity, Instant::now())?;
        scans.count(phone)?;
        let failed = || failures.shared(&phone.identity);
        let asked = || scans.shared(phone).into_iter().chain([failed()]);
        self.of_all(asked, Kind::Scan).await
    }

    /// One more confirm by this phone. Whoever has guessed too often rests.
    pub async fn confirm(&self, phone: &PhoneSession) -> Result<(), Error> {
        let (failures, confirms) = (&self.0.failures, &self.0.confirms);
        failures.allow(&phone.identity, Instant::now())?;
        confirms.count(phone)?;
        let failed = || failures.shared(&phone.identity);
        let asked = || confirms.shared(phone).into_iter().chain([failed()]);
        self.of_all(asked, Kind::Confirm).await
    }

    /// One more refusal by this phone. It counts as a confirm, but nobody has to
    /// rest before he may say no.
    pub async fn refuse(&self, phone: &PhoneSession) -> Result<(), Error> {
        let confirms = &self.0.confirms;
        confirms.count(phone)?;
        self.of_all(|| confirms.shared(phone), Kind::Confirm).await
    }

    /// This person typed a wrong number, or sent a scene that never existed.
    pub fn failure(&self, person: &Identity) {
        self.0.failures.count(person, Instant::now());
        if let Some(together) = &self.0.together {
            together.fail(person);
        }
    }

    /// One more account for this person.
    pub async fn register(&self, phone: &PhoneSession) -> Result<(), Error> {
        let (registrations, person) = (&self.0.registrations, &phone.identity);
        registrations.count(person)?;
        let asked = || [registrations.shared("registrations", person)];
        self.of_all(asked, Kind::Register).await
    }

    /// One more picture of this person's, of as many as accounts: each costs the server some work.
    pub async fn picture(&self, phone: &PhoneSession) -> Result<(), Error> {
        let (pictures, person) = (&self.0.pictures, &phone.identity);
        pictures.count(person)?;
        let asked = || [pictures.shared("pictures", person)];
        self.of_all(asked, Kind::Picture).await
    }

    async fn of_address(
        &self,
        rate: &Rate<IpAddr>,
        address: IpAddr,
        kind: Kind,
    ) -> Result<(), Error> {
        let address = subscriber(address);
        rate.count(&address)?;
        let asked = || [rate.shared(kind.name(), &address)];
        self.of_all(asked, kind).await
    }

    /// Counts what was counted here where all instances count, and then for all
    /// together.
    async fn of_all<'a, S>(&self, asked: impl FnOnce() -> S, kind: Kind) -> Result<(), Error>
    where
        S: IntoIterator<Item = Option<Shared<'a>>>,
    {
        if let Some(together) = &self.0.together {
            let mut keys: Vec<_> = asked()
                .into_iter()
                .flatten()
                .map(|asked| together.key(&asked))
                .collect();
            keys.extend(
                self.0
                    .all
                    .shared("all", &kind)
                    .map(|all| together.key(&all)),
            );
            together.count(&keys).await?;
        }
        self.0.all.count(&kind)
    }

    /// What keeps instances from counting together, in the words of `/readyz`.
    /// Nobody gets more than one instance gives, and nobody is kept out.
    pub fn warning(&self) -> Option<&'static str> {
        let together = self.0.together.as_ref()?;
        (!together.works()).then_some("limits_apart")
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
        counters.phone_sockets.forget_quiet();
        counters.scans.forget_quiet();
        counters.confirms.forget_quiet();
        counters.registrations.forget_quiet();
        counters.pictures.forget_quiet();
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
mod tests;
