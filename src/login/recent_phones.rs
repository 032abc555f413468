//! Phones that asked for something a moment ago.
//!
//! Whoever confirms has scanned just before. Who he is need not be asked of the
//! database again before the one statement that confirms, which looks itself
//! whether all of it still holds. Nothing else may believe what stands here.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use lru::LruCache;

use super::ids::Hash;
use crate::store::PhoneSession;

const MOST: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// As long as a person may look at what he is asked.
const KEPT: Duration = Duration::from_secs(60);

/// Phone sessions by the hashes of their tokens. A clone is the same.
#[derive(Debug, Clone)]
pub struct RecentPhones(Arc<Mutex<LruCache<Hash, (Instant, PhoneSession)>>>);

impl Default for RecentPhones {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(LruCache::new(MOST))))
    }
}

impl RecentPhones {
    /// Notes what the database has said just now. Only somebody with an account that is not
    /// blocked can confirm.
    pub fn note(&self, token: &Hash, session: &PhoneSession, now: Instant) {
        self.with(|phones| {
            while phones
                .peek_lru()
                .is_some_and(|(_, (at, _))| *at + KEPT <= now)
            {
                phones.pop_lru();
            }
            if session.user.is_some() && !session.blocked {
                phones.put(*token, (now, session.clone()));
            } else {
                phones.pop(token);
            }
        });
    }

    /// What was said of this phone within the last minute.
    pub fn find(&self, token: &Hash, now: Instant) -> Option<PhoneSession> {
        self.with(|phones| {
            let (at, session) = phones.peek(token)?;
            (*at + KEPT > now).then(|| session.clone())
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut LruCache<Hash, (Instant, PhoneSession)>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{login::attempt::Identity, store::User};

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
    fn a_phone_is_known_for_a_minute() {
        let (phones, now) = (RecentPhones::default(), Instant::now());
        let known = session(Some(Uuid::new_v4()), false);
        phones.note(&[1; 32], &known, now);
        let find = |token, after| phones.find(&[token; 32], now + Duration::from_secs(after));
        assert_eq!(find(1, 59).unwrap().id, known.id);
        assert!(find(1, 60).is_none());
        assert!(find(2, 0).is_none());
    }

    #[test]
    fn whoever_cannot_confirm_any_more_is_forgotten() {
        let (phones, now) = (RecentPhones::default(), Instant::now());
        for now_said in [session(None, false), session(Some(Uuid::new_v4()), true)] {
            phones.note(&[1; 32], &session(Some(Uuid::new_v4()), false), now);
            phones.note(&[1; 32], &now_said, now);
            assert!(phones.find(&[1; 32], now).is_none());
        }
    }

    #[test]
    fn they_are_no_more_than_there_is_room_for_and_old_ones_go() {
        let (phones, now) = (RecentPhones::default(), Instant::now());
        let known = session(Some(Uuid::new_v4()), false);
        for number in 0..5_000_u32 {
            let mut token = [0; 32];
            token[..4].copy_from_slice(&number.to_be_bytes());
            phones.note(&token, &known, now);
        }
        assert_eq!(phones.with(|phones| phones.len()), MOST.get());
        phones.note(&[9; 32], &known, now + KEPT);
        assert_eq!(phones.with(|phones| phones.len()), 1);
    }
}
