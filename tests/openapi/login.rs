//! PROTOCOL, section 6.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schemas::{Message, Wait};

#[derive(Deserialize, ToSchema)]
struct Begin {
    /// As that of `GET /login`.
    return_to: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct Refresh {
    /// The version that the client knows.
    version: i32,
    /// Whether no tap asked for it.
    silent: bool,
}

#[derive(Deserialize, ToSchema)]
struct Code {
    /// The six digits that the phone shows.
    code: String,
}

/// A new attempt.
#[utoipa::path(
    post, path = "/api/login/attempts", tag = "login",
    request_body = inline(Begin),
    responses(
        (status = 201, description = "its ticket", body = Message),
        (status = 503, description = "codes_unavailable, draining"),
    ),
    security(("browser" = [])),
)]
pub fn begin() {}

/// The state's message, now or when it changes.
#[utoipa::path(
    get, path = "/api/login/attempts/{attempt}", tag = "login",
    params(("attempt" = Uuid, Path), Wait),
    responses(
        (status = 200, description = "the message", body = Message),
        (status = 204, description = "nothing new within the wait, or another poll came"),
        (status = 400, description = "bad_request"),
        (status = 404, description = "attempt_unknown, not_found"),
        (status = 503, description = "draining"),
    ),
    security(("browser" = [])),
)]
pub fn poll() {}

/// A new code, or the current state if `version` is not the current one.
#[utoipa::path(
    post, path = "/api/login/attempts/{attempt}/refresh", tag = "login",
    params(("attempt" = Uuid, Path)),
    request_body = inline(Refresh),
    responses(
        (status = 200, description = "the newest message", body = Message),
        (status = 404, description = "attempt_unknown, not_found"),
        (status = 409, description = "tap_needed"),
        (status = 503, description = "codes_unavailable"),
    ),
    security(("browser" = [])),
)]
pub fn refresh() {}

/// Ends the attempt.
#[utoipa::path(
    post, path = "/api/login/attempts/{attempt}/cancel", tag = "login",
    params(("attempt" = Uuid, Path)),
    responses(
        (status = 204, description = "ended, now or before"),
        (status = 404, description = "attempt_unknown, not_found"),
        (status = 409, description = "already_confirmed, already_redeemed"),
        (status = 410, description = "attempt_expired, attempt_failed"),
    ),
    security(("browser" = [])),
)]
pub fn cancel() {}

#[derive(Serialize, ToSchema)]
struct Link {
    /// WeChat's plain URL scheme.
    url: String,
}

/// What opens the mini program on the phone that shows the page.
#[utoipa::path(
    post, path = "/api/login/attempts/{attempt}/link", tag = "login",
    params(("attempt" = Uuid, Path)),
    responses(
        (status = 200, description = "good until the next renewal", body = inline(Link)),
        (status = 404, description = "attempt_unknown, not_found"),
        (status = 409, description = "already_scanned, already_confirmed, already_redeemed"),
        (status = 410, description = "attempt_expired, attempt_cancelled, attempt_failed"),
    ),
    security(("browser" = [])),
)]
pub fn link() {}

/// The strict check.
#[utoipa::path(
    post, path = "/api/login/attempts/{attempt}/check", tag = "login",
    params(("attempt" = Uuid, Path)),
    request_body = inline(Code),
    responses(
        (status = 200, description = "the newest message", body = Message),
        (status = 404, description = "attempt_unknown, not_found"),
        (status = 409, description = "not_confirmed, already_redeemed"),
        (status = 410, description = "attempt_expired, attempt_cancelled, attempt_failed"),
        (status = 422, description = "code_wrong"),
    ),
    security(("browser" = [])),
)]
pub fn check() {}
