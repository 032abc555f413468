//! Address databases of places that are in no atlas: the addresses are documentation's.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use uuid::Uuid;

use super::mmdb::Mmdb;

/// A home in Hangzhou.
pub const HOME: &str = "203.0.113.9";
/// A telephone company's mobile network in the same town.
pub const MOBILE: &str = "192.0.2.20";
/// A rented server abroad.
pub const SERVER: &str = "198.51.100.7";
/// An address that no database has.
pub const NOWHERE: &str = "8.8.8.8";

/// Two files in a folder that is gone after the test.
pub struct Geoip {
    folder: PathBuf,
}

impl Geoip {
    pub fn new() -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(Uuid::new_v4().to_string());
        fs::create_dir_all(&folder).unwrap();
        let geoip = Self { folder };
        geoip.put_cities("Ashburn");
        let asn = Mmdb::new("GeoLite2-ASN")
            .with("203.0.113.0/24", &network(4134, "Chinanet"))
            .with("192.0.2.0/24", &network(9808, "China Mobile"))
            .with("198.51.100.0/24", &network(16509, "Amazon.com, Inc."));
        geoip.put("asn.mmdb", &asn);
        geoip
    }

    /// The file with places; the server abroad stands in this town.
    pub fn put_cities(&self, town: &str) {
        let hangzhou = json!({
            "city": {"names": {"zh-CN": "杭州", "en": "Hangzhou"}},
            "subdivisions": [{"names": {"zh-CN": "浙江省", "en": "Zhejiang"}}],
            "country": {"iso_code": "CN", "names": {"zh-CN": "中国", "en": "China"}},
        });
        let abroad = json!({
            "city": {"names": {"en": town}},
            "country": {"iso_code": "US", "names": {"zh-CN": "美国", "en": "United States"}},
        });
        let cities = Mmdb::new("GeoLite2-City")
            .with("203.0.113.0/24", &hangzhou)
            .with("192.0.2.0/24", &hangzhou)
            .with("198.51.100.0/24", &abroad);
        self.put("city.mmdb", &cities);
    }

    /// The settings of a server that has both, behind a proxy on this machine.
    pub fn options(&self) -> Vec<(&'static str, String)> {
        let path = |name: &str| self.folder.join(name).display().to_string();
        vec![
            ("SAOMA_TRUSTED_PROXIES", "127.0.0.1".to_owned()),
            ("SAOMA_GEOIP_CITY", path("city.mmdb")),
            ("SAOMA_GEOIP_ASN", path("asn.mmdb")),
        ]
    }

    fn put(&self, name: &str, database: &Mmdb) {
        let path = self.folder.join(name);
        fs::write(path.with_extension("new"), database.bytes()).unwrap();
        fs::rename(path.with_extension("new"), path).unwrap();
    }
}

impl Drop for Geoip {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn network(number: u32, name: &str) -> Value {
    json!({"autonomous_system_number": number, "autonomous_system_organization": name})
}
