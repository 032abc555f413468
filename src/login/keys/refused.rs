//! Secret keys that protect nothing.

use std::collections::BTreeSet;

use anyhow::bail;
use secrecy::ExposeSecret;

use super::{SecretKey, demo};

/// How to make a good one.
const MAKE: &str = "openssl rand -base64 32 | tr '+/' '-_' | tr -d =";

impl SecretKey {
    /// Refuses a key that can be guessed, and the demo's, also as the one that
    /// is replaced: a server on the demo's database would serve simulated people.
    pub fn refuse_unfit(&self) -> anyhow::Result<()> {
        let mut all = [&self.key].into_iter().chain(&self.old);
        if let Some(found) = all.find(|key| demo::is_marked(key.bytes.expose_secret())) {
            bail!(
                "{} is a key of `saoma demo`, whose people are simulated: a server needs a data \
                 directory (SAOMA_DATA_DIR) or a database of its own, and its own secret key. To \
                 use this data directory, remove what the demo left in it",
                found.name
            );
        }
        if is_weak(self.key.bytes.expose_secret()) {
            bail!(
                "{} can be guessed. Make another with `{MAKE}`, and give this one as \
                 SAOMA_SECRET_KEY_OLD, so that a database that was made with it is opened once more",
                self.key.name
            );
        }
        Ok(())
    }
}

/// A row of one byte, a row that counts, a short word again and again: what
/// people write who want to fill a gap. 32 random bytes have about 30 different
/// ones, and fewer than 8 in no lifetime.
fn is_weak(bytes: &[u8; 32]) -> bool {
    let different: BTreeSet<u8> = bytes.iter().copied().collect();
    let steps: BTreeSet<u8> = bytes
        .windows(2)
        .map(|pair| pair[1].wrapping_sub(pair[0]))
        .collect();
    different.len() < 8 || steps.len() == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::login::keys::source::Named;

    fn key(bytes: [u8; 32]) -> SecretKey {
        let key = Named::new("SAOMA_SECRET_KEY".to_owned(), bytes);
        SecretKey {
            key,
            old: Vec::new(),
        }
    }

    #[test]
    fn k7_a_secret_key_that_can_be_guessed_is_refused() {
        let counting: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let words: [u8; 32] = std::array::from_fn(|i| b"secret"[i % 6]);
        for weak in [[0; 32], [255; 32], [b'x'; 32], counting, words] {
            let refusal = key(weak).refuse_unfit().unwrap_err().to_string();
            assert!(refusal.contains("SAOMA_SECRET_KEY can be"), "{refusal}");
            assert!(refusal.contains("openssl rand"), "{refusal}");
        }
        for _ in 0..10_000 {
            key(rand::random()).refuse_unfit().unwrap();
        }
        // As the key that is replaced it is taken: that is the way out.
        let mut replaced = key(rand::random());
        replaced.old.push(key([0; 32]).key);
        replaced.refuse_unfit().unwrap();
    }

    #[test]
    fn k7_a_key_of_the_demo_is_refused_in_every_place() {
        let refusal = key(demo::new_key()).refuse_unfit().unwrap_err().to_string();
        assert!(refusal.contains("saoma demo"), "{refusal}");
        let mut replaced = key(rand::random());
        replaced.old.push(key(demo::new_key()).key);
        assert!(replaced.refuse_unfit().is_err());
    }
}
