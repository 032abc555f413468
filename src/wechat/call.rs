//! One exchange with WeChat: sent, timed and bounded.

use std::time::Duration;

use actix_http::error::ParseError;
use awc::{
    SendClientRequest,
    error::{ConnectError, PayloadError, SendRequestError},
    http::header::{CONTENT_LENGTH, HeaderMap},
};

use super::{
    answer::Answer,
    error::{Endpoint, WechatError},
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
    /// Sends the request and takes what comes back, whole.
    pub(super) async fn answer(
        &self,
        request: SendClientRequest,
    ) -> Result<Answer<'_>, WechatError> {
        tokio::time::timeout(self.limit, self.exchange(request))
            .await
            .unwrap_or(Err(WechatError::Timeout {
                endpoint: self.endpoint,
                limit: self.limit,
            }))
    }

    async fn exchange(&self, request: SendClientRequest) -> Result<Answer<'_>, WechatError> {
        let mut response = request.await.map_err(|error| self.not_sent(&error))?;
        let status = response.status().as_u16();
        let announced = announced_length(response.headers());
        let body = response
            .body()
            .limit(self.max_body)
            .await
            .map_err(|error| self.not_read(&error))?;
        // awc takes a connection that breaks within the body for the body's end.
        if announced.is_some_and(|length| length != body.len()) {
            return Err(self.unreachable("the connection broke within the answer"));
        }
        Ok(Answer {
            endpoint: self.endpoint,
            status,
            body,
            secrets: self.secrets,
        })
    }

    fn not_sent(&self, error: &SendRequestError) -> WechatError {
        let reason = why_not_sent(error);
        match error {
            SendRequestError::Response(ParseError::Io(_)) => self.unreachable(reason),
            SendRequestError::Response(_) => self.garbage(reason),
            _ => self.unreachable(reason),
        }
    }

    fn not_read(&self, error: &PayloadError) -> WechatError {
        let reason = why_not_read(error, self.max_body);
        match error {
            PayloadError::Io(_) | PayloadError::Incomplete(_) => self.unreachable(reason),
            _ => self.garbage(reason),
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

/// Only texts that cannot hold the address are passed on: ours have secrets in their queries.
pub(crate) fn why_not_sent(error: &SendRequestError) -> String {
    use SendRequestError::{Connect, Response, Send, Timeout, Url};
    match error {
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
        Response(_) => "no HTTP answer".to_owned(),
        Url(_) => "the address is not a valid one".to_owned(),
        _ => "the request could not be sent".to_owned(),
    }
}

/// Why a body of at most `longest` bytes did not come.
pub(crate) fn why_not_read(error: &PayloadError, longest: usize) -> String {
    match error {
        PayloadError::Overflow => format!("more than {longest} bytes"),
        PayloadError::Io(error) | PayloadError::Incomplete(Some(error)) => error.to_string(),
        PayloadError::Incomplete(None) => "the connection broke within the answer".to_owned(),
        _ => "a body that cannot be read".to_owned(),
    }
}

/// The `Content-Length` of an answer, if it says one.
pub(crate) fn announced_length(headers: &HeaderMap) -> Option<usize> {
    headers
        .get(CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
}
