//! The one error of the API, and the only place that knows status codes.
//!
//! A visitor reads a [problem document](https://www.rfc-editor.org/rfc/rfc9457)
//! in his language; what went wrong inside goes to the log only.

mod texts;

pub(crate) use texts::detail;

use std::time::Duration;

use actix::MailboxError;
use actix_web::http::StatusCode;
use serde::Serialize;

use crate::{http::language::Language, store::StoreError, wechat::WechatError};

/// Why a request could not be answered as it was asked.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "the names are the protocol's codes; texts.rs says what they mean"
)]
pub enum Error {
    #[error("bad request: {0}")]
    BadRequest(String),
    #[error("entry scene missing")]
    EntrySceneMissing,
    #[error("scene malformed")]
    SceneMalformed,
    #[error("session missing")]
    SessionMissing,
    #[error("browser secret missing")]
    BrowserSecretMissing,
    #[error("phone session invalid")]
    PhoneSessionInvalid,
    #[error("wechat code invalid")]
    WechatCodeInvalid,
    #[error("wechat code used")]
    WechatCodeUsed,
    #[error("the internal key is missing or wrong")]
    InternalKeyWrong,
    #[error("origin refused")]
    OriginRefused,
    #[error("nonce invalid")]
    NonceInvalid,
    #[error("registration closed")]
    RegistrationClosed,
    #[error("wechat user blocked")]
    WechatUserBlocked,
    #[error("not found")]
    NotFound,
    #[error("attempt unknown")]
    AttemptUnknown,
    #[error("session unknown")]
    SessionUnknown,
    #[error("code unknown")]
    CodeUnknown,
    #[error("scene unknown")]
    SceneUnknown,
    #[error("method not allowed")]
    MethodNotAllowed,
    #[error("nobody is at the other end")]
    PeerAbsent,
    #[error("not confirmed")]
    NotConfirmed,
    #[error("already confirmed")]
    AlreadyConfirmed,
    #[error("already scanned")]
    AlreadyScanned,
    #[error("already redeemed")]
    AlreadyRedeemed,
    #[error("already registered")]
    AlreadyRegistered,
    #[error("attempt expired")]
    AttemptExpired,
    #[error("attempt cancelled")]
    AttemptCancelled,
    #[error("attempt failed")]
    AttemptFailed,
    #[error("too large")]
    TooLarge,
    #[error("unsupported media type")]
    UnsupportedMediaType,
    #[error("nickname invalid")]
    NicknameInvalid,
    #[error("avatar invalid")]
    AvatarInvalid,
    /// With the tries that are left.
    #[error("number wrong")]
    NumberWrong(i16),
    /// With the tries that are left.
    #[error("code wrong")]
    CodeWrong(i16),
    #[error("a tap is needed")]
    TapNeeded,
    #[error("slow down")]
    SlowDown(Duration),
    #[error("codes unavailable: {0}")]
    CodesUnavailable(String, Option<Duration>),
    #[error("wechat unavailable: {0}")]
    WechatUnavailable(WechatError),
    #[error("draining")]
    Draining,
    #[error("unavailable: {0}")]
    Unavailable(StoreError),
    #[error("internal error: {0:#}")]
    Internal(anyhow::Error),
}

/// How long a client waits before it asks again, when we cannot know better.
const RETRY: Duration = Duration::from_secs(2);

/// An RFC 9457 problem document.
#[derive(Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    /// The stable word that a client switches on.
    pub code: &'static str,
    /// For people, in the request's language.
    pub detail: &'static str,
    request_id: String,
    /// Whole seconds, with every 429 and 503.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_in: Option<u64>,
    /// With a wrong number or code; at 0 the attempt is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    tries_left: Option<i16>,
}

