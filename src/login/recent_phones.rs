//! Phones that scanned a moment ago.
//!
//! Whoever confirms has scanned just before. Who he is need not be asked of the
//! database again before the one statement that confirms, which looks itself
//! whether all of it still holds. Nothing else may believe what stands here.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use lru::LruCache;

use super::{attempt::Identity, ids::Hash};
use crate::store::PhoneSession;

/// More than scan within seconds anywhere; the oldest make room.
const MOST: usize = 16_384;
/// As long as a person may look at what he is asked.
const KEPT: Duration = Duration::from_secs(60);

/// Phone sessions by the hashes of their tokens, from a scan to its confirm. A clone is the same.
#[derive(Debug, Clone)]
pub struct RecentPhones(Arc<Mutex<LruCache<Hash, (Instant, PhoneSession)>>>);

impl Default for RecentPhones {
    fn default() -> Self {
        // Grows with its entries: many sites never have more than a few.
        let phones = LruCache::unbounded();
        Self(Arc::new(Mutex::new(phones)))
    }
}

impl RecentPhones {
    /// Notes what the database has said of a phone that scans. Only somebody with an account
    /// that is not blocked can confirm.
    pub fn note(&self, token: Hash, session: &PhoneSession, now: Instant) {
        if session.user.is_none() || session.blocked {
            return;
        }
        self.with(|phones| {
            phones.put(token, (now, session.clone()));
            if phones.len() > MOST {
                phones.pop_lru();
            }
        });
    }

    /// What was said of this phone within the last minute, once.
    pub fn take(&self, token: &Hash, now: Instant) -> Option<PhoneSession> {
        let (at, session) = self.with(|phones| phones.pop(token))?;
        (at + KEPT > now).then_some(session)
    }

    /// Forgets all of a person's phones.
    pub fn forget(&self, person: &Identity) {
        self.retain(|_, session| session.identity != *person);
    }

    /// Forgets whoever has not confirmed within a minute.
    pub fn forget_old(&self, now: Instant) {
        self.retain(|at, _| at + KEPT > now);
    }

    fn retain(&self, keep: impl Fn(Instant, &PhoneSession) -> bool) {
        self.with(|phones| {
            let gone = phones
                .iter()
                .filter(|(_, (at, session))| !keep(*at, session));
            let gone: Vec<Hash> = gone.map(|(token, _)| *token).collect();
            for token in gone {
                phones.pop(&token);
            }
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut LruCache<Hash, (Instant, PhoneSession)>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::store::User;

    fn session(user: Option<Uuid>, blocked: bool) -> PhoneSession {
        PhoneSession {
            id: Uuid::new_v4(),
            identity: Identity {
                app_id: "wx".to_owned(),
                openid: "o".to_owned(),
            },
            unionid: None,
            user: user.map(|id| User {
                id,
                nickname: None,
                avatar_path: None,
            }),
            blocked,
        }
    }

    #[test]
    fn a_phone_is_known_for_a_minute_and_once() {
        let (phones, now) = (RecentPhones::default(), Instant::now());
        let known = session(Some(Uuid::new_v4()), false);
        let seconds = Duration::from_secs;
        phones.note([1; 32], &known, now);
        assert!(phones.take(&[2; 32], now).is_none());
        let taken = phones.take(&[1; 32], now + seconds(59)).unwrap();
        assert_eq!(taken.id, known.id);
        assert!(phones.take(&[1; 32], now + seconds(59)).is_none());
        phones.note([1; 32], &known, now);
        assert!(phones.take(&[1; 32], now + seconds(60)).is_none());
    }

    #[test]
    fn whoever_cannot_confirm_is_not_known() {
        let (phones, now) = (RecentPhones::default(), Instant::now());
        phones.note([1; 32], &session(None, false), now);
        phones.note([2; 32], &session(Some(Uuid::new_v4()), true), now);
        assert_eq!(phones.with(|phones| phones.len()), 0);
    }

    #[test]
    fn old_phones_and_those_of_a_person_who_goes_are_forgotten() {
        let (phones, now) = (RecentPhones::default(), Instant::now());
        let mut other = session(Some(Uuid::new_v4()), false);
        other.identity.openid = "other".to_owned();
        let known = session(Some(Uuid::new_v4()), false);
        phones.note([1; 32], &known, now);
        phones.note([2; 32], &known, now);
        phones.note([3; 32], &other, now + KEPT / 2);
        phones.forget(&known.identity);
        assert_eq!(phones.with(|phones| phones.len()), 1);
        phones.note([1; 32], &known, now);
        phones.forget_old(now + KEPT);
        assert_eq!(phones.with(|phones| phones.len()), 1);
        assert!(phones.take(&[3; 32], now + KEPT).is_some());
    }

    #[test]
    fn the_oldest_make_room() {
        let (phones, now) = (RecentPhones::default(), Instant::now());
        let known = session(Some(Uuid::new_v4()), false);
        let token = |number: usize| {
            let mut token = [0; 32];
            token[..8].copy_from_slice(&number.to_be_bytes());
            token
        };
        for number in 0..MOST + 10 {
            phones.note(token(number), &known, now);
        }
        assert_eq!(phones.with(|phones| phones.len()), MOST);
        assert!(phones.take(&token(9), now).is_none());
        assert!(phones.take(&token(10), now).is_some());
    }
}
