//! What the phone says when it does not even reach Saoma.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::json;

use super::language::Language;

/// The phone's own refusals, in the form of Saoma's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// Nobody has said where Saoma is.
    SaomaUnset,
    /// Saoma does not take the connection, hangs, or breaks off.
    SaomaUnreachable,
    /// A field of the request is not what it should be.
    BadRequest,
    /// There are as many users as the simulator takes.
    TooManyUsers,
}

impl Problem {
    /// An RFC 9457 problem whose detail is for the person at the phone.
    pub(super) fn response(self, language: Language) -> HttpResponse {
        let (status, code, chinese, english) = self.facts();
        let detail = if language == Language::Chinese {
            chinese
        } else {
            english
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        HttpResponse::build(status)
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((CONTENT_TYPE, "application/problem+json"))
            .body(
                json!({
                    "type": "about:blank",
                    "title": status.canonical_reason(),
                    "status": status.as_u16(),
                    "code": code,
                    "detail": detail,
                })
                .to_string(),
            )
    }

    fn facts(self) -> (u16, &'static str, &'static str, &'static str) {
        match self {
            Self::SaomaUnset => (
                503,
                "saoma_unset",
                "模拟器不知道 Saoma 服务器的地址，请用 --saoma-url 启动。",
                "The simulator was not told where Saoma is. Start it with --saoma-url.",
            ),
            Self::SaomaUnreachable => (
                502,
                "saoma_unreachable",
                "连接不上 Saoma 服务器，请检查它是否正在运行，然后重试。",
                "The Saoma server cannot be reached. See that it is running, then try again.",
            ),
            Self::BadRequest => (
                400,
                "bad_request",
                "请求的内容不正确。",
                "The request is not as it should be.",
            ),
            Self::TooManyUsers => (
                422,
                "too_many_users",
                "微信用户太多了，请选一位已有的用户。",
                "There are too many WeChat users. Pick one of them.",
            ),
        }
    }
}
