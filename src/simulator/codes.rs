//! The codes that a phone gives a mini program: from `wx.login`, and from the phone-number button.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::reply::ApiError;
use super::tokens::random_alphanumerics;

/// How long a code can be exchanged.
const LIFETIME: TimeDelta = TimeDelta::seconds(300);
/// Beyond this the oldest codes are forgotten, which makes them as invalid as if they had expired.
const REMEMBERED: usize = 300_000;

/// Codes of one kind. A code belongs to one mini program, lives five minutes and works once.
#[derive(Debug)]
pub(super) struct CodeBook<T> {
    codes: HashMap<String, Code<T>>,
    oldest_first: VecDeque<String>,
}

#[derive(Debug)]
struct Code<T> {
    app_id: String,
    issued_at: DateTime<Utc>,
    used: bool,
    grant: T,
}

/// Why a code buys nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Never issued, or too old.
    Invalid,
    OtherApp,
    Used,
}

/// Who pressed, as far as a `wx.login` code tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) openid: String,
    pub(super) unionid: Option<String>,
}

/// What the phone-number button's code stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PhoneNumber {
    pub(super) openid: Option<String>,
    pub(super) number: String,
}

impl<T> Default for CodeBook<T> {
    fn default() -> Self {
        Self {
            codes: HashMap::new(),
            oldest_first: VecDeque::new(),
        }
    }
}

impl<T: Clone> CodeBook<T> {
    pub(super) fn insert(&mut self, code: String, app_id: &str, grant: T, now: DateTime<Utc>) {
        while self.oldest_first.len() >= REMEMBERED {
            if let Some(oldest) = self.oldest_first.pop_front() {
                self.codes.remove(&oldest);
            }
        }
        self.oldest_first.push_back(code.clone());
        let app_id = app_id.to_owned();
        self.codes.insert(
            code,
            Code {
                app_id,
                issued_at: now,
                used: false,
                grant,
            },
        );
    }

    /// What the code stands for, without using it up.
    pub(super) fn look_up(
        &self,
        code: &str,
        app_id: &str,
        now: DateTime<Utc>,
    ) -> Result<T, Refusal> {
        match self.codes.get(code) {
            None => Err(Refusal::Invalid),
            Some(code) if code.app_id != app_id => Err(Refusal::OtherApp),
            Some(code) if code.used => Err(Refusal::Used),
            Some(code) if now - code.issued_at >= LIFETIME => Err(Refusal::Invalid),
            Some(code) => Ok(code.grant.clone()),
        }
    }

    pub(super) fn use_up(&mut self, code: &str) {
        if let Some(code) = self.codes.get_mut(code) {
            code.used = true;
        }
    }
}

impl Refusal {
    /// What jscode2session answers: another mini program's code is simply invalid there.
    pub(super) fn of_login_code(&self) -> ApiError {
        ApiError::new(if *self == Self::Used { 40163 } else { 40029 })
    }

    /// What getuserphonenumber answers: it tells a foreign mini program so.
    pub(super) fn of_phone_code(&self) -> ApiError {
        ApiError::new(if *self == Self::OtherApp {
            40013
        } else {
            40029
        })
    }
}

/// A code shaped like `wx.login`'s: 32 letters and digits, the first of them `0`.
pub(super) fn new_login_code() -> String {
    format!("0{}", random_alphanumerics(31))
}

/// A code shaped like the phone-number button's: 64 hex digits.
pub(super) fn new_phone_code() -> String {
    let [high, low] = rand::random::<[u128; 2]>();
    format!("{high:032x}{low:032x}")
}
