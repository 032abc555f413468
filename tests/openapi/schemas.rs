//! What goes over the wire, as the protocol has it. A field that is always there and may be null
//! is `required`; one that may be missing is not.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// RFC 9457.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    #[serde(rename = "type")]
    #[schema(pattern = "^about:blank$")]
    kind: String,
    title: String,
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// The stable word that a client switches on.
    #[schema(pattern = "^[a-z_]+$")]
    code: String,
    /// For people, in the request's language.
    #[schema(min_length = 1)]
    detail: String,
    request_id: String,
    /// Whole seconds, with every 429 and 503.
    #[schema(nullable = false, minimum = 1)]
    retry_in: Option<u32>,
    /// With a wrong number or code; at 0 the attempt is over.
    #[schema(nullable = false, minimum = 0)]
    tries_left: Option<u8>,
}

/// The bytes of a file.
#[derive(Serialize, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct Picture(Vec<u8>);

#[derive(Serialize, ToSchema)]
pub struct User {
    id: Uuid,
    #[schema(required, max_length = 32)]
    nickname: Option<String>,
    #[schema(required, value_type = Option<url::Url>)]
    avatar_url: Option<String>,
}

/// A browser as people know it.
#[derive(Serialize, ToSchema)]
pub struct Browser {
    name: String,
    os: String,
    /// Masked to a network: IPv4 /24, IPv6 /48.
    ip: String,
    #[schema(required)]
    place: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Session {
    id: Uuid,
    browser: String,
    os: String,
    ip: String,
    #[schema(required)]
    place: Option<String>,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    /// The browser that asks.
    current: bool,
    /// For the phone only: until it has listed the session once.
    #[schema(nullable = false)]
    new: Option<bool>,
}

#[derive(Serialize, ToSchema)]
pub struct Sessions {
    sessions: Vec<Session>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    None,
    Number,
    Code,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Stock,
    Pool,
    Live,
}

/// The message that tells an attempt's state, as a socket has it (section 5).
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Message {
    Ticket {
        attempt: Uuid,
        version: i32,
        #[schema(value_type = url::Url)]
        code_url: String,
        expires_in: i64,
        source: Source,
    },
    Scanned {
        attempt: Uuid,
        version: i32,
        expires_in: i64,
        check: Check,
        #[schema(required, pattern = "^[0-9]{2}$")]
        number: Option<String>,
    },
    NotRegistered {
        attempt: Uuid,
        version: i32,
        expires_in: i64,
    },
    CodeNeeded {
        attempt: Uuid,
        version: i32,
        expires_in: i64,
        tries_left: i16,
    },
    LoginSucceeded {
        attempt: Uuid,
        version: i32,
        expires_in: i64,
    },
    Expired {
        attempt: Uuid,
        version: i32,
        reason: String,
    },
    Cancelled {
        attempt: Uuid,
        version: i32,
        reason: String,
    },
    Failed {
        attempt: Uuid,
        version: i32,
        reason: String,
    },
    Redeemed {
        attempt: Uuid,
        version: i32,
    },
}

/// How long a poll waits, and for what.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wait {
    /// The version that the client knows: the answer waits for another.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    after_version: Option<u32>,
    /// Seconds, at most 25.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u32)]
    wait: Option<u32>,
}
