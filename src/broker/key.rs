//! What all instances of one site know and nobody else does.

use std::fmt;

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

/// The first part of all channels of this site in Redis: sites that share one
/// Redis do not meet, and nobody guesses it.
pub fn namespace(secret_key: &SecretKey) -> anyhow::Result<String> {
    let derived = secret_key.derive("channels in Redis")?;
    Ok(format!("saoma:{}", URL_SAFE_NO_PAD.encode(&derived[..16])))
}
