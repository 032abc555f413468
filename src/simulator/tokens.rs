//! The access tokens of one mini program, by the rules of both of `WeChat`'s token endpoints.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt as _;
use rand::distr::Alphanumeric;

/// How long a token lives.
const LIFETIME: TimeDelta = TimeDelta::seconds(7200);
/// How long a replaced token goes on working beside its successor.
const OVERLAP: TimeDelta = TimeDelta::seconds(300);
/// Forced refreshes closer together than this do not refresh.
const FORCED_APART: TimeDelta = TimeDelta::seconds(30);
const FORCED_PER_DAY: u32 = 20;
/// Enough to know a replaced token again; older ones are forgotten and count as wrong.
const REMEMBERED: usize = 200;

/// Plain and stable tokens, wholly apart: neither kind ends the other.
#[derive(Debug, Default)]
pub(super) struct TokenBook {
    plain: VecDeque<Token>,
    stable: VecDeque<Token>,
    last_forced: Option<DateTime<Utc>>,
    forced_on: i64,
    forced_today: u32,
}

#[derive(Debug)]
struct Token {
    value: String,
    expires_at: DateTime<Utc>,
    replaced_at_last: Option<DateTime<Utc>>,
}

/// What a token presented with a call is worth.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Valid,
    Expired,
    Unknown,
}

/// The day's forced refreshes are used up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ForcedTooOften;

impl TokenBook {
    /// `/cgi-bin/token`: a new token each time.
    pub(super) fn plain(&mut self, now: DateTime<Utc>) -> (String, i64) {
        issue(&mut self.plain, now, OVERLAP)
    }

    /// `/cgi-bin/stable_token`: the same token until less than five minutes are left.
    pub(super) fn stable(&mut self, now: DateTime<Utc>) -> (String, i64) {
        match self.stable.back() {
            Some(token) if token.expires_at - now >= OVERLAP => {
                (token.value.clone(), (token.expires_at - now).num_seconds())
            }
            _ => issue(&mut self.stable, now, OVERLAP),
        }
    }

    /// The same with `force_refresh`.
    ///
    /// What one forced refresh does to the token before it is documented in two ways, hence
    /// `overlap`: with it, that token lives for its five minutes and a second forced refresh ends
    /// it, as the advice on leaked tokens implies; without it, the token ends at once.
    pub(super) fn forced(
        &mut self,
        now: DateTime<Utc>,
        overlap: bool,
    ) -> Result<(String, i64), ForcedTooOften> {
        if self
            .last_forced
            .is_some_and(|last| now - last < FORCED_APART)
        {
            return Ok(self.stable(now));
        }
        let today = day(now);
        if self.forced_on != today {
            (self.forced_on, self.forced_today) = (today, 0);
        }
        if self.forced_today == FORCED_PER_DAY {
            return Err(ForcedTooOften);
        }
        self.forced_today += 1;
        self.last_forced = Some(now);
        for token in &mut self.stable {
            token.replaced_at_last = token.replaced_at_last.map(|end| end.min(now));
        }
        let overlap = if overlap { OVERLAP } else { TimeDelta::zero() };
        Ok(issue(&mut self.stable, now, overlap))
    }

    pub(super) fn standing(&self, value: &str, now: DateTime<Utc>) -> Standing {
        let Some(token) = self
            .plain
            .iter()
            .chain(&self.stable)
            .find(|token| token.value == value)
        else {
            return Standing::Unknown;
        };
        match token.replaced_at_last {
            Some(end) if now >= end => Standing::Unknown,
            None if now >= token.expires_at => Standing::Expired,
            Some(_) | None => Standing::Valid,
        }
    }
}

/// The number of the calendar day in China, where `WeChat`'s counters turn.
pub(super) fn day(now: DateTime<Utc>) -> i64 {
    (now.timestamp() + 8 * 3600).div_euclid(86_400)
}

fn issue(tokens: &mut VecDeque<Token>, now: DateTime<Utc>, overlap: TimeDelta) -> (String, i64) {
    if let Some(previous) = tokens.back_mut()
        && previous.expires_at > now
    {
        previous.replaced_at_last = Some(now + overlap);
    }
    while tokens.len() >= REMEMBERED {
        tokens.pop_front();
    }
    let value = format!("88_{}", random_alphanumerics(133));
    tokens.push_back(Token {
        value: value.clone(),
        expires_at: now + LIFETIME,
        replaced_at_last: None,
    });
    (value, LIFETIME.num_seconds())
}

/// Random letters and digits, of which tokens and codes are made.
pub(super) fn random_alphanumerics(length: usize) -> String {
    rand::rng()
        .sample_iter(Alphanumeric)
        .take(length)
        .map(char::from)
        .collect()
}
