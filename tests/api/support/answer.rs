//! What a request was answered with.

use std::time::Duration;

use actix_web::{cookie::Cookie, http::header, web::Bytes};
use awc::ClientResponse;
use serde_json::Value;
use tokio::time::timeout;

/// Nothing that a test waits for takes longer.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: header::HeaderMap,
    pub bytes: Bytes,
}

impl Answer {
    pub async fn of(
        mut response: ClientResponse<
            impl futures_util::Stream<Item = Result<Bytes, awc::error::PayloadError>> + Unpin,
        >,
    ) -> Self {
        let bytes = timeout(PATIENCE, response.body().limit(1 << 20))
            .await
            .unwrap()
            .unwrap();
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes,
        }
    }

    /// The body as JSON; null if there is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// The problem's stable word.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The body of an answer that has this status; shows the body otherwise.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.bytes)
        );
        self.json()
    }

    /// Checks a problem document.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(problem["status"], status);
        for field in ["type", "title", "detail", "request_id"] {
            assert!(problem[field].is_string(), "{field} is missing: {problem}");
        }
        problem
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Every `Set-Cookie`.
    pub fn cookies(&self) -> Vec<Cookie<'static>> {
        let lines = self.headers.get_all(header::SET_COOKIE);
        lines
            .map(|line| Cookie::parse(line.to_str().unwrap().to_owned()).unwrap())
            .collect()
    }
}
