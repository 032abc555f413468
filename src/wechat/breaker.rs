//! Leaves WeChat alone for a while when calls fail again and again.
//!
//! All workers share one [`Breaker`] for codes and one for identities: whoever fails first spares
//! all others the wait. The core takes time and chance as arguments.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::error::{Endpoint, WechatError};

/// Failures in a row that open it.
const FAILURES: u32 = 5;

/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// How long the one call of a half-open breaker keeps others away. A call takes less; one whose
/// caller left tells nothing, and the next one is let through then.
const PROBE: Duration = Duration::from_secs(10);

/// What may be told to somebody whom the one call of a half-open breaker keeps away.
const SHORTLY: Duration = Duration::from_secs(1);

/// The breakers of a process, one for each kind of call. A clone is cheap.
#[derive(Debug, Clone)]
pub struct Breakers {
    /// For codes, whoever wants them.
    pub codes: Arc<Breaker>,
    /// For the identity behind a `wx.login` code.
    pub identities: Arc<Breaker>,
}

impl Breakers {
    /// Closed ones; no pause is longer than `longest`.
    pub fn new(longest: Duration) -> Self {
        Self {
            codes: Arc::new(Breaker::new(Endpoint::CodeImage, longest)),
            identities: Arc::new(Breaker::new(Endpoint::Identity, longest)),
        }
    }
}

/// Lets calls to one endpoint through, or holds them back.
///
/// Closed, it lets all through. It opens after five failures in a row, and at once when WeChat
/// says that a quota is used up or that settings are wrong. After a pause, longer each time up to
/// the most, one call goes through and decides. What WeChat says about one user's login is an
/// answer, not a failure: a stranger cannot open it.
#[derive(Debug)]
pub struct Breaker {
    endpoint: Endpoint,
    longest: Duration,
    core: Mutex<Core>,
}

impl Breaker {
    /// A closed one; no pause is longer than `longest`.
    pub fn new(endpoint: Endpoint, longest: Duration) -> Self {
        let breaker = Self {
            endpoint,
            longest,
            core: Mutex::new(Core::default()),
        };
        breaker.gauge(false);
        breaker
    }

    /// Makes the call if it may be made, and learns from its outcome.
    /// Otherwise fails with [`WechatError::Paused`].
    pub async fn guard<T>(
        &self,
        call: impl Future<Output = Result<T, WechatError>>,
    ) -> Result<T, WechatError> {
        if let Err(retry_in) = self.allow() {
            let endpoint = self.endpoint;
            return Err(WechatError::Paused { endpoint, retry_in });
        }
        let result = call.await;
        self.record(&result);
        result
    }

    /// Whether a call may be made now; if not, how long to wait. Who is let through tells the
    /// outcome by [`Breaker::record`]; [`Breaker::guard`] does both.
    pub fn allow(&self) -> Result<(), Duration> {
        let now = Instant::now();
        let allowed = self.with_core(|core| core.allow(now));
        if allowed.is_err() {
            metrics::counter!("saoma_wechat_held_back_total", "call" => self.call()).increment(1);
        }
        allowed
    }

    /// How long calls are held back from now on, if they are. Asking takes nobody's turn.
    pub fn pause(&self) -> Option<Duration> {
        let now = Instant::now();
        self.with_core(|core| core.pause(now))
    }

    /// Learns how a call ended.
    pub fn record<T>(&self, result: &Result<T, WechatError>) {
        let (now, part) = (Instant::now(), rand::random_range(0.75..1.0));
        let error = result.as_ref().err();
        let outcome = error.map_or(Outcome::Answered, Outcome::of);
        let change = self.with_core(|core| core.record(outcome, now, self.longest, part));
        match (change, error) {
            (Some(Change::Opened(pause)), Some(error)) => {
                self.gauge(true);
                metrics::counter!("saoma_wechat_breaker_opened_total", "call" => self.call())
                    .increment(1);
                tracing::warn!(%error, advice = %error.advice_en(), ?pause,
                    "calls of {} are held back until WeChat works again", self.endpoint);
            }
            (Some(Change::OpenedAgain(pause)), Some(error)) => {
                tracing::debug!(%error, ?pause, "{} still fails", self.endpoint);
            }
            (Some(Change::Closed), _) => {
                self.gauge(false);
                tracing::info!("{} works again", self.endpoint);
            }
            _ => {}
        }
    }

