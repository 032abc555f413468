//! The access token: one for the process, kept until shortly before its end.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use secrecy::SecretString;
use tokio::time::Instant;

use super::{
    answer::FreshToken,
    error::{Endpoint, WechatError},
};

/// The access token, shared by all workers of the process: cached, one refresh at a time.
///
/// One belongs to one mini program; share it in an `Arc`.
#[derive(Default)]
pub struct AccessToken {
    cache: Mutex<Cache>,
    /// Held while one worker asks WeChat; the others wait and take its result.
    refresh: tokio::sync::Mutex<()>,
}

/// A token in use, with the number of the refresh that brought it.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) secret: SecretString,
    number: u64,
}

impl AccessToken {
    /// An empty cache: the first use asks WeChat.
    pub fn new() -> Self {
        Self::default()
    }

    /// The cached token, or the one that `fetch` brings.
    ///
    /// Of many callers one runs its `fetch`; the others wait for it, `limit` at most, and share
    /// what came of it, the error included: a WeChat that hangs is asked once, not by each
    /// waiter in turn. `fetch` has to have a time limit of its own. A caller that goes away
    /// while it fetches leaves the work to the next waiter.
    pub(super) async fn get<F>(&self, limit: Duration, fetch: F) -> Result<Token, WechatError>
    where
        F: AsyncFnOnce() -> Result<FreshToken, WechatError>,
    {
        let failures = match self.with_cache(|cache| cache.current(now()).ok_or(cache.failures)) {
            Ok(token) => return Ok(token),
            Err(failures) => failures,
        };
        let _refreshing = tokio::time::timeout(limit, self.refresh.lock())
            .await
            .map_err(|_| WechatError::Timeout {
                endpoint: Endpoint::StableToken,
                limit,
            })?;
        let asked_at = now();
        if let Some(shared) = self.with_cache(|cache| cache.since(failures, asked_at)) {
            return shared;
        }
        let fetched = fetch().await;
        self.with_cache(|cache| cache.record(fetched, asked_at))
    }

    /// Forgets this very token after WeChat refused it; one that replaced it meanwhile stays.
    pub(super) fn forget(&self, refused: &Token) {
        self.with_cache(|cache| cache.forget(refused));
    }

    fn with_cache<T>(&self, act: impl FnOnce(&mut Cache) -> T) -> T {
        // Every change of the cache is one assignment, so a panic elsewhere left nothing half.
        act(&mut self.cache.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").finish_non_exhaustive()
    }
}

/// What is known of the token. It takes the time as an argument and waits for nothing.
#[derive(Default)]
struct Cache {
    token: Option<(Token, Instant)>,
    refreshes: u64,
    failures: u64,
    last_failure: Option<WechatError>,
}

impl Cache {
    fn current(&self, now: Instant) -> Option<Token> {
        let (token, good_until) = self.token.as_ref()?;
        (now < *good_until).then(|| token.clone())
    }

    /// What another caller brought since `failures` failures were counted: a token or an error.
    fn since(&self, failures: u64, now: Instant) -> Option<Result<Token, WechatError>> {
        if let Some(token) = self.current(now) {
            return Some(Ok(token));
        }
        let failed_meanwhile = self.failures != failures;
        failed_meanwhile.then(|| self.last_failure.clone().map(Err))?
    }

    fn record(
        &mut self,
        fetched: Result<FreshToken, WechatError>,
        asked_at: Instant,
    ) -> Result<Token, WechatError> {
        match fetched {
            Ok(fresh) => {
                self.refreshes += 1;
                let token = Token {
                    secret: fresh.secret,
                    number: self.refreshes,
                };
                let good_until = asked_at + cache_time(fresh.expires_in);
                self.token = Some((token.clone(), good_until));
                Ok(token)
            }
            Err(error) => {
                self.failures += 1;
                self.last_failure = Some(error.clone());
                Err(error)
            }
        }
    }

    fn forget(&mut self, refused: &Token) {
        self.token
            .take_if(|(token, _)| token.number == refused.number);
    }
}

/// How long to keep a token that WeChat accepts for `expires_in` from now on.
///
/// In its last 300 s WeChat hands out the successor and accepts both, so the token is dropped
/// then. One that is that short already is kept for a minute, or for half of its time if that is
/// less, rather than asked for at each use. No token lives longer than two hours, whatever an
/// answer says.
fn cache_time(expires_in: Duration) -> Duration {
    const OVERLAP: Duration = Duration::from_mins(5);
    const SHORT: Duration = Duration::from_mins(1);
    const LONGEST: Duration = Duration::from_hours(2);
    let expires_in = expires_in.min(LONGEST);
    expires_in
        .saturating_sub(OVERLAP)
        .max(SHORT.min(expires_in / 2))
}

/// The one place that reads the clock; it is tokio's, which stands still for nobody's wall clock.
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn fresh(secret: &str) -> FreshToken {
        FreshToken {
            secret: SecretString::from(secret),
            expires_in: Duration::from_hours(2),
        }
    }

    fn text(token: Option<Token>) -> Option<String> {
        token.map(|token| token.secret.expose_secret().to_owned())
    }

    #[test]
    fn a_token_is_kept_until_300_seconds_before_its_end() {
        for (expires_in, kept) in [
            (7200, 6900),
            (400, 100),
            (345, 60),
            (300, 60),
            (120, 60),
            (10, 5),
            (0, 0),
            (u64::MAX, 6900),
        ] {
            assert_eq!(
                cache_time(Duration::from_secs(expires_in)),
                Duration::from_secs(kept),
                "expires_in {expires_in}"
            );
        }
    }

    #[test]
    fn a_token_counts_from_the_moment_it_was_asked_for() {
        let asked_at = now();
        let mut cache = Cache::default();
        assert!(cache.current(asked_at).is_none());
        cache.record(Ok(fresh("one")), asked_at).unwrap();
        let last_second = asked_at + Duration::from_secs(6899);
        let over = last_second + Duration::from_secs(1);
        assert_eq!(text(cache.current(last_second)), Some("one".to_owned()));
        assert!(cache.current(over).is_none());
    }

    #[test]
    fn only_the_token_that_was_refused_is_forgotten() {
        let now = now();
        let mut cache = Cache::default();
        let first = cache.record(Ok(fresh("one")), now).unwrap();
        cache.forget(&first);
        assert!(cache.current(now).is_none());
        // WeChat may well hand out the same text again; it is a new token here.
        let second = cache.record(Ok(fresh("one")), now).unwrap();
        cache.forget(&first);
        assert!(cache.current(now).is_some());
        cache.forget(&second);
        assert!(cache.current(now).is_none());
    }

    #[test]
    fn a_failure_is_shared_by_those_who_waited_and_by_nobody_after_them() {
        let now = now();
        let mut cache = Cache::default();
        let before = cache.failures;
        let failed = cache.record(
            Err(WechatError::Timeout {
                endpoint: Endpoint::StableToken,
                limit: Duration::from_secs(3),
            }),
            now,
        );
        assert!(failed.is_err());
        assert!(matches!(cache.since(before, now), Some(Err(_))));
        assert!(cache.since(cache.failures, now).is_none());
    }
}
