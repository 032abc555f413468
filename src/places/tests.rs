//! With databases of our own, in the addresses that documentation may use.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use super::{GeoipFiles, Network, Places};
use crate::http::language::Language::{En, Zh};
use mmdb::Mmdb;

#[path = "../../tests/api/support/mmdb.rs"]
mod mmdb;

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("saoma-places-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    /// A file, put in place whole as a good updater does.
    fn put(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(path.with_extension("new"), content).unwrap();
        fs::rename(path.with_extension("new"), &path).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn names(zh: &str, en: &str) -> Value {
    json!({"names": {"zh-CN": zh, "en": en}})
}

fn country(code: &str, zh: &str, en: &str) -> Value {
    json!({"iso_code": code, "names": {"zh-CN": zh, "en": en}})
}

fn cities() -> Vec<u8> {
    let china = country("CN", "中国", "China");
    let hangzhou = json!({
        "city": names("杭州", "Hangzhou"), "subdivisions": [names("浙江省", "Zhejiang")],
        "country": china,
    });
    let shanghai = json!({
        "city": names("上海", "Shanghai"), "subdivisions": [names("上海市", "Shanghai")],
        "country": china,
    });
    let clifton = json!({
        "city": {"names": {"en": "Clifton"}}, "subdivisions": [names("新泽西州", "New Jersey")],
        "country": country("US", "美国", "United States"),
    });
    let singapore = json!({
        "city": names("新加坡", "Singapore"), "country": country("SG", "新加坡", "Singapore"),
    });
    Mmdb::new("GeoLite2-City")
        .with("192.0.2.0/25", &shanghai)
        .with("198.51.100.0/24", &clifton)
        .with("203.0.113.0/24", &hangzhou)
        .with("2001:db8:1::/48", &singapore)
        .with("2001:db8:2::/48", &json!({"country": china}))
        .with(
            "2001:db8:3::/48",
            &json!({"subdivisions": [names("内蒙古自治区", "Inner Mongolia")], "country": china}),
        )
        .with(
            "2001:db8:4::/48",
            &json!({"registered_country": country("DE", "德国", "Germany")}),
        )
        .with(
            "2001:db8:5::/48",
            &json!({"city": names("杭\u{7}州\n", &"x".repeat(200))}),
        )
        .with("2001:db8:6::/48", &json!({"city": "no map"}))
        .with("10.0.0.0/8", &json!({"country": china}))
        .with("fd00::/8", &json!({"country": china}))
        .bytes()
}

fn networks() -> Vec<u8> {
    let asn = |number: u32| json!({"autonomous_system_number": number});
    Mmdb::new("GeoLite2-ASN")
        .with("192.0.2.0/24", &asn(4134))
        .with("198.51.100.0/24", &asn(16509))
        .bytes()
}

#[test]
fn a_place_is_written_as_a_reader_of_the_language_would() {
    let folder = Folder::new();
    let city = Some(folder.put("city.mmdb", &cities()));
    let files = GeoipFiles {
        city,
        ..GeoipFiles::default()
    };
    let places = Places::open(&files).unwrap();
    for (masked, zh, en) in [
        ("203.0.113.0/24", "浙江 杭州", "Hangzhou, China"),
        ("192.0.2.0/24", "上海", "Shanghai, China"),
        ("198.51.100.0/24", "美国 Clifton", "Clifton, United States"),
        ("2001:db8:1::/48", "新加坡", "Singapore"),
        ("2001:db8:2::/48", "中国", "China"),
        ("2001:db8:3::/48", "内蒙古自治区", "Inner Mongolia, China"),
        ("2001:db8:4::/48", "德国", "Germany"),
    ] {
        assert_eq!(places.place(masked, Zh).as_deref(), Some(zh), "{masked}");
        assert_eq!(places.place(masked, En).as_deref(), Some(en), "{masked}");
    }
}

#[test]
fn what_is_private_unknown_or_nonsense_has_no_place() {
    let folder = Folder::new();
    let city = Some(folder.put("city.mmdb", &cities()));
    let files = GeoipFiles {
        city,
        ..GeoipFiles::default()
    };
    let places = Places::open(&files).unwrap();
    for masked in [
        "10.1.2.0/24",
        "127.0.0.0/24",
        "::/48",
        "fd00::/48",
        "8.8.8.0/24",
        "2001:db8:6::/48",
        "?",
        "",
    ] {
        assert_eq!(places.place(masked, Zh), None, "{masked}");
        assert_eq!(places.network(masked), Network::default(), "{masked}");
    }
}

#[test]
fn a_name_is_one_short_line_whatever_the_file_says() {
    let folder = Folder::new();
    let city = Some(folder.put("city.mmdb", &cities()));
    let files = GeoipFiles {
        city,
        ..GeoipFiles::default()
    };
    let places = Places::open(&files).unwrap();
    assert_eq!(places.place("2001:db8:5::/48", Zh).unwrap(), "杭州");
    assert_eq!(places.place("2001:db8:5::/48", En).unwrap().len(), 60);
}

#[test]
fn without_a_database_nothing_is_known() {
    let places = Places::open(&GeoipFiles::default()).unwrap();
    assert_eq!(places.place("203.0.113.0/24", Zh), None);
    assert_eq!(places.network("203.0.113.0/24"), Network::default());
    assert!(places.names().is_empty());
}

#[test]
fn a_hosting_provider_is_told_by_the_table_or_by_the_owners_own_database() {
    let folder = Folder::new();
    let asn = Some(folder.put("asn.mmdb", &networks()));
    let by_table = GeoipFiles {
        asn: asn.clone(),
        ..GeoipFiles::default()
    };
    let by_table = Places::open(&by_table).unwrap();
    assert_eq!(by_table.network("192.0.2.0/24").asn, Some(4134));
    assert!(!by_table.network("192.0.2.0/24").hosting);
    assert!(by_table.network("198.51.100.0/24").hosting);

    // The other way round in a database that knows better.
    let hosts = Mmdb::new("GeoIP2-Anonymous-IP")
        .with(
            "192.0.2.0/24",
            &json!({"is_anonymous": true, "is_hosting_provider": true}),
        )
        .with(
            "203.0.113.0/24",
            &json!({"is_anonymous": true, "is_anonymous_vpn": true}),
        );
    let anonymous = Some(folder.put("anonymous.mmdb", &hosts.bytes()));
    let files = GeoipFiles {
        asn,
        anonymous,
        ..GeoipFiles::default()
    };
    let places = Places::open(&files).unwrap();
    assert!(places.network("192.0.2.0/24").hosting);
    assert!(!places.network("198.51.100.0/24").hosting);
    assert!(!places.network("203.0.113.0/24").hosting);
}

#[test]
fn a_file_that_cannot_be_used_is_refused_with_what_would_be_right() {
    let folder = Folder::new();
    let whole = cities();
    let half = &whole[..whole.len() / 2];
    for (content, problem) in [
        (
            networks().as_slice(),
            "a database of another type, GeoLite2-ASN",
        ),
        (half, "no database in MaxMind's format, or not all of it"),
        (b"", "no database in MaxMind's format"),
    ] {
        let city = Some(folder.put("city.mmdb", content));
        let files = GeoipFiles {
            city,
            ..GeoipFiles::default()
        };
        let refusal = Places::open(&files).unwrap_err().to_string();
        assert!(refusal.starts_with("SAOMA_GEOIP_CITY is \""), "{refusal}");
        assert!(refusal.contains(problem), "{refusal}");
        assert!(refusal.contains("Right would be: "), "{refusal}");
        assert!(refusal.contains("GeoLite2-City.mmdb"), "{refusal}");
    }
    for (asn, problem) in [
        (folder.0.join("nothing.mmdb"), "no such file"),
        (folder.0.clone(), "this is no file"),
    ] {
        let files = GeoipFiles {
            asn: Some(asn),
            ..GeoipFiles::default()
        };
        let refusal = Places::open(&files).unwrap_err().to_string();
        assert!(refusal.contains(problem), "{refusal}");
    }
}

#[test]
fn a_new_file_is_taken_up_and_a_broken_one_is_not() {
    let folder = Folder::new();
    let path = folder.put("city.mmdb", &cities());
    let files = GeoipFiles {
        city: Some(path.clone()),
        ..GeoipFiles::default()
    };
    let places = Places::open(&files).unwrap();
    let place = || places.place("203.0.113.0/24", En);
    places.refresh();
    assert_eq!(place().unwrap(), "Hangzhou, China");

    let moved = json!({"country": country("NZ", "新西兰", "New Zealand")});
    let moved = Mmdb::new("DBIP-Country-Lite").with("203.0.113.0/24", &moved);
    folder.put("city.mmdb", &moved.bytes());
    assert_eq!(place().unwrap(), "Hangzhou, China");
    places.refresh();
    assert_eq!(place().unwrap(), "New Zealand");
    assert_eq!(
        places.network("203.0.113.0/24").country.as_deref(),
        Some("NZ")
    );

    folder.put("city.mmdb", b"the disk was full");
    places.refresh();
    assert_eq!(place().unwrap(), "New Zealand");
    fs::remove_file(path).unwrap();
    places.refresh();
    assert_eq!(place().unwrap(), "New Zealand");

    folder.put("city.mmdb", &cities());
    places.refresh();
    assert_eq!(place().unwrap(), "Hangzhou, China");
}
