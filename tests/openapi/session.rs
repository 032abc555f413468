//! PROTOCOL, section 7.

use serde::Serialize;
use utoipa::ToSchema;

use crate::schemas::{Sessions, User};

#[derive(Serialize, ToSchema)]
#[schema(as = SignedIn)]
struct SignedIn {
    user: User,
    access_token: String,
    #[schema(pattern = "^Bearer$")]
    token_type: String,
    expires_in: u32,
    /// Where to go now.
    #[schema(required)]
    return_to: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "they are OAuth's names")]
struct AccessToken {
    access_token: String,
    #[schema(pattern = "^Bearer$")]
    token_type: String,
    expires_in: u32,
}

/// RFC 8037.
#[derive(Serialize, ToSchema)]
struct Key {
    #[schema(pattern = "^OKP$")]
    kty: String,
    #[schema(pattern = "^Ed25519$")]
    crv: String,
    kid: String,
    x: String,
}

#[derive(Serialize, ToSchema)]
struct Keys {
    keys: Vec<Key>,
}

/// Takes the login: a confirmed attempt becomes a session.
#[utoipa::path(
    post, path = "/api/login/attempts/{attempt}/redeem", tag = "session",
    params(("attempt" = Uuid, Path)),
    responses(
        (status = 200, description = "signed in, with the session's cookie", body = inline(SignedIn)),
        (status = 404, description = "attempt_unknown, not_found"),
        (status = 409, description = "not_confirmed, already_redeemed"),
        (status = 410, description = "attempt_expired, attempt_cancelled, attempt_failed"),
    ),
    security(("browser" = [])),
)]
pub fn redeem() {}

/// Who is signed in.
#[utoipa::path(get, path = "/api/me", tag = "session", responses((status = 200, description = "the user", body = User)), security(("session" = [])))]
pub fn me() {}

/// A fresh access token, for other services.
#[utoipa::path(post, path = "/api/token", tag = "session", responses((status = 200, description = "the token", body = inline(AccessToken))), security(("session" = [])))]
pub fn token() {}

/// Ends the session, if there is one.
#[utoipa::path(
    post, path = "/api/logout", tag = "session",
    responses(
        (status = 204, description = "nobody is signed in"),
        (status = 403, description = "origin_refused"),
    ),
)]
pub fn log_out() {}

/// The keys that check access tokens.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "session", responses((status = 200, description = "RFC 7517", body = inline(Keys))))]
pub fn jwks() {}

/// The user's sessions.
#[utoipa::path(get, path = "/api/sessions", tag = "session", responses((status = 200, description = "all of them", body = Sessions)), security(("session" = [])))]
pub fn list() {}

/// Ends one.
#[utoipa::path(
    delete, path = "/api/sessions/{id}", tag = "session",
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "ended"),
        (status = 404, description = "session_unknown, not_found"),
    ),
    security(("session" = [])),
)]
pub fn end() {}

/// Ends all but this one.
#[utoipa::path(delete, path = "/api/sessions", tag = "session", responses((status = 204, description = "ended")), security(("session" = [])))]
pub fn end_others() {}
