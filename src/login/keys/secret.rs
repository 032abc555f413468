//! What is done with the secret key: deriving, sealing, opening.

use anyhow::anyhow;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use secrecy::{ExposeSecret, SecretBox};

use super::{Seal, source::Named};

/// From this key all others are derived, one for each purpose (HKDF, RFC 5869).
///
/// Beside it stand the keys that it replaces: what they sealed is opened, and
/// nothing is sealed with them any more.
pub struct SecretKey {
    pub(super) key: Named,
    pub(super) old: Vec<Named>,
}

/// A sealed private key, opened.
pub(super) struct Opened {
    pub(super) private: SecretBox<Vec<u8>>,
    /// An old key opened it: it has to be sealed anew.
    pub(super) by_old: bool,
}

impl SecretKey {
    /// A key for one purpose, which tells nothing about the others.
    pub fn derive(&self, purpose: &str) -> anyhow::Result<[u8; 32]> {
        derive(&self.key, purpose)
    }

    /// A seal for one purpose, by this key alone: what an old one sealed stays closed.
    pub fn seal_for(&self, purpose: &str) -> anyhow::Result<Seal> {
        Seal::new(&self.derive(purpose)?)
    }

    /// Nonce, ciphertext and tag of `private`, bound to `name`.
    pub(super) fn seal(&self, name: &str, private: &[u8]) -> anyhow::Result<Vec<u8>> {
        signing_key_seal(&self.key)?.seal(name, private)
    }

    /// What this key, or one that it replaces, has sealed under `name`.
    pub(super) fn open(&self, name: &str, sealed: &[u8]) -> anyhow::Result<Opened> {
        if let Some(private) = signing_key_seal(&self.key)?.open(name, sealed)? {
            let by_old = false;
            return Ok(Opened { private, by_old });
        }
        for old in &self.old {
            if let Some(private) = signing_key_seal(old)?.open(name, sealed)? {
                let by_old = true;
                return Ok(Opened { private, by_old });
            }
        }
        let Some(old) = self.old.first() else {
            return Err(anyhow!(
                "the database was made with another SAOMA_SECRET_KEY: all instances of one \
                 database need the same key (the first start wrote it to secret.key in its data \
                 directory). To change it, give the one before as SAOMA_SECRET_KEY_OLD"
            ));
        };
        Err(anyhow!(
            "the database was made with another SAOMA_SECRET_KEY, and {} is not that one either: \
             it has to be the key that the servers of this database used until now",
            old.name
        ))
    }
}

fn derive(key: &Named, purpose: &str) -> anyhow::Result<[u8; 32]> {
    let salt = Salt::new(HKDF_SHA256, b"saoma");
    let root = salt.extract(key.bytes.expose_secret());
    let info = [purpose.as_bytes()];
    let mut derived = [0; 32];
    root.expand(&info, HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut derived))
        .map_err(|_| anyhow!("a key could not be derived"))?;
    Ok(derived)
}

fn signing_key_seal(key: &Named) -> anyhow::Result<Seal> {
    Seal::new(&derive(key, "signing keys")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SecretKey {
        let key = Named::new("SAOMA_SECRET_KEY".to_owned(), [byte; 32]);
        SecretKey {
            key,
            old: Vec::new(),
        }
    }

    fn replacing(byte: u8, old: u8) -> SecretKey {
        let old = Named::new("SAOMA_SECRET_KEY_OLD".to_owned(), [old; 32]);
        SecretKey {
            old: vec![old],
            ..key(byte)
        }
    }

    fn refusal(key: &SecretKey, name: &str, sealed: &[u8]) -> String {
        let refused = key.open(name, sealed).err().expect("it opens nothing");
        refused.to_string()
    }

    #[test]
    fn what_one_key_sealed_opens_with_it_and_under_its_name_only() {
        let sealed = key(1).seal("name", b"private").unwrap();
        let opened = key(1).open("name", &sealed).unwrap();
        assert_eq!(opened.private.expose_secret(), b"private");
        assert!(!opened.by_old);
        assert!(key(1).open("other", &sealed).is_err());
        let refused = refusal(&key(2), "name", &sealed);
        assert!(refused.contains("another SAOMA_SECRET_KEY"), "{refused}");
    }

    #[test]
    fn an_old_key_opens_what_it_sealed_and_seals_no_more() {
        let sealed = key(1).seal("name", b"private").unwrap();
        let both = replacing(2, 1);
        let opened = both.open("name", &sealed).unwrap();
        assert!(opened.by_old);
        let anew = both.seal("name", opened.private.expose_secret()).unwrap();
        assert!(!key(2).open("name", &anew).unwrap().by_old);
        assert!(key(1).open("name", &anew).is_err());
        let refused = refusal(&replacing(2, 3), "name", &sealed);
        assert!(refused.contains("SAOMA_SECRET_KEY_OLD is not"), "{refused}");
    }

    #[test]
    fn sealing_twice_never_gives_the_same_bytes() {
        assert_ne!(
            key(1).seal("name", b"x").unwrap(),
            key(1).seal("name", b"x").unwrap()
        );
    }

    #[test]
    fn a_key_of_one_purpose_is_no_other() {
        assert_ne!(key(1).derive("a").unwrap(), key(1).derive("b").unwrap());
        assert_ne!(key(1).derive("a").unwrap(), key(2).derive("a").unwrap());
    }
}
