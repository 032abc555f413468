//! One exchange with WeChat: sent, timed, bounded, and read for what it is.

use std::time::Duration;

use actix_http::error::ParseError;
use actix_web::web::Bytes;
use awc::{
    SendClientRequest,
    error::{ConnectError, PayloadError, SendRequestError},
    http::{
        StatusCode,
        header::{CONTENT_LENGTH, HeaderMap},
    },
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    error::{Endpoint, WechatError},
    image::CodeImage,
};

/// A call about to be made.
pub(super) struct Call<'a> {
    pub(super) endpoint: Endpoint,
    /// From the first byte sent to the last one received, connecting included.
    pub(super) limit: Duration,
    /// The longest body taken, in bytes.
    pub(super) max_body: usize,
    /// What an answer that quotes our request must not carry into an error.
    pub(super) secrets: &'a [&'a str],
}

impl Call<'_> {
    /// Sends the request and takes the JSON that comes back, whatever its Content-Type.
    pub(super) async fn json<T: DeserializeOwned>(
        &self,
        request: SendClientRequest,
    ) -> Result<T, WechatError> {
        let answer = self.answer(request).await?;
        self.refusal(&answer)?;
        serde_json::from_slice(&answer.body)
            .map_err(|_| self.garbage("JSON without the fields of a success"))
    }

    /// Sends the request and takes the image that comes back. An error comes as JSON, under an
    /// image's Content-Type at times, so the first byte decides.
    pub(super) async fn image(&self, request: SendClientRequest) -> Result<CodeImage, WechatError> {
        let answer = self.answer(request).await?;
        if answer.is_json() || answer.status != StatusCode::OK {
            self.refusal(&answer)?;
            return Err(self.garbage("JSON where an image should be"));
        }
        let found = describe(&answer.body);
        CodeImage::read(answer.body).map_err(|what| self.garbage(format!("{what}, but {found}")))
    }

    async fn answer(&self, request: SendClientRequest) -> Result<Answer, WechatError> {
        tokio::time::timeout(self.limit, self.exchange(request))
            .await
            .unwrap_or(Err(WechatError::Timeout {
                endpoint: self.endpoint,
                limit: self.limit,
            }))
    }

    async fn exchange(&self, request: SendClientRequest) -> Result<Answer, WechatError> {
        let mut response = request.await.map_err(|error| self.not_sent(&error))?;
        let status = response.status();
        let announced = content_length(response.headers());
        let body = response
            .body()
            .limit(self.max_body)
            .await
            .map_err(|error| self.not_read(&error))?;
        // awc takes a connection that breaks within the body for the body's end.
        if announced.is_some_and(|length| length != body.len()) {
            return Err(self.unreachable("the connection broke within the answer"));
        }
        Ok(Answer { status, body })
    }

    /// Fails with WeChat's error if there is one in the answer, and on any status but 200.
    fn refusal(&self, answer: &Answer) -> Result<(), WechatError> {
        match (serde_json::from_slice(&answer.body), answer.status) {
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
            (Ok(_), StatusCode::OK) => Ok(()),
            (_, status) => Err(self.garbage(format!(
                "{} with status {}",
                describe(&answer.body),
                status.as_u16()
            ))),
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

    /// Only texts that cannot hold the address are passed on: ours has secrets in its query.
    fn not_sent(&self, error: &SendRequestError) -> WechatError {
        use awc::error::SendRequestError::{Connect, Response, Send, Timeout, Url};
        let reason = match error {
            Connect(ConnectError::Io(error)) | Send(error) | Response(ParseError::Io(error)) => {
                error.to_string()
            }
            Connect(ConnectError::Resolver(error)) => format!("its name does not resolve: {error}"),
            Connect(ConnectError::NoRecords) => "its name has no address".to_owned(),
            Connect(ConnectError::Timeout) | Timeout => "connecting took too long".to_owned(),
            Connect(ConnectError::Disconnected) => {
                "the connection was closed without an answer".to_owned()
            }
            Connect(_) => "no connection".to_owned(),
            Response(_) => return self.garbage("no HTTP answer"),
            Url(_) => "the address is not a valid one".to_owned(),
            _ => "the request could not be sent".to_owned(),
        };
        self.unreachable(reason)
    }

    fn not_read(&self, error: &PayloadError) -> WechatError {
        match error {
            PayloadError::Overflow => self.garbage(format!("more than {} bytes", self.max_body)),
            PayloadError::Io(error) | PayloadError::Incomplete(Some(error)) => {
                self.unreachable(error.to_string())
            }
            PayloadError::Incomplete(None) => {
                self.unreachable("the connection broke within the answer")
            }
            _ => self.garbage("a body that cannot be read"),
        }
    }

    fn unreachable(&self, reason: impl Into<String>) -> WechatError {
        WechatError::Unreachable {
            endpoint: self.endpoint,
            reason: reason.into(),
        }
    }

    fn garbage(&self, reason: impl Into<String>) -> WechatError {
        WechatError::Garbage {
            endpoint: self.endpoint,
            reason: reason.into(),
        }
    }
}

/// What came back, whole.
struct Answer {
    status: StatusCode,
    body: Bytes,
}

impl Answer {
    fn is_json(&self) -> bool {
        self.body.trim_ascii_start().starts_with(b"{")
    }
}

/// What WeChat sends with an error, and with some successes as 0. Absent means success.
#[derive(Deserialize)]
struct Outcome {
    errcode: Option<i64>,
    errmsg: Option<String>,
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers
        .get(CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
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
