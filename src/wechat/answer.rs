//! What WeChat sent back, read for what it is. Nothing here sends or waits.

use std::{fmt, time::Duration};

use bytes::Bytes;
use secrecy::SecretString;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    error::{Endpoint, WechatError},
    image::CodeImage,
};

/// An answer, whole.
pub(super) struct Answer<'a> {
    pub(super) endpoint: Endpoint,
    /// HTTP's, which is 200 for most of WeChat's errors too.
    pub(super) status: u16,
    pub(super) body: Bytes,
    /// What an answer that quotes our request must not carry into an error.
    pub(super) secrets: &'a [&'a str],
}

/// A token as WeChat just gave it.
#[derive(Clone)]
pub(super) struct FreshToken {
    /// Never empty.
    pub(super) secret: SecretString,
    /// How long it will be accepted from now on.
    pub(super) expires_in: Duration,
}

/// Who scanned: what WeChat tells about the user behind a `wx.login` code.
///
/// WeChat's `session_key` is not kept: nothing here needs it, and it must never leave the server.
#[derive(Clone, PartialEq, Eq)]
pub struct WechatIdentity {
    /// One user within one mini program. Never empty.
    pub open_id: String,
    /// One user across all apps of one Open Platform account. WeChat sends it only when the
    /// mini program is bound to such an account, so it may appear later. Never empty.
    pub union_id: Option<String>,
}

impl fmt::Debug for WechatIdentity {
    /// Leaves the ids out: they are personal data, and what is debugged ends up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WechatIdentity").finish_non_exhaustive()
    }
}

impl Answer<'_> {
    /// The answer of `stable_token`.
    pub(super) fn token(&self) -> Result<FreshToken, WechatError> {
        let grant: Grant = self.json()?;
        if grant.access_token.is_empty() {
            return Err(self.garbage("an empty access token"));
        }
        Ok(FreshToken {
            secret: grant.access_token.into(),
            expires_in: Duration::from_secs(grant.expires_in),
        })
    }

    /// The answer of `jscode2session`.
    pub(super) fn identity(&self) -> Result<WechatIdentity, WechatError> {
        let session: Session = self.json()?;
        let open_id = session.openid.filter(|id| !id.is_empty());
        Ok(WechatIdentity {
            open_id: open_id.ok_or_else(|| self.garbage("an identity without an openid"))?,
            union_id: session.unionid.filter(|id| !id.is_empty()),
        })
    }

    /// The answer of `getwxacodeunlimit`. An error comes as JSON, under an image's Content-Type
    /// at times, so the first byte decides.
    pub(super) fn image(&self) -> Result<CodeImage, WechatError> {
        if self.body.trim_ascii_start().starts_with(b"{") || self.status != OK {
            self.refusal()?;
            return Err(self.garbage("JSON where an image should be"));
        }
        CodeImage::read(self.body.clone())
            .map_err(|what| self.garbage(format!("{what}, but {}", describe(&self.body))))
    }

    /// The JSON of a success, whatever its Content-Type.
    fn json<T: DeserializeOwned>(&self) -> Result<T, WechatError> {
        self.refusal()?;
        serde_json::from_slice(&self.body)
            .map_err(|_| self.garbage("JSON without the fields of a success"))
    }

    /// Fails with WeChat's error if there is one in the answer, and on any status but 200.
    fn refusal(&self) -> Result<(), WechatError> {
        match (serde_json::from_slice(&self.body), self.status) {
            (
                Ok(Outcome {
                    errcode: Some(code),
                    errmsg,
                }),
                _,
            ) if code != 0 => {
                let errmsg = self.hide_secrets(errmsg.unwrap_or_default());
                Err(WechatError::refused(self.endpoint, code, &errmsg))
            }
            (Ok(_), OK) => Ok(()),
            (_, status) => {
                Err(self.garbage(format!("{} with status {status}", describe(&self.body))))
            }
        }
    }

    fn hide_secrets(&self, text: String) -> String {
        // Anybody may send a short "code"; hiding its letters would spoil the text for nothing.
        const SHORTEST_SECRET: usize = 8;
        self.secrets
            .iter()
            .filter(|secret| secret.len() >= SHORTEST_SECRET)
            .fold(text, |text, secret| text.replace(secret, "[hidden]"))
    }

    fn garbage(&self, reason: impl Into<String>) -> WechatError {
        WechatError::Garbage {
            endpoint: self.endpoint,
            reason: reason.into(),
        }
    }
}

const OK: u16 = 200;

/// What WeChat sends with an error, and with some successes as 0. Absent means success.
#[derive(Deserialize)]
struct Outcome {
    errcode: Option<i64>,
    errmsg: Option<String>,
}

#[derive(Deserialize)]
struct Grant {
    access_token: String,
    /// Seconds.
    expires_in: u64,
}

/// It has no field for the `session_key`, so that is dropped while parsing.
#[derive(Deserialize)]
struct Session {
    openid: Option<String>,
    unionid: Option<String>,
}

/// Names a body for an error text without quoting it: it may hold a secret.
fn describe(body: &[u8]) -> String {
    let what = match body.trim_ascii_start().first() {
        None => return "an empty body".to_owned(),
        Some(b'<') => "HTML or XML",
        Some(b'{') => "JSON",
        Some(_) => "data",
    };
    format!("{} bytes of {what}", body.len())
}