impl Error {
    /// The problem document of this error.
    pub fn problem(&self, language: Language, request_id: &str) -> Problem {
        let code = self.code();
        let status = self.status();
        Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail: texts::detail(code, language),
            request_id: request_id.to_owned(),
            retry_in: self.retry_in(),
            tries_left: match self {
                Self::NumberWrong(left) | Self::CodeWrong(left) => Some(*left),
                _ => None,
            },
        }
    }

    /// What a person reads, in his language.
    pub fn detail(&self, language: Language) -> &'static str {
        texts::detail(self.code(), language)
    }

    /// Whole seconds until another try can help.
    pub fn retry_in(&self) -> Option<u64> {
        let wait = match self {
            Self::SlowDown(wait) => *wait,
            // A quota that is used up comes back later than a server that hiccups.
            Self::CodesUnavailable(_, wait) => wait.unwrap_or(RETRY),
            Self::WechatUnavailable(error) => error.retry_in().unwrap_or(RETRY),
            Self::Draining | Self::Unavailable(_) => RETRY,
            _ => return None,
        };
        // Rounded up: asking a moment too early would be refused again.
        Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0 || wait.is_zero()))
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::EntrySceneMissing | Self::SceneMalformed => {
                StatusCode::BAD_REQUEST
            }
            Self::SessionMissing
            | Self::BrowserSecretMissing
            | Self::PhoneSessionInvalid
            | Self::WechatCodeInvalid
            | Self::WechatCodeUsed
            | Self::InternalKeyWrong => StatusCode::UNAUTHORIZED,
            Self::OriginRefused
            | Self::NonceInvalid
            | Self::RegistrationClosed
            | Self::WechatUserBlocked => StatusCode::FORBIDDEN,
            Self::NotFound
            | Self::AttemptUnknown
            | Self::SessionUnknown
            | Self::CodeUnknown
            | Self::SceneUnknown => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::PeerAbsent
            | Self::NotConfirmed
            | Self::AlreadyConfirmed
            | Self::AlreadyScanned
            | Self::AlreadyRedeemed
            | Self::AlreadyRegistered
            | Self::TapNeeded => StatusCode::CONFLICT,
            Self::AttemptExpired | Self::AttemptCancelled | Self::AttemptFailed => StatusCode::GONE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NicknameInvalid
            | Self::AvatarInvalid
            | Self::NumberWrong(_)
            | Self::CodeWrong(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::SlowDown(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::CodesUnavailable(..)
            | Self::WechatUnavailable(_)
            | Self::Draining
            | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable word of PROTOCOL, sections 1 to 9.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad_request",
            Self::EntrySceneMissing => "entry_scene_missing",
            Self::SceneMalformed => "scene_malformed",
            Self::SessionMissing => "session_missing",
            Self::BrowserSecretMissing => "browser_secret_missing",
            Self::PhoneSessionInvalid => "phone_session_invalid",
            Self::WechatCodeInvalid => "wechat_code_invalid",
            Self::WechatCodeUsed => "wechat_code_used",
            Self::InternalKeyWrong => "internal_key_wrong",
            Self::OriginRefused => "origin_refused",
            Self::NonceInvalid => "nonce_invalid",
            Self::RegistrationClosed => "registration_closed",
            Self::WechatUserBlocked => "wechat_user_blocked",
            Self::NotFound => "not_found",
            Self::AttemptUnknown => "attempt_unknown",
            Self::SessionUnknown => "session_unknown",
            Self::CodeUnknown => "code_unknown",
            Self::SceneUnknown => "scene_unknown",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::PeerAbsent => "peer_absent",
            Self::NotConfirmed => "not_confirmed",
            Self::AlreadyConfirmed => "already_confirmed",
            Self::AlreadyScanned => "already_scanned",
            Self::AlreadyRedeemed => "already_redeemed",
            Self::AlreadyRegistered => "already_registered",
            Self::AttemptExpired => "attempt_expired",
            Self::AttemptCancelled => "attempt_cancelled",
            Self::AttemptFailed => "attempt_failed",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::NicknameInvalid => "nickname_invalid",
            Self::AvatarInvalid => "avatar_invalid",
            Self::NumberWrong(_) => "number_wrong",
            Self::CodeWrong(_) => "code_wrong",
            Self::TapNeeded => "tap_needed",
            Self::SlowDown(_) => "slow_down",
            Self::CodesUnavailable(..) => "codes_unavailable",
            Self::WechatUnavailable(_) => "wechat_unavailable",
            Self::Draining => "draining",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }
}

impl From<MailboxError> for Error {
    /// Of the hub, the only actor that is asked.
    fn from(error: MailboxError) -> Self {
        match error {
            // When the server stops, it ends with its worker.
            MailboxError::Closed => Self::Draining,
            MailboxError::Timeout => Self::Internal(anyhow::anyhow!("the hub does not answer")),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Inconsistent(_) | StoreError::Refused(_) => Self::Internal(error.into()),
            StoreError::Unavailable(_) | StoreError::TimedOut => Self::Unavailable(error),
        }
    }
}
