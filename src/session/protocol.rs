//! The frames of a socket, as PROTOCOL, sections 5 and 9, has them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::login::{
    ids::{AttemptId, Secret},
    reason::Reason,
};

/// Unicode scalar values of the longest text that one side says to the other.
const LONGEST_TEXT: usize = 1_000;

/// One end of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The page.
    Browser,
    /// The mini program.
    Phone,
}

/// One JSON text frame to the browser or the phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the protocol's")]
pub enum ServerMessage {
    /// Show this code.
    Ticket {
        attempt: AttemptId,
        version: i32,
        code_url: String,
        expires_in: i64,
        source: String,
    },
    /// A phone holds the attempt.
    Scanned {
        attempt: AttemptId,
        version: i32,
        expires_in: i64,
        check: &'static str,
        number: Option<String>,
    },
    /// The phone's user has no account here yet.
    NotRegistered {
        attempt: AttemptId,
        version: i32,
        expires_in: i64,
    },
    /// The strict check: ask for the six digits that the phone shows.
    CodeNeeded {
        attempt: AttemptId,
        version: i32,
        expires_in: i64,
        tries_left: i16,
    },
    /// Redeem now.
    LoginSucceeded {
        attempt: AttemptId,
        version: i32,
        expires_in: i64,
    },
    /// Its time ran out.
    Expired {
        attempt: AttemptId,
        version: i32,
        reason: &'static str,
    },
    /// Somebody ended it.
    Cancelled {
        attempt: AttemptId,
        version: i32,
        reason: &'static str,
    },
    /// It could not go on.
    Failed {
        attempt: AttemptId,
        version: i32,
        reason: &'static str,
    },
    /// Taken.
    Redeemed { attempt: AttemptId, version: i32 },
    /// Another phone tried this code. Advice, not a state.
    Contested,
    /// To the phone: its newest attempt stands like this.
    Attempt {
        attempt: AttemptId,
        version: i32,
        state: &'static str,
        reason: Option<&'static str>,
    },
    /// To the phone: the attempt's page came or went.
    Browser { attempt: AttemptId, present: bool },
    /// The other end of a pair came or went.
    Peer { session: Uuid, present: bool },
    /// What one end of a pair says to the other.
    Message {
        session: Uuid,
        from: Side,
        text: String,
        sent_at: String,
    },
    /// To the phone: what HTTP would have answered.
    Reply { id: Value, status: u16, body: Value },
    /// A request that could not be done; the socket stays open.
    Error {
        code: &'static str,
        detail: &'static str,
        retry_in: Option<u64>,
    },
}

impl ServerMessage {
    /// The attempt and version that a state's message is about.
    pub fn position(&self) -> Option<(AttemptId, i32)> {
        match *self {
            Self::Ticket {
                attempt, version, ..
            }
            | Self::Scanned {
                attempt, version, ..
            }
            | Self::NotRegistered {
                attempt, version, ..
            }
            | Self::CodeNeeded {
                attempt, version, ..
            }
            | Self::LoginSucceeded {
                attempt, version, ..
            }
            | Self::Expired {
                attempt, version, ..
            }
            | Self::Cancelled {
                attempt, version, ..
            }
            | Self::Failed {
                attempt, version, ..
            }
            | Self::Redeemed { attempt, version } => Some((attempt, version)),
            Self::Contested
            | Self::Attempt { .. }
            | Self::Browser { .. }
            | Self::Peer { .. }
            | Self::Message { .. }
            | Self::Reply { .. }
            | Self::Error { .. } => None,
        }
    }

    /// Whether no row of this browser is behind it: version 0 is somebody else's
    /// attempt or none, and a lost one is no longer there.
    pub fn is_without_row(&self) -> bool {
        let lost = Reason::AttemptLost.as_str();
        matches!(self, Self::Failed { version, reason, .. } if *version == 0 || *reason == lost)
    }

    /// Whether nothing can follow but a new attempt.
    pub fn is_end(&self) -> bool {
        matches!(
            self,
            Self::Expired { .. }
                | Self::Cancelled { .. }
                | Self::Failed { .. }
                | Self::Redeemed { .. }
        )
    }

    /// The frame's text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| {
            // Plain data always serializes; a browser that reads this asks again.
            tracing::error!(%error, "a message could not be written");
            r#"{"type":"error","code":"internal","detail":"","retry_in":null}"#.to_owned()
        })
    }
}

/// One JSON text frame from the browser.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the protocol's")]
pub enum ClientMessage {
    /// A new code, or the current state if `version` is not the current one.
    Refresh { version: i32, silent: bool },
    /// End the attempt.
    Cancel,
    /// The strict check's six digits.
    CheckCode { code: String },
    /// Something for the phone of a signed-in browser.
    Message { text: String },
}

/// Why a frame's text is no [`ClientMessage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadFrame {
    /// Not JSON: the socket is closed with 1007.
    NotJson,
    /// JSON without the fields that it needs.
    BadMessage,
    /// A `type` that nobody knows.
    UnknownMessage,
}

