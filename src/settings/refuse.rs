//! What must hold between settings, so that nobody runs an unsafe server by mistake.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::{Settings, SettingsError, parse::Values};
use crate::simulator::DEMO_APP_SECRET;

/// Refuses codes that many have seen together with no question about them.
///
/// Before all other values are read: so it holds for words that this version
/// does not know yet.
pub(super) fn pool_without_check(values: &Values) -> Result<(), SettingsError> {
    let check = values.text("SAOMA_CHECK", "")?;
    let codes = values.text("SAOMA_CODES", "")?;
    if check == "none" && codes == "pool" {
        return Err(SettingsError::new(
            "SAOMA_CHECK",
            &check,
            "with SAOMA_CODES=pool, whoever kept a picture of a code could catch another's login",
            "auto, number or code",
        ));
    }
    Ok(())
}

/// Refuses a key of fewer than 128 bits, counted as if its characters were random.
pub(super) fn weak_internal_key(
    key: Option<SecretString>,
) -> Result<Option<SecretString>, SettingsError> {
    let refuse = |problem| {
        let right = "a key made by `openssl rand -hex 32`";
        Err(SettingsError::secret("SAOMA_INTERNAL_KEY", problem, right))
    };
    if let Some(key) = &key {
        let key = key.expose_secret();
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return refuse("it has blanks or other characters that no header carries");
        }
        let bits = if key.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            4
        } else {
            6
        };
        let different: BTreeSet<u8> = key.bytes().collect();
        if key.len() * bits < 128 || different.len() < 8 {
            return refuse("it can be guessed");
        }
    }
    Ok(key)
}

/// Refuses a plain-http address where people log in or come to after it, and a
/// stranger in WeChat's place.
pub(super) fn unsafe_combinations(settings: &Settings, trusted: bool) -> Result<(), SettingsError> {
    let public = &settings.public_url;
    let near = is_near(public);
    if public.scheme() == "http" && !near {
        return Err(SettingsError::new(
            "SAOMA_PUBLIC_URL",
            public.as_str(),
            "plain http shows every login to the network",
            "https, by a proxy in front (see docs/DEPLOY.md)",
        ));
    }
    for origin in &settings.return_origins {
        if origin.scheme() == "http" && !is_near(origin) {
            return Err(SettingsError::new(
                "SAOMA_RETURN_ORIGINS",
                origin.as_str(),
                "over plain http anybody on the way could answer whoever has just logged in",
                "https origins",
            ));
        }
    }
    let wechat = &settings.wechat.base_url;
    if is_wechat(wechat) && settings.wechat.app_secret.expose_secret() == DEMO_APP_SECRET {
        return Err(SettingsError::secret(
            "SAOMA_WECHAT_APP_SECRET",
            "it is the simulator's, which everybody knows and WeChat does not",
            "the mini program's own AppSecret",
        ));
    }
    if is_wechat(wechat) || near || public.scheme() != "https" {
        return Ok(());
    }
    if trusted {
        tracing::warn!(%wechat, "SAOMA_WECHAT_TRUST_BASE_URL is set: whoever answers there decides who is who");
        return Ok(());
    }
    Err(SettingsError::new(
        "SAOMA_WECHAT_BASE_URL",
        wechat.as_str(),
        "whoever answers there decides who is who",
        "https under weixin.qq.com, or SAOMA_WECHAT_TRUST_BASE_URL=true if you know what you do",
    ))
}

fn is_wechat(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "https" && (host == "weixin.qq.com" || host.ends_with(".weixin.qq.com"))
}

/// Loopback, private or link-local: an address that the internet cannot reach.
pub(super) fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Some(Host::Ipv6(ip)) => {
            ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
        None => false,
    }
}
