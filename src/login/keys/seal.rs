//! Sealing of what lies in the database and must be read by no one else.

use anyhow::{Context, anyhow};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use secrecy::SecretBox;

/// A key that seals, for one purpose.
pub struct Seal(RandomizedNonceKey);

impl Seal {
    pub(super) fn new(key: &[u8; 32]) -> anyhow::Result<Self> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| anyhow!("no key"))?;
        Ok(Self(key))
    }

    /// Nonce, ciphertext and tag of `private`, bound to `name`.
    pub fn seal(&self, name: &str, private: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut text = private.to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(name), &mut text);
        let nonce = nonce.map_err(|_| anyhow!("a secret could not be sealed"))?;
        Ok([nonce.as_ref().as_slice(), &text].concat())
    }

    /// What was sealed under `name`. None when another key did it.
    pub fn open(&self, name: &str, sealed: &[u8]) -> anyhow::Result<Option<SecretBox<Vec<u8>>>> {
        let (nonce, text) = sealed
            .split_at_checked(NONCE_LEN)
            .context("a sealed secret is cut off")?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| anyhow!("no nonce"))?;
        let mut text = text.to_vec();
        let opened = self.0.open_in_place(nonce, Aad::from(name), &mut text);
        let Ok(length) = opened.map(|private| private.len()) else {
            return Ok(None);
        };
        text.truncate(length);
        Ok(Some(SecretBox::new(Box::new(text))))
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}