impl ClientMessage {
    /// Reads one frame's text.
    pub fn parse(text: &str) -> Result<Self, BadFrame> {
        let value: Value = serde_json::from_str(text).map_err(|_| BadFrame::NotJson)?;
        match kind(&value)? {
            "refresh" | "cancel" | "check_code" => {
                serde_json::from_value(value).map_err(|_| BadFrame::BadMessage)
            }
            "message" => Ok(Self::Message {
                text: sayable(&value)?,
            }),
            _ => Err(BadFrame::UnknownMessage),
        }
    }
}

/// One JSON text frame from the phone.
#[derive(Debug, Clone)]
pub enum PhoneMessage {
    /// Who it is, where the header could not say so.
    Auth(Secret),
    /// One of the calls that HTTP takes as well.
    Call {
        /// Comes back with the answer: a text or a number.
        id: Value,
        /// Which one.
        call: PhoneCall,
        /// The frame, whose fields are the request's.
        body: Value,
    },
    /// Something for the browser of this session.
    Message {
        /// Which one.
        session: Uuid,
        /// What it shows.
        text: String,
    },
}

/// A call of the phone API that a socket takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneCall {
    /// `POST /api/phone/scan`
    Scan,
    /// `POST /api/phone/confirm`
    Confirm,
    /// `POST /api/phone/cancel`
    Cancel,
}

impl PhoneMessage {
    /// Reads one frame's text.
    pub fn parse(text: &str) -> Result<Self, BadFrame> {
        let mut value: Value = serde_json::from_str(text).map_err(|_| BadFrame::NotJson)?;
        let call = match kind(&value)? {
            "auth" => {
                let token = value.get("token").and_then(Value::as_str);
                let token = token.and_then(Secret::parse);
                return token.map(Self::Auth).ok_or(BadFrame::BadMessage);
            }
            "message" => {
                let session = value.get("session").and_then(Value::as_str);
                let session = session.and_then(|text| Uuid::try_parse(text).ok());
                return Ok(Self::Message {
                    session: session.ok_or(BadFrame::BadMessage)?,
                    text: sayable(&value)?,
                });
            }
            "scan" => PhoneCall::Scan,
            "confirm" => PhoneCall::Confirm,
            "cancel" => PhoneCall::Cancel,
            _ => return Err(BadFrame::UnknownMessage),
        };
        let id = value.get_mut("id").map(Value::take);
        let id = id.filter(|id| id.is_string() || id.is_number());
        Ok(Self::Call {
            id: id.ok_or(BadFrame::BadMessage)?,
            call,
            body: value,
        })
    }
}

fn kind(value: &Value) -> Result<&str, BadFrame> {
    let kind = value.get("type").and_then(Value::as_str);
    kind.ok_or(BadFrame::BadMessage)
}

/// The text of a message that may reach the other end: not empty, not too long,
/// nothing in it that moves a cursor but newlines.
fn sayable(value: &Value) -> Result<String, BadFrame> {
    let text = value.get("text").and_then(Value::as_str);
    let text = text.filter(|text| {
        text.chars().count() <= LONGEST_TEXT
            && text.chars().all(|c| c == '\n' || !c.is_control())
            && !text.trim().is_empty()
    });
    text.map(str::to_owned).ok_or(BadFrame::BadMessage)
}

/// Why the server ends a socket, and by that what its client does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseCode {
    /// Answers the client's own close.
    Normal = 1000,
    /// A protocol error or a fragment.
    Protocol = 1002,
    /// A binary frame.
    Unsupported = 1003,
    /// Not UTF-8 or not JSON.
    Invalid = 1007,
    /// Too many messages.
    Policy = 1008,
    /// A frame above the limit.
    TooLarge = 1009,
    /// Our fault: reconnect.
    Internal = 1011,
    /// A newer socket of the same attempt or phone session won.
    Replaced = 4001,
    /// Redeemed, or idle after its end.
    Finished = 4002,
    /// Does not read what it is sent.
    TooSlow = 4008,
    /// The session or phone session has ended, or there was none.
    SessionEnded = 4009,
    /// The server is going away: reconnect after a random 0 to 5 s.
    GoingAway = 4012,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_a_message_or_says_why_not() {
        let refresh = ClientMessage::Refresh {
            version: 3,
            silent: true,
        };
        for (text, expected) in [
            (
                r#"{"type":"refresh","version":3,"silent":true,"more":1}"#,
                Ok(refresh),
            ),
            (r#"{"type":"cancel"}"#, Ok(ClientMessage::Cancel)),
            (
                r#"{"type":"refresh","version":"3","silent":true}"#,
                Err(BadFrame::BadMessage),
            ),
            (r#"{"type":"refresh"}"#, Err(BadFrame::BadMessage)),
            (r#"{"type":7}"#, Err(BadFrame::BadMessage)),
            ("[]", Err(BadFrame::BadMessage)),
            ("\"cancel\"", Err(BadFrame::BadMessage)),
            (r#"{"type":"dance"}"#, Err(BadFrame::UnknownMessage)),
            ("{", Err(BadFrame::NotJson)),
            ("", Err(BadFrame::NotJson)),
        ] {
            assert_eq!(ClientMessage::parse(text), expected, "{text}");
        }
    }
}
