//! `saoma healthcheck`: whether the server that runs here is ready, for images without curl.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::settings::{Flags, Settings};

/// Shorter than the patience of who asks, such as Docker with 5 seconds in `deploy/Dockerfile`.
const LIMIT: Duration = Duration::from_secs(3);

/// The answer of `/readyz`.
#[derive(Deserialize)]
struct Readiness {
    ready: bool,
    reasons: Vec<String>,
}

/// Asks `/readyz` on the admin address. Fails when nobody answers within 3 seconds, and when the
/// server is not ready, with its reasons.
pub async fn run(flags: &Flags) -> anyhow::Result<()> {
    let address = reachable(Settings::admin_address(flags)?);
    let client = awc::Client::builder().timeout(LIMIT).finish();
    let asked = client.get(format!("http://{address}/readyz")).send().await;
    // awc's errors are not `Sync`.
    let asked = asked.map_err(|error| anyhow::anyhow!("{error}"));
    let mut answer =
        asked.with_context(|| format!("no server answers on SAOMA_ADMIN_LISTEN {address}"))?;
    let answer: Result<Readiness, _> = answer.json().await;
    let readiness = answer.ok().with_context(|| {
        format!("what answers on SAOMA_ADMIN_LISTEN {address} is no server of Saoma's")
    })?;
    if !readiness.ready {
        bail!("not ready: {}", readiness.reasons.join(", "));
    }
    println!("ready");
    Ok(())
}

/// A server that listens on all addresses is asked on loopback.
pub(super) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::reachable;

    #[test]
    fn a_server_on_all_addresses_is_asked_on_loopback() {
        for (listen, asked) in [
            ("0.0.0.0:9180", "127.0.0.1:9180"),
            ("[::]:9180", "[::1]:9180"),
            ("10.0.0.7:1", "10.0.0.7:1"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
