//! Which signing key does what, and when the next one comes.
//!
//! A key is published, signs some minutes later, and stays published when the
//! next one signs, until the last token that it signed has died. All of that
//! follows from one column, `signs_from`, and the database's clock.

use std::time::Duration;

use anyhow::{anyhow, bail};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;

use super::SecretKey;
use crate::store::{KeyChange, NewSigningKey, SealedKey};

/// How long a key is published before it signs: clients keep the key set for 300 s,
/// and each instance looks at the keys every 10 s.
pub const PUBLISHED_BEFORE: Duration = Duration::from_secs(360);

/// How long a key is published after it signed last: a token lives for 300 s,
/// and as much again for clocks that differ and instances that look late.
pub const PUBLISHED_AFTER: Duration = Duration::from_secs(600);

/// What a key does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It is published and signs from this moment on.
    Next(DateTime<Utc>),
    /// It signs.
    Signing,
    /// It signs no more and is published until this moment.
    Retiring(DateTime<Utc>),
    /// No token of it lives any more.
    Dead,
}

/// The state of each key; they stand in the order of the table, the newest first.
pub fn states(keys: &[SealedKey]) -> Vec<KeyState> {
    // One that is due; if a clock was set back, the one that was due first.
    let due = |key: &SealedKey| key.signs_from <= key.read_at;
    let signing = keys
        .iter()
        .position(due)
        .unwrap_or(keys.len().saturating_sub(1));
    let state = |(place, key): (usize, &SealedKey)| match place.cmp(&signing) {
        std::cmp::Ordering::Less => KeyState::Next(key.signs_from),
        std::cmp::Ordering::Equal => KeyState::Signing,
        std::cmp::Ordering::Greater => {
            let until = keys[place - 1].signs_from + PUBLISHED_AFTER;
            if until > key.read_at {
                KeyState::Retiring(until)
            } else {
                KeyState::Dead
            }
        }
    };
    keys.iter().enumerate().map(state).collect()
}

/// What is to be done with these keys by itself, if anything: a first key, a
/// next one when the newest has signed for `rotation`, dead ones deleted, and
/// what an old secret key sealed, sealed anew.
pub(super) fn due(
    keys: &[SealedKey],
    secret: &SecretKey,
    rotation: Duration,
) -> anyhow::Result<Option<KeyChange>> {
    let mut change = upkeep(keys, secret)?;
    let rotation = TimeDelta::from_std(rotation)?;
    if keys
        .first()
        .is_some_and(|newest| newest.read_at - newest.signs_from >= rotation)
    {
        change.add = Some(new_key(secret, PUBLISHED_BEFORE)?);
    }
    let nothing = change.add.is_none() && change.seal_anew.is_empty() && change.delete.is_empty();
    Ok((!nothing).then_some(change))
}

/// The next key, as the owner wants it: published now, signing after
/// [`PUBLISHED_BEFORE`]. Fails when there is a next one already.
pub fn next(keys: &[SealedKey], secret: &SecretKey) -> anyhow::Result<KeyChange> {
    let mut change = upkeep(keys, secret)?;
    if let Some(KeyState::Next(from)) = states(keys).first() {
        bail!(
            "the key {} is published already and signs from {}; --now makes one that signs at once",
            keys[0].kid,
            shown(*from)
        );
    }
    if change.add.is_none() {
        change.add = Some(new_key(secret, PUBLISHED_BEFORE)?);
    }
    Ok(change)
}

/// One key that signs at once, in the place of all others: what to do when a
/// private key has become known.
pub fn at_once(keys: &[SealedKey], secret: &SecretKey) -> anyhow::Result<KeyChange> {
    upkeep(keys, secret)?;
    Ok(KeyChange {
        add: Some(new_key(secret, Duration::ZERO)?),
        delete: keys.iter().map(|key| key.kid.clone()).collect(),
        ..KeyChange::default()
    })
}

/// What is needed at any age. Fails when the secret key does not open every key
/// that lives: nothing may be added that the other instances could not open.
fn upkeep(keys: &[SealedKey], secret: &SecretKey) -> anyhow::Result<KeyChange> {
    let mut change = KeyChange::default();
    for (key, state) in keys.iter().zip(states(keys)) {
        if state == KeyState::Dead {
            change.delete.push(key.kid.clone());
            continue;
        }
        let opened = secret.open(&key.kid, &key.sealed_private)?;
        if opened.by_old {
            let sealed = secret.seal(&key.kid, opened.private.expose_secret())?;
            change.seal_anew.push((key.kid.clone(), sealed));
        }
    }
    if keys.is_empty() {
        change.add = Some(new_key(secret, Duration::ZERO)?);
    }
    Ok(change)
}

/// A moment as people read it here.
pub fn shown(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn new_key(secret: &SecretKey, published_before: Duration) -> anyhow::Result<NewSigningKey> {
    let pair = Ed25519KeyPair::generate().map_err(|_| anyhow!("no signing key could be made"))?;
    let private = pair
        .to_pkcs8()
        .map_err(|_| anyhow!("no signing key could be made"))?;
    let kid = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 9]>());
    Ok(NewSigningKey {
        sealed_private: secret.seal(&kid, private.as_ref())?,
        public_key: pair.public_key().as_ref().to_vec(),
        kid,
        published_before,
    })
}

#[cfg(test)]
mod tests;