    fn gauge(&self, open: bool) {
        let open = if open { 1.0 } else { 0.0 };
        metrics::gauge!("saoma_wechat_breaker_open", "call" => self.call()).set(open);
    }

    fn call(&self) -> &'static str {
        self.endpoint.word()
    }

    fn with_core<T>(&self, act: impl FnOnce(&mut Core) -> T) -> T {
        // No change of it can panic half-way.
        act(&mut self.core.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a call says about the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// WeChat works, whatever it said.
    Answered,
    /// It may have been chance.
    Failed,
    /// The next call would fail too.
    Refused {
        /// As WeChat's error has it; none: until somebody changes something.
        pause: Option<Duration>,
    },
}

impl Outcome {
    fn of(error: &WechatError) -> Self {
        let of_a_login = error.endpoint() == Endpoint::Identity;
        match error {
            WechatError::CodeInvalid(_)
            | WechatError::CodeUsed(_)
            | WechatError::UserBlocked(_)
            | WechatError::Paused { .. } => Self::Answered,
            // A login's quota is one user's, and its code is what a stranger sent.
            WechatError::MinuteQuota(_) | WechatError::OurRequest(_) | WechatError::Unknown(_)
                if of_a_login =>
            {
                Self::Answered
            }
            WechatError::Quota(_) | WechatError::MinuteQuota(_) => Self::Refused {
                pause: error.retry_in(),
            },
            WechatError::Configuration(_) | WechatError::OurRequest(_) => {
                Self::Refused { pause: None }
            }
            WechatError::Busy(_)
            | WechatError::TokenRefused(_)
            | WechatError::Unknown(_)
            | WechatError::Timeout { .. }
            | WechatError::Unreachable { .. }
            | WechatError::Garbage { .. } => Self::Failed,
        }
    }
}

/// What an outcome changed, for log and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Opened(Duration),
    OpenedAgain(Duration),
    Closed,
}

#[derive(Debug, Default)]
struct Core {
    /// In a row.
    failures: u32,
    /// In a row, without a call that worked between them.
    openings: u32,
    /// Nobody is let through before; none while closed.
    until: Option<Instant>,
    /// The one call of a half-open breaker keeps the others away until then.
    probe_until: Option<Instant>,
}

impl Core {
    fn allow(&mut self, now: Instant) -> Result<(), Duration> {
        if let Some(pause) = self.pause(now) {
            return Err(pause);
        }
        if self.until.is_some() {
            self.probe_until = Some(now + PROBE);
        }
        Ok(())
    }

    fn pause(&self, now: Instant) -> Option<Duration> {
        let until = self.until?;
        if now < until {
            return Some(until - now);
        }
        let probing = self.probe_until.is_some_and(|probe| now < probe);
        probing.then_some(SHORTLY)
    }

    fn record(
        &mut self,
        outcome: Outcome,
        now: Instant,
        longest: Duration,
        part: f64,
    ) -> Option<Change> {
        // Calls that were on their way when it opened say nothing new.
        if self.until.is_some_and(|until| now < until) {
            return None;
        }
        let was_open = self.until.is_some();
        let pause = match outcome {
            Outcome::Answered => {
                *self = Self::default();
                return was_open.then_some(Change::Closed);
            }
            Outcome::Failed => {
                self.failures += 1;
                if !was_open && self.failures < FAILURES {
                    return None;
                }
                FIRST_PAUSE.saturating_mul(1 << self.openings.min(16))
            }
            Outcome::Refused { pause } => pause.unwrap_or(longest),
        };
        let pause = pause.min(longest).mul_f64(part);
        self.openings += 1;
        self.until = Some(now + pause);
        self.probe_until = None;
        Some(if was_open {
            Change::OpenedAgain(pause)
        } else {
            Change::Opened(pause)
        })
    }
}

#[cfg(test)]
mod tests;
