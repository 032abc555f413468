//! How often an endpoint may be called, by the minute and by the day.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::reply::ApiError;
use super::tokens::day;

/// The endpoints of `WeChat` that the simulator has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `GET /cgi-bin/token`
    Token,
    /// `POST /cgi-bin/stable_token`
    StableToken,
    /// `POST /wxa/getwxacodeunlimit`
    CodeImage,
    /// `GET /sns/jscode2session`
    CodeToSession,
    /// `POST /wxa/business/getuserphonenumber`
    PhoneNumber,
}

impl Endpoint {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Token,
        Self::StableToken,
        Self::CodeImage,
        Self::CodeToSession,
        Self::PhoneNumber,
    ];

    /// The path at which it answers.
    pub fn path(self) -> &'static str {
        match self {
            Self::Token => "/cgi-bin/token",
            Self::StableToken => "/cgi-bin/stable_token",
            Self::CodeImage => "/wxa/getwxacodeunlimit",
            Self::CodeToSession => "/sns/jscode2session",
            Self::PhoneNumber => "/wxa/business/getuserphonenumber",
        }
    }
}

/// Limits, and what each mini program has used of them. Nothing is limited until a limit is set.
#[derive(Debug, Default)]
pub(super) struct Quotas {
    by_day: HashMap<Endpoint, u32>,
    by_minute: HashMap<Endpoint, u32>,
    used: HashMap<(String, Endpoint), Used>,
}

#[derive(Debug, Default)]
struct Used {
    day: i64,
    in_day: u32,
    minute: i64,
    in_minute: u32,
}

impl Quotas {
    /// The limits that `WeChat` publishes, and users' reports of 2,000 a day for `/cgi-bin/token`.
    pub(super) fn published() -> Self {
        let mut quotas = Self::default();
        quotas.by_day.insert(Endpoint::Token, 2_000);
        quotas.by_day.insert(Endpoint::StableToken, 500_000);
        quotas.by_minute.insert(Endpoint::StableToken, 10_000);
        quotas.by_minute.insert(Endpoint::CodeImage, 5_000);
        quotas
    }

    pub(super) fn limit_by_day(&mut self, endpoint: Endpoint, calls: Option<u32>) {
        set(&mut self.by_day, endpoint, calls);
    }

    pub(super) fn limit_by_minute(&mut self, endpoint: Endpoint, calls: Option<u32>) {
        set(&mut self.by_minute, endpoint, calls);
    }

    /// Counts one call, or refuses it: 45009 for the day, 45011 for the minute.
    pub(super) fn count(
        &mut self,
        app_id: &str,
        endpoint: Endpoint,
        now: DateTime<Utc>,
    ) -> Result<(), ApiError> {
        let used = self.used.entry((app_id.to_owned(), endpoint)).or_default();
        if used.day != day(now) {
            (used.day, used.in_day) = (day(now), 0);
        }
        let minute = now.timestamp().div_euclid(60);
        if used.minute != minute {
            (used.minute, used.in_minute) = (minute, 0);
        }
        if self
            .by_day
            .get(&endpoint)
            .is_some_and(|limit| used.in_day >= *limit)
        {
            return Err(ApiError::new(45009));
        }
        if self
            .by_minute
            .get(&endpoint)
            .is_some_and(|limit| used.in_minute >= *limit)
        {
            return Err(ApiError::new(45011));
        }
        used.in_day += 1;
        used.in_minute += 1;
        Ok(())
    }
}

fn set(limits: &mut HashMap<Endpoint, u32>, endpoint: Endpoint, calls: Option<u32>) {
    match calls {
        Some(calls) => limits.insert(endpoint, calls),
        None => limits.remove(&endpoint),
    };
}
