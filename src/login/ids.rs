//! Ids and secrets, made valid once at the edge.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretBox};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

/// A login attempt's id. It opens nothing by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttemptId(pub Uuid);

impl AttemptId {
    /// A new id: the moment, then random bits (RFC 9562, section 5.7). Attempts of one time lie
    /// together in the database's indexes as they do in its tables, so whoever looks at all that
    /// wait reads a few pages, not one for each.
    pub fn random() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Below all ids of this moment and of later ones, above those of earlier ones.
pub fn first_id_of(moment: SystemTime) -> Uuid {
    let since_1970 = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX);
    Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

/// SHA-256 of a secret of at least 128 random bits: what the database keeps.
pub type Hash = [u8; 32];

/// 32 random bytes, written as 43 characters of base64url: the browser's
/// secret, the phone's nonce, a session's and a phone session's token.
pub struct Secret(SecretBox<[u8; 32]>);

impl Secret {
    /// A new secret from the system's generator.
    pub fn random() -> Self {
        Self::from(rand::random::<[u8; 32]>())
    }

    /// Any other shape than 43 characters of base64url counts as missing.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Self::from(<[u8; 32]>::try_from(bytes).ok()?))
    }

    /// The form on the wire. It goes into one cookie or one body, never into a log or URL.
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.expose_secret())
    }

    /// The form at rest.
    pub fn hash(&self) -> Hash {
        Sha256::digest(self.0.expose_secret()).into()
    }

    /// The bytes themselves, for what is derived from them.
    pub(super) fn bytes(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }
}

impl From<[u8; 32]> for Secret {
    fn from(bytes: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }
}

impl Clone for Secret {
    fn clone(&self) -> Self {
        Self::from(*self.0.expose_secret())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a code carries: 32 characters of `[A-Za-z0-9_-]`. Public, since
/// everybody who sees the code has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Scene(String);

impl Scene {
    /// 24 random bytes, base64url.
    pub fn random() -> Self {
        Self(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>()))
    }

    /// None for anything that we could not have issued.
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |c: u8| c.is_ascii_alphanumeric() || c == b'_' || c == b'-';
        (text.len() == 32 && text.bytes().all(allowed)).then(|| Self(text.to_owned()))
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form at rest.
    pub fn hash(&self) -> Hash {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn attempts_of_one_time_lie_together() {
        let ids: Vec<_> = (0..1_000).map(|_| AttemptId::random()).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn a_moment_is_below_its_ids_and_above_those_of_before() {
        let (before, now) = (AttemptId::random().0, SystemTime::now());
        let (second, day) = (Duration::from_secs(1), Duration::from_secs(86_400));
        assert!(first_id_of(now - day) < first_id_of(now - second));
        assert!(first_id_of(now - second) < before);
        assert!(AttemptId::random().0 < first_id_of(now + second));
    }

    #[test]
    fn a_secret_comes_back_from_its_own_form_and_from_no_other() {
        let secret = Secret::random();
        let text = secret.expose();
        assert_eq!(text.len(), 43);
        assert_eq!(Secret::parse(&text).unwrap().hash(), secret.hash());
        for other in [
            "",
            "short",
            &text[1..],
            &format!("{text}="),
            &format!("{text}A"),
        ] {
            assert!(Secret::parse(other).is_none(), "{other:?}");
        }
    }

    #[test]
    fn a_scene_has_32_characters_of_the_allowed_alphabet() {
        assert_eq!(Scene::random().as_str().len(), 32);
        assert!(Scene::parse(Scene::random().as_str()).is_some());
        for other in [
            "",
            "a",
            &"a".repeat(33),
            &"%".repeat(32),
            &"扫".repeat(32),
            &"a\0".repeat(16),
        ] {
            assert!(Scene::parse(other).is_none(), "{other:?}");
        }
    }

    #[test]
    fn a_secret_does_not_show_in_debug() {
        let secret = Secret::random();
        assert!(!format!("{secret:?}").contains(&secret.expose()));
    }
}
