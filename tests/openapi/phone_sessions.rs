//! PROTOCOL, section 8: the person's sessions, from the phone.

use crate::schemas::Sessions;

/// The person's sessions in browsers.
#[utoipa::path(get, path = "/api/phone/sessions", tag = "phone", responses((status = 200, description = "all of them", body = Sessions)), security(("phone" = [])))]
pub fn list_sessions() {}

/// Ends one.
#[utoipa::path(
    delete, path = "/api/phone/sessions/{id}", tag = "phone",
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "ended"),
        (status = 404, description = "session_unknown, not_found"),
    ),
    security(("phone" = [])),
)]
pub fn end_session() {}

/// Ends all of them.
#[utoipa::path(delete, path = "/api/phone/sessions", tag = "phone", responses((status = 204, description = "ended")), security(("phone" = [])))]
pub fn end_sessions() {}

/// 'This was not me': ends one and marks it in the audit log.
#[utoipa::path(
    post, path = "/api/phone/sessions/{id}/report", tag = "phone",
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "ended"),
        (status = 404, description = "session_unknown, not_found"),
    ),
    security(("phone" = [])),
)]
pub fn report_session() {}
