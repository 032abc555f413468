//! What all instances count together, in Redis, beside what each counts for itself.
//!
//! Each goes by its own count first, which is the same limit, so that whoever
//! floods one is refused there, and a Redis that is away, forgets or lies gives
//! nobody more than that.

use std::net::IpAddr;

use secrecy::ExposeSecret;
use uuid::Uuid;

use super::{Kind, failures};
use crate::{
    broker::{
        key::CounterNames,
        redis::{Address, Counters, Rule},
    },
    error::Error,
    login::{attempt::Identity, keys::SecretKey},
    settings::Settings,
};

/// The counters of all instances.
#[derive(Debug, Clone)]
pub struct Together {
    names: CounterNames,
    counters: Counters,
}

/// One thing that is counted.
pub struct Shared<'a> {
    /// What.
    pub what: &'static str,
    /// Of whom.
    pub who: &'a dyn Who,
    /// How often it may be.
    pub rule: Rule,
}

/// Somebody who is counted.
pub trait Who {
    /// The key of what he does.
    fn key(&self, what: &str, names: &CounterNames) -> String;
}

impl Who for IpAddr {
    fn key(&self, what: &str, names: &CounterNames) -> String {
        match self {
            Self::V4(address) => names.key(what, &[&address.octets()]),
            Self::V6(address) => names.key(what, &[&address.octets()]),
        }
    }
}

impl Who for Identity {
    fn key(&self, what: &str, names: &CounterNames) -> String {
        names.key(what, &[self.app_id.as_bytes(), self.openid.as_bytes()])
    }
}

impl Who for Uuid {
    fn key(&self, what: &str, names: &CounterNames) -> String {
        names.key(what, &[self.as_bytes()])
    }
}

impl Who for Kind {
    fn key(&self, what: &str, names: &CounterNames) -> String {
        names.key(what, &[self.name().as_bytes()])
    }
}

impl Together {
    /// With the Redis of the settings; none without one.
    pub fn start(settings: &Settings, secret_key: &SecretKey) -> anyhow::Result<Option<Self>> {
        let url = settings.redis_url.as_ref();
        let address = url.and_then(|url| Address::parse(url.expose_secret()));
        let Some(address) = address else {
            return Ok(None);
        };
        let names = CounterNames::new(secret_key)?;
        let check = names.key("check", &[settings.instance.as_bytes()]);
        let counters = Counters::start(address, check);
        Ok(Some(Self { names, counters }))
    }

    /// Whether they count together now.
    pub fn works(&self) -> bool {
        self.counters.work()
    }

    /// Where this is counted, and how often it may be.
    pub fn key(&self, asked: &Shared<'_>) -> (String, Rule) {
        (asked.who.key(asked.what, &self.names), asked.rule)
    }

    /// Counts all of these, or none and says how long to wait.
    pub async fn count(&self, keys: &[(String, Rule)]) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        match self.counters.count(keys).await {
            Some(Err(wait)) => Err(Error::SlowDown(wait)),
            Some(Ok(())) | None => Ok(()),
        }
    }

    /// Counts a failure of this person. His answer does not wait for it.
    pub fn fail(&self, person: &Identity) {
        let key = person.key(failures::NAME, &self.names);
        let counters = self.counters.clone();
        actix::spawn(async move { counters.fail(&key, failures::WINDOW).await });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_nobody_and_is_anothers_by_kind_person_and_site() {
        let names = |key: u8| CounterNames::of("saoma:site", &[key; 32]);
        let address = IpAddr::from([192, 0, 2, 1]);
        let key = address.key("starts", &names(1));
        assert_eq!(key, address.key("starts", &names(1)));
        assert!(!key.contains("192"), "{key}");
        for other in [
            address.key("redeems", &names(1)),
            address.key("starts", &names(2)),
            IpAddr::from([192, 0, 2, 2]).key("starts", &names(1)),
        ] {
            assert_ne!(key, other);
        }
        let person = |app_id: &str, openid: &str| Identity {
            app_id: app_id.to_owned(),
            openid: openid.to_owned(),
        };
        let keys = [person("a", "bc"), person("ab", "c")].map(|who| who.key("scans", &names(1)));
        assert_ne!(keys[0], keys[1]);
        // All of a site on one server of a cluster.
        let tag = |key: &str| key[..key.find('}').unwrap()].to_owned();
        assert_eq!(tag(&key), tag(&keys[0]));
    }
}
