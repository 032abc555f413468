//! What can go wrong with WeChat, and what an operator can do about it.

use std::{borrow::Cow, fmt, net::IpAddr, time::Duration};

use super::errcode::{self, Advice};

/// Why a call to WeChat brought nothing.
///
/// Display says what happened; [`advice_en`](Self::advice_en) and
/// [`advice_zh`](Self::advice_zh) say what to do. Neither they nor Debug ever show the
/// `AppSecret`, a token, a `wx.login` code or a session key, so all of it may be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WechatError {
    /// WeChat has a problem of its own (-1).
    #[error("WeChat is busy: {0}")]
    Busy(Refusal),
    /// Too many calls within this minute (45011).
    #[error("too many calls to WeChat this minute: {0}")]
    MinuteQuota(Refusal),
    /// Too many calls today (45009).
    #[error("WeChat's quota is used up: {0}")]
    Quota(Refusal),
    /// The `wx.login` code is missing, wrong, expired or another mini program's: the mini
    /// program has to call `wx.login` again.
    #[error("the wx.login code is not valid: {0}")]
    CodeInvalid(Refusal),
    /// The `wx.login` code was used before: the mini program has to call `wx.login` again.
    #[error("the wx.login code was already used: {0}")]
    CodeUsed(Refusal),
    /// WeChat holds the user for a risk; the login has to be refused.
    #[error("WeChat blocks this user: {0}")]
    UserBlocked(Refusal),
    /// WeChat refused the access token; a [`Wechat`](super::Wechat) returns this after a fresh
    /// token was refused as well.
    #[error("WeChat refuses the access token: {0}")]
    TokenRefused(Refusal),
    /// The settings here or the mini program's account at WeChat need the operator.
    #[error("WeChat refuses this configuration: {0}")]
    Configuration(Refusal),
    /// WeChat finds our request wrong, for instance its page.
    #[error("WeChat finds the request wrong: {0}")]
    OurRequest(Refusal),
    /// A code that Saoma does not know.
    #[error("WeChat refused with an unknown code: {0}")]
    Unknown(Refusal),
    /// No whole answer came within the limit.
    #[error("WeChat did not answer {endpoint} within {limit:?}")]
    Timeout {
        /// What was asked.
        endpoint: Endpoint,
        /// How long it was waited for.
        limit: Duration,
    },
    /// There was no connection, or it broke.
    #[error("WeChat could not be reached for {endpoint}: {reason}")]
    Unreachable {
        /// What was asked.
        endpoint: Endpoint,
        /// What the connection said.
        reason: String,
    },
    /// Calls are held back for a while, since the ones before failed.
    #[error("calls of {endpoint} are held back for {retry_in:.1?}, since the ones before failed")]
    Paused {
        /// What was to be asked.
        endpoint: Endpoint,
        /// Until the next call goes through.
        retry_in: Duration,
    },
    /// An answer came that is not one of WeChat's API, such as a proxy's error page.
    #[error("the answer of {endpoint} makes no sense: {reason}")]
    Garbage {
        /// What was asked.
        endpoint: Endpoint,
        /// What came instead, described and never quoted.
        reason: String,
    },
}

impl WechatError {
    /// The error for an `errcode` other than 0. `errmsg` has to be free of secrets.
    pub(super) fn refused(endpoint: Endpoint, errcode: i64, errmsg: &str) -> Self {
        let refusal = Refusal::new(endpoint, errcode, errmsg);
        match errcode::find(endpoint, errcode) {
            Some(row) => (row.error)(refusal),
            None => Self::Unknown(refusal),
        }
    }

    /// WeChat's number, if WeChat answered at all.
    pub fn errcode(&self) -> Option<i64> {
        self.refusal().map(|refusal| refusal.errcode)
    }

    /// What was asked.
    pub fn endpoint(&self) -> Endpoint {
        match self.answer() {
            Ok(refusal) => refusal.endpoint,
            Err(endpoint) => endpoint,
        }
    }

    /// Whether the same call may work later without anybody changing anything.
    ///
    /// A `wx.login` code may be used up by a call that failed, so an identity is asked for again
    /// with a new code only.
    pub fn is_retryable(&self) -> bool {
        self.retry_in().is_some()
    }

    /// Whether nothing was asked at all, since the calls before failed and were logged.
    pub fn is_pause(&self) -> bool {
        matches!(self, Self::Paused { .. })
    }

