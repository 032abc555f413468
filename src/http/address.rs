//! Where a request comes from, past the proxies that the owner trusts.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use actix_web::http::header::HeaderMap;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Finds the client's address, and notices a proxy that nobody declared.
#[derive(Debug, Clone)]
pub struct AddressFinder {
    trusted: Arc<[IpNet]>,
    untrusted_proxy: Arc<AtomicBool>,
}

impl AddressFinder {
    /// Trusts `X-Forwarded-For` from these peers only.
    pub fn new(trusted: &[IpNet]) -> Self {
        Self {
            trusted: trusted.into(),
            untrusted_proxy: Arc::default(),
        }
    }

    /// The right-most address that no trusted proxy has.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        let mut forwarded = headers.get_all("x-forwarded-for").peekable();
        if forwarded.peek().is_none() {
            return peer;
        }
        if !self.is_trusted(peer) {
            if !self.untrusted_proxy.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    "X-Forwarded-For comes from a peer that is not in SAOMA_TRUSTED_PROXIES; \
                     all its visitors count as one address"
                );
            }
            return peer;
        }
        let lines: Vec<&str> = forwarded.filter_map(|line| line.to_str().ok()).collect();
        let mut client = peer;
        for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            // What a trusted proxy passed on unread ends the chain.
            let Ok(address) = hop.trim().parse::<IpAddr>() else {
                break;
            };
            client = address.to_canonical();
            if !self.is_trusted(client) {
                break;
            }
        }
        client
    }

    /// Whether requests came through a proxy that the owner has not declared.
    pub fn saw_untrusted_proxy(&self) -> bool {
        self.untrusted_proxy.load(Ordering::Relaxed)
    }

    /// Whether this peer speaks for others.
    pub fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted
            .iter()
            .any(|network| network.contains(&address))
    }
}

/// The address as the phone shows it: IPv4 /24, IPv6 /48.
pub fn mask(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => Ipv4Net::new_assert(address, 24).trunc().to_string(),
        IpAddr::V6(address) => Ipv6Net::new_assert(address, 48).trunc().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&'static str]) -> String {
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            let name = HeaderName::from_static("x-forwarded-for");
            headers.append(name, HeaderValue::from_static(line));
        }
        AddressFinder::new(&trusted)
            .client(peer.parse().unwrap(), &headers)
            .to_string()
    }

    #[test]
    fn a_header_from_a_stranger_counts_for_nothing() {
        assert_eq!(client(&[], "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(
            client(&["10.0.0.0/8"], "192.0.2.1", &["198.51.100.7"]),
            "192.0.2.1"
        );
    }

    #[test]
    fn behind_trusted_proxies_the_right_most_stranger_is_the_client() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(
            client(&trusted, "10.0.0.1", &["198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(
            client(&trusted, "10.0.0.1", &["1.1.1.1, 198.51.100.7, 10.9.9.9"]),
            "198.51.100.7"
        );
        assert_eq!(
            client(&trusted, "10.0.0.1", &["1.1.1.1", "198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(
            client(&trusted, "10.0.0.1", &["1.1.1.1, nonsense"]),
            "10.0.0.1"
        );
    }

    #[test]
    fn a_masked_address_names_a_network_and_no_host() {
        assert_eq!(mask("203.0.113.77".parse().unwrap()), "203.0.113.0/24");
        assert_eq!(
            mask("::ffff:203.0.113.77".parse().unwrap()),
            "203.0.113.0/24"
        );
        assert_eq!(mask("2001:db8:1:2::3".parse().unwrap()), "2001:db8:1::/48");
    }
}
