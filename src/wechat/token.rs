//! The access token: one for the process, from the steward of all instances if there is one.

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
    steward::{Ask, OVERLAP, Steward},
};

/// The access token, shared by all workers of the process: cached, one refresh at a time.
///
/// One belongs to one mini program; share it in an `Arc`.
#[derive(Default)]
pub struct AccessToken {
    /// None: WeChat is asked for this process alone.
    steward: Option<Steward>,
    cache: Mutex<Cache>,
    /// Held while one worker asks WeChat; the others wait and take its result.
    refresh: tokio::sync::Mutex<()>,
}

/// A token in use, with the number of the refresh that brought it.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) secret: SecretString,
    number: u64,
    good_until: Instant,
}

impl Token {
    /// How long it will be accepted from now on.
    pub(super) fn remaining(&self) -> Duration {
        self.good_until.saturating_duration_since(now())
    }
}

impl AccessToken {
    /// An empty cache: the first use asks WeChat.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty cache over the token of all instances.
    pub fn shared(steward: Steward) -> Self {
        Self {
            steward: Some(steward),
            ..Self::default()
        }
    }

    /// The cached token, or the one that `ask` brings, by way of the steward.
    ///
    /// Of many callers one asks; the others wait for it, `limit` at most, and share
    /// what came of it, the error included: a WeChat that hangs is asked once, not by each
    /// waiter in turn. `ask` has to have a time limit of its own. A caller that goes away
    /// while it asks leaves the work to the next waiter.
    pub(super) async fn get<F>(&self, limit: Duration, ask: F) -> Result<Token, WechatError>
    where
        F: AsyncFn(Ask) -> Result<FreshToken, WechatError>,
    {
        self.get_if(Held::is_good, limit, ask).await
    }

    /// The same for a token that is near its end: others go on with it meanwhile.
    pub(super) async fn renew<F>(&self, limit: Duration, ask: F) -> Result<(), WechatError>
    where
        F: AsyncFn(Ask) -> Result<FreshToken, WechatError>,
    {
        self.get_if(Held::is_fresh, limit, ask).await.map(drop)
    }

    /// Whether there is a token that should be renewed by now.
    pub(super) fn is_due(&self) -> bool {
        let now = now();
        self.with_cache(|cache| cache.held.as_ref().is_some_and(|held| !held.is_fresh(now)))
    }

    async fn get_if<F>(
        &self,
        enough: fn(&Held, Instant) -> bool,
        limit: Duration,
        ask: F,
    ) -> Result<Token, WechatError>
    where
        F: AsyncFn(Ask) -> Result<FreshToken, WechatError>,
    {
        let current = self.with_cache(|cache| cache.current(enough, now()).ok_or(cache.failures));
        let failures = match current {
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
        if let Some(shared) = self.with_cache(|cache| cache.since(failures, enough, asked_at)) {
            return shared;
        }
        let refused = self.with_cache(|cache| cache.refused.clone());
        let fetched = match &self.steward {
            // It happens once in two hours: no reason for every call to carry its state.
            Some(steward) => Box::pin(steward.obtain(refused.as_ref(), ask)).await,
            None => ask(Ask::Normal).await,
        };
        self.with_cache(|cache| cache.record(fetched, asked_at))
    }

    /// Forgets this very token after WeChat refused it; one that replaced it meanwhile stays.
    pub(super) fn forget(&self, refused: &Token) {
        self.with_cache(|cache| cache.forget(refused));
    }

    /// Lets the token grow older.
    #[cfg(test)]
    pub(super) fn age(&self, by: Duration) {
        self.with_cache(|cache| {
            if let Some(held) = &mut cache.held {
                held.renew_at -= by;
                held.token.good_until -= by;
            }
        });
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
    held: Option<Held>,
    /// What WeChat would not take, until there is another.
    refused: Option<SecretString>,
    refreshes: u64,
    failures: u64,
    last_failure: Option<WechatError>,
}

struct Held {
    token: Token,
    renew_at: Instant,
}

impl Held {
    fn is_fresh(&self, now: Instant) -> bool {
        now < self.renew_at
    }

    fn is_good(&self, now: Instant) -> bool {
        now < self.token.good_until
    }
}

impl Cache {
    fn current(&self, enough: fn(&Held, Instant) -> bool, now: Instant) -> Option<Token> {
        let held = self.held.as_ref().filter(|held| enough(held, now))?;
        Some(held.token.clone())
    }

    /// What another caller brought since `failures` failures were counted: a token or an error.
    fn since(
        &self,
        failures: u64,
        enough: fn(&Held, Instant) -> bool,
        now: Instant,
    ) -> Option<Result<Token, WechatError>> {
        if let Some(token) = self.current(enough, now) {
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
                let renew_after = renewal_time(fresh.expires_in);
                let good_for = fresh.expires_in.min(LONGEST).saturating_sub(LAST_MOMENTS);
                let token = Token {
                    secret: fresh.secret,
                    number: self.refreshes,
                    good_until: asked_at + good_for.max(renew_after),
                };
                self.refused = None;
                self.held = Some(Held {
                    token: token.clone(),
                    renew_at: asked_at + renew_after,
                });
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
        let forgotten = self
            .held
            .take_if(|held| held.token.number == refused.number);
        if let Some(held) = forgotten {
            self.refused = Some(held.token.secret);
        }
    }
}

/// No token lives longer, whatever an answer says.
const LONGEST: Duration = Duration::from_hours(2);

/// Of a token's time, for a call that takes its while.
const LAST_MOMENTS: Duration = Duration::from_secs(30);

/// When to renew a token that WeChat accepts for `expires_in` from now on.
///
/// In its last 300 s WeChat hands out the successor and accepts both, so it is renewed then. One
/// that is that short already is kept for a minute, or for half of its time if that is less,
/// rather than renewed at each use.
fn renewal_time(expires_in: Duration) -> Duration {
    const SHORT: Duration = Duration::from_mins(1);
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
mod tests;
