//! Where Redis is.

use redis::{ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

/// The servers of a `REDIS_URL`, not connected.
#[derive(Debug, Clone)]
pub struct Address {
    pub(super) nodes: Vec<ConnectionInfo>,
    pub(super) cluster: bool,
}

impl Address {
    /// What a `REDIS_URL` may look like.
    pub const RIGHT: &str = "redis://host:6379, rediss://user:password@host:6380/0, \
        redis+unix:///path/to/socket or redis+cluster://host:6379,host:6380";

    /// Reads a `REDIS_URL`: `redis`, `rediss` (TLS), `redis+unix`, and
    /// `redis+cluster` or `rediss+cluster` with some of the cluster's servers,
    /// comma-separated. None if it is no such address.
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let Some(scheme) = scheme.strip_suffix("+cluster") else {
            let nodes = vec![node(url)?];
            return Some(Self {
                nodes,
                cluster: false,
            });
        };
        let (user, rest) = match rest.rsplit_once('@') {
            Some((user, rest)) => (format!("{user}@"), rest),
            None => (String::new(), rest),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (hosts, tail) = rest.split_at(end);
        let nodes: Option<_> = hosts
            .split(',')
            .map(|host| node(&format!("{scheme}://{user}{host}{tail}")))
            .collect();
        Some(Self {
            nodes: nodes?,
            cluster: true,
        })
    }
}

/// One server, spoken to in RESP3 (Redis 6 and newer): only there news and
/// answers share a connection.
fn node(url: &str) -> Option<ConnectionInfo> {
    let info = url.into_connection_info().ok()?;
    let settings = info.redis_settings().clone();
    // Its name would be one more command that a user of Redis has to be allowed.
    let settings = settings.set_skip_set_lib_name();
    Some(info.set_redis_settings(settings.set_protocol(ProtocolVersion::RESP3)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(url: &str) -> Vec<String> {
        let address = Address::parse(url).unwrap_or_else(|| panic!("{url}"));
        let nodes = address.nodes.iter();
        nodes.map(|node| node.addr().to_string()).collect()
    }

    #[test]
    fn one_server_by_tcp_tls_or_socket() {
        assert_eq!(addresses("redis://localhost"), ["localhost:6379"]);
        assert_eq!(addresses("rediss://:secret@[::1]:6380/3"), ["::1:6380"]);
        assert_eq!(
            addresses("redis+unix:///run/redis.sock?db=1"),
            ["/run/redis.sock"]
        );
        let address = Address::parse("rediss://me:secret@redis.example:6380/3").unwrap();
        let settings = address.nodes[0].redis_settings();
        assert_eq!(settings.username(), Some("me"));
        assert_eq!(settings.password(), Some("secret"));
        assert_eq!(settings.db(), 3);
        assert_eq!(settings.protocol(), ProtocolVersion::RESP3);
        assert!(!address.cluster);
    }

    #[test]
    fn some_servers_of_a_cluster() {
        let url = "rediss+cluster://me:se@cret@a:1,b:2,c/?protocol=3";
        assert_eq!(addresses(url), ["a:1", "b:2", "c:6379"]);
        let address = Address::parse("redis+cluster://:pw@a:1,b:2").unwrap();
        assert!(address.cluster);
        assert_eq!(address.nodes[1].redis_settings().password(), Some("pw"));
    }

    #[test]
    fn anything_else_is_no_address() {
        for url in [
            "",
            "localhost:6379",
            "http://localhost",
            "redis://",
            "redis+cluster://a:1,:2",
            "redis://a/x",
        ] {
            assert!(Address::parse(url).is_none(), "{url}");
        }
    }
}