    /// How long to wait at least before trying again; none where trying again is no use.
    pub fn retry_in(&self) -> Option<Duration> {
        match self {
            Self::Busy(_)
            | Self::Timeout { .. }
            | Self::Unreachable { .. }
            | Self::Garbage { .. } => Some(Duration::from_secs(2)),
            Self::TokenRefused(_) => Some(Duration::from_secs(10)),
            Self::Paused { retry_in, .. } => Some(*retry_in),
            // WeChat's older pages use the daily code for the image's limit per minute.
            Self::Quota(refusal) if refusal.endpoint != Endpoint::CodeImage => {
                Some(Duration::from_hours(1))
            }
            Self::MinuteQuota(_) | Self::Quota(_) => Some(Duration::from_mins(1)),
            Self::CodeInvalid(_)
            | Self::CodeUsed(_)
            | Self::UserBlocked(_)
            | Self::Configuration(_)
            | Self::OurRequest(_)
            | Self::Unknown(_) => None,
        }
    }

    /// What the operator should do, in English.
    pub fn advice_en(&self) -> Cow<'static, str> {
        match self.refusal() {
            Some(refusal) => refusal.advise(|advice| advice.en),
            None => self.network_advice().en.into(),
        }
    }

    /// What the operator should do, in Chinese.
    pub fn advice_zh(&self) -> Cow<'static, str> {
        match self.refusal() {
            Some(refusal) => refusal.advise(|advice| advice.zh),
            None => self.network_advice().zh.into(),
        }
    }

    fn network_advice(&self) -> &'static Advice {
        match self {
            Self::Timeout { .. } => &errcode::TIMEOUT,
            Self::Unreachable { .. } => &errcode::UNREACHABLE,
            Self::Paused { .. } => &errcode::PAUSED,
            _ => &errcode::GARBAGE,
        }
    }

    fn refusal(&self) -> Option<&Refusal> {
        self.answer().ok()
    }

    /// WeChat's refusal, or what was asked when it did not answer.
    fn answer(&self) -> Result<&Refusal, Endpoint> {
        match self {
            Self::Busy(refusal)
            | Self::MinuteQuota(refusal)
            | Self::Quota(refusal)
            | Self::CodeInvalid(refusal)
            | Self::CodeUsed(refusal)
            | Self::UserBlocked(refusal)
            | Self::TokenRefused(refusal)
            | Self::Configuration(refusal)
            | Self::OurRequest(refusal)
            | Self::Unknown(refusal) => Ok(refusal),
            Self::Timeout { endpoint, .. }
            | Self::Unreachable { endpoint, .. }
            | Self::Paused { endpoint, .. }
            | Self::Garbage { endpoint, .. } => Err(*endpoint),
        }
    }
}

/// WeChat's answer when it says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What was asked.
    pub endpoint: Endpoint,
    /// WeChat's number.
    pub errcode: i64,
    /// WeChat's text with its rid, in one line of at most 300 characters. For people only: it
    /// changes without notice.
    pub errmsg: String,
}

impl Refusal {
    fn new(endpoint: Endpoint, errcode: i64, errmsg: &str) -> Self {
        // The text goes to logs: a line break in it would forge a line.
        let errmsg = errmsg
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(300)
            .collect();
        Self {
            endpoint,
            errcode,
            errmsg,
        }
    }

    fn advise(&self, language: fn(&Advice) -> &'static str) -> Cow<'static, str> {
        let row = errcode::find(self.endpoint, self.errcode);
        let text = language(row.map_or(&errcode::UNKNOWN, |row| &row.advice));
        if !text.contains(errcode::CALLER) {
            return text.into();
        }
        let address = self.caller_address().map_or_else(
            || language(&errcode::SOME_CALLER).to_owned(),
            |address| address.to_string(),
        );
        text.replace(errcode::CALLER, &address).into()
    }

    /// The address WeChat saw us call from, which the text of 40164 holds.
    fn caller_address(&self) -> Option<IpAddr> {
        self.errmsg
            .split([' ', ','])
            .find_map(|word| word.parse::<IpAddr>().ok())
            .map(|address| address.to_canonical())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            endpoint,
            errcode,
            errmsg,
        } = self;
        write!(f, "{endpoint} answered {errcode} {errmsg}")
    }
}

/// The calls that Saoma makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// An access token for the other calls.
    StableToken,
    /// The image of a mini-program code.
    CodeImage,
    /// The identity behind a `wx.login` code.
    Identity,
}

impl Endpoint {
    /// For metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::StableToken => "token",
            Self::CodeImage => "code",
            Self::Identity => "identity",
        }
    }

    /// The path below the base address.
    pub const fn path(self) -> &'static str {
        match self {
            Self::StableToken => "/cgi-bin/stable_token",
            Self::CodeImage => "/wxa/getwxacodeunlimit",
            Self::Identity => "/sns/jscode2session",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path())
    }
}
