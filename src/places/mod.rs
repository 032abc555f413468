//! Where an address is, by the owner's address databases (`.mmdb` files).
//!
//! Nothing is asked over the network and nothing is stored: a place is looked up
//! from the masked address whenever somebody reads it. Without a database
//! everything here is unknown.

mod database;
mod hosting;
mod names;

use std::{net::IpAddr, path::PathBuf, sync::Arc, time::Duration};

use ipnet::IpNet;
use maxminddb::geoip2::{AnonymousIp, Asn, City};
use tokio::time::{MissedTickBehavior, interval};

pub use database::PlacesError;

use crate::http::language::Language;
use database::{Database, Kind};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The address databases of the settings; each may be absent.
#[derive(Debug, Clone, Default)]
pub struct GeoipFiles {
    /// `SAOMA_GEOIP_CITY`: places and countries.
    pub city: Option<PathBuf>,
    /// `SAOMA_GEOIP_ASN`: networks.
    pub asn: Option<PathBuf>,
    /// `SAOMA_GEOIP_ANONYMOUS`: which addresses belong to hosting providers.
    pub anonymous: Option<PathBuf>,
}

/// Looks addresses up. A clone is cheap and shares the databases.
#[derive(Debug, Clone, Default)]
pub struct Places(Arc<Databases>);

#[derive(Debug, Default)]
struct Databases {
    city: Option<Database>,
    asn: Option<Database>,
    anonymous: Option<Database>,
}

/// What is known about the network of an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// ISO 3166 code, such as "CN".
    pub country: Option<String>,
    /// Number of the autonomous system: whose network it is.
    pub asn: Option<u32>,
    /// It belongs to a hosting provider: servers are there, people are not.
    pub hosting: bool,
}

impl Places {
    /// Reads the files into memory. Fails with the setting, its value and what
    /// would be right.
    pub fn open(files: &GeoipFiles) -> Result<Self, PlacesError> {
        let open = |kind, path: &Option<PathBuf>| {
            path.as_ref()
                .map(|path| Database::open(kind, path))
                .transpose()
        };
        Ok(Self(Arc::new(Databases {
            city: open(Kind::City, &files.city)?,
            asn: open(Kind::Asn, &files.asn)?,
            anonymous: open(Kind::Anonymous, &files.anonymous)?,
        })))
    }

    /// The place of a masked address such as "203.0.113.0/24", as a person would
    /// write it: "Hangzhou, China", "浙江 杭州". None when it is unknown.
    pub fn place(&self, masked: &str, language: Language) -> Option<String> {
        let reader = self.0.city.as_ref()?.reader();
        let found = reader.lookup(public(masked)?).ok()?;
        names::written(&found.decode::<City>().ok()??, language)
    }

    /// Country and network of a masked address.
    pub fn network(&self, masked: &str) -> Network {
        let Some(address) = public(masked) else {
            return Network::default();
        };
        let asn = self.asn(address);
        Network {
            country: self.country(address),
            asn,
            // A database that knows it decides; the table is for those who have none.
            hosting: match &self.0.anonymous {
                Some(database) => is_hosting(database, address).unwrap_or(false),
                None => asn.is_some_and(hosting::is_known),
            },
        }
    }

    /// The databases in use, such as "GeoLite2-City of 2026-11-20".
    pub fn names(&self) -> Vec<String> {
        self.databases().map(Database::name).collect()
    }

    /// Takes up files that the owner has replaced. One that cannot be used is
    /// logged, and the one before it stays. Reads files: not for a worker's thread.
    pub fn refresh(&self) {
        self.databases().for_each(Database::refresh);
    }

    /// Looks at the files every minute, until the process ends.
    pub async fn follow(self) {
        if self.databases().next().is_none() {
            return;
        }
        let mut tick = interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let places = self.clone();
            // Only this loop waits for a disk that hangs.
            if let Err(error) = actix_web::web::block(move || places.refresh()).await {
                tracing::warn!(%error, "the address databases could not be looked at");
            }
        }
    }

    fn country(&self, address: IpAddr) -> Option<String> {
        let reader = self.0.city.as_ref()?.reader();
        let found = reader.lookup(address).ok()?.decode::<City>().ok()??;
        names::country(&found).iso_code.map(str::to_owned)
    }

    fn asn(&self, address: IpAddr) -> Option<u32> {
        let reader = self.0.asn.as_ref()?.reader();
        let found = reader.lookup(address).ok()?.decode::<Asn>().ok()??;
        found.autonomous_system_number
    }

    fn databases(&self) -> impl Iterator<Item = &Database> {
        let Databases {
            city,
            asn,
            anonymous,
        } = &*self.0;
        [city, asn, anonymous].into_iter().flatten()
    }
}

fn is_hosting(database: &Database, address: IpAddr) -> Option<bool> {
    let reader = database.reader();
    let found = reader
        .lookup(address)
        .ok()?
        .decode::<AnonymousIp>()
        .ok()??;
    found.is_hosting_provider
}

/// The first address of a masked one; none if it means something else in every network.
fn public(masked: &str) -> Option<IpAddr> {
    let network: IpNet = masked.parse().ok()?;
    let address = network.network();
    let private = match address {
        IpAddr::V4(ip) => {
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified()
        }
        IpAddr::V6(ip) => {
            // The mask makes of ::1 and of fe80::1 the first address of their networks.
            ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
    };
    (!private).then_some(address)
}

#[cfg(test)]
mod tests;
