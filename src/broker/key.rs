//! What all instances of one site know and nobody else does.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::login::keys::SecretKey;

/// The key by which instances know each other.
#[derive(Clone)]
pub struct NewsKey(SecretString);

impl NewsKey {
    /// Derived from the site's secret key.
    pub fn new(secret_key: &SecretKey) -> anyhow::Result<Self> {
        let key = URL_SAFE_NO_PAD.encode(secret_key.derive("news of other instances")?);
        Ok(Self(SecretString::from(key)))
    }

    /// The value of the `Authorization` header.
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.0.expose_secret())
    }

    /// Whether a request's `Authorization` is ours, in constant time.
    pub fn is_bearer(&self, authorization: &[u8]) -> bool {
        self.bearer().as_bytes().ct_eq(authorization).into()
    }
}

impl fmt::Debug for NewsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewsKey")
    }
}

/// What names people and addresses in Redis, so that whoever reads there learns
/// nobody's name.
#[derive(Clone)]
pub struct CounterNames {
    prefix: String,
    key: hmac::Key,
}

impl CounterNames {
    /// Derived from the site's secret key.
    pub fn new(secret_key: &SecretKey) -> anyhow::Result<Self> {
        let key = secret_key.derive("names of counters in Redis")?;
        Ok(Self::of(&namespace(secret_key)?, &key))
    }

    pub(crate) fn of(namespace: &str, key: &[u8]) -> Self {
        // In braces: a cluster keeps all of a site on one server, which can count them together.
        let prefix = namespace.replacen(':', ":{", 1) + "}";
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        Self { prefix, key }
    }

    /// The key in Redis for what is counted, and of whom: the parts of a name,
    /// which nobody can tell from it.
    pub fn key(&self, what: &str, who: &[&[u8]]) -> String {
        let mut context = hmac::Context::with_key(&self.key);
        for part in std::iter::once(&what.as_bytes()).chain(who) {
            context.update(&part.len().to_be_bytes());
            context.update(part);
        }
        let tag = context.sign();
        let name = tag.as_ref().get(..16).unwrap_or_default();
        format!("{}:{what}:{}", self.prefix, URL_SAFE_NO_PAD.encode(name))
    }
}

impl fmt::Debug for CounterNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CounterNames")
    }
}

/// The first part of all channels of this site in Redis: sites that share one
/// Redis do not meet, and nobody guesses it.
pub fn namespace(secret_key: &SecretKey) -> anyhow::Result<String> {
    let derived = secret_key.derive("channels in Redis")?;
    Ok(format!("saoma:{}", URL_SAFE_NO_PAD.encode(&derived[..16])))
}
