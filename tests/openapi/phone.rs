//! PROTOCOL, section 8.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::schemas::{Browser, Check, Picture, User, Wait};

#[derive(Deserialize, ToSchema)]
struct LoginCode {
    /// What `wx.login` gave.
    code: String,
}

#[derive(Serialize, ToSchema)]
struct PhoneSession {
    /// Goes into `Authorization: Bearer`.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    token: String,
    expires_in: i64,
    registered: bool,
    #[schema(required)]
    user: Option<User>,
}

#[derive(Deserialize, ToSchema)]
struct Scan {
    #[schema(pattern = "^[A-Za-z0-9_-]{32}$")]
    scene: String,
    /// WeChat's number for how the mini program was opened; 1047 is the camera.
    entry_scene: i32,
}

#[derive(Serialize, ToSchema)]
struct Site {
    name: String,
    host: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Warning {
    EntryScene,
    ReusableCode,
    CodeOld,
    NetworkDiffers,
    CountryDiffers,
    HostingNetwork,
}

#[derive(Serialize, ToSchema)]
struct Scanned {
    attempt: Uuid,
    /// Goes into confirm and cancel.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    nonce: String,
    #[schema(inline)]
    site: Site,
    browser: Browser,
    requested_at: DateTime<Utc>,
    expires_in: i64,
    registered: bool,
    check: Check,
    #[schema(inline)]
    warnings: Vec<Warning>,
}

#[derive(Deserialize, ToSchema)]
struct Confirm {
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    nonce: String,
    /// The two digits that the browser shows, with the check `number`.
    number: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(tag = "result", rename_all = "snake_case")]
enum Confirmed {
    LoginSucceeded {},
    NotRegistered {
        /// With registration closed: what the owner approves by.
        #[schema(nullable = false)]
        reference: Option<String>,
    },
    CodeNeeded {
        #[schema(pattern = "^[0-9]{6}$")]
        check_code: String,
    },
}

#[derive(Deserialize, ToSchema)]
struct Nonce {
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    nonce: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    Scanned,
    Approved,
    Confirmed,
    Redeemed,
    Expired,
    Cancelled,
    Failed,
}

#[derive(Serialize, ToSchema)]
struct PhoneAttempt {
    attempt: Uuid,
    version: i32,
    #[schema(inline)]
    state: State,
    #[schema(required)]
    reason: Option<String>,
    expires_in: i64,
    /// While `approved`.
    #[schema(required, pattern = "^[0-9]{6}$")]
    check_code: Option<String>,
    /// Once `redeemed`.
    #[schema(required)]
    session: Option<Uuid>,
    /// Once `failed` by `registration_closed`.
    #[schema(nullable = false)]
    reference: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct Register {
    #[schema(max_length = 32)]
    nickname: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct Rename {
    #[schema(max_length = 32)]
    nickname: String,
}

/// A phone's session, for what `wx.login` gave.
#[utoipa::path(
    post, path = "/api/phone/session", tag = "phone",
    request_body = inline(LoginCode),
    responses(
        (status = 200, description = "the token", body = inline(PhoneSession)),
        (status = 401, description = "wechat_code_invalid, wechat_code_used"),
        (status = 403, description = "wechat_user_blocked"),
        (status = 503, description = "wechat_unavailable"),
    ),
)]
pub fn sign_in() {}

/// Ends the phone's session.
#[utoipa::path(delete, path = "/api/phone/session", tag = "phone", responses((status = 204, description = "ended")), security(("phone" = [])))]
pub fn sign_out() {}

/// Claims an attempt by the scene in its code.
#[utoipa::path(
    post, path = "/api/phone/scan", tag = "phone",
    request_body = inline(Scan),
    responses(
        (status = 200, description = "what the person has to know", body = inline(Scanned)),
        (status = 400, description = "entry_scene_missing, scene_malformed"),
        (status = 404, description = "scene_unknown"),
        (status = 409, description = "already_scanned, already_redeemed"),
        (status = 410, description = "attempt_expired, attempt_cancelled, attempt_failed"),
    ),
    security(("phone" = [])),
)]
pub fn scan() {}

/// Agrees to the login.
#[utoipa::path(
    post, path = "/api/phone/confirm", tag = "phone",
    request_body = inline(Confirm),
    responses(
        (status = 200, description = "what came of it", body = inline(Confirmed)),
        (status = 403, description = "nonce_invalid"),
        (status = 409, description = "already_redeemed"),
        (status = 410, description = "attempt_expired, attempt_cancelled, attempt_failed"),
        (status = 422, description = "number_wrong"),
    ),
    security(("phone" = [])),
)]
pub fn confirm() {}

/// Refuses the login.
#[utoipa::path(
    post, path = "/api/phone/cancel", tag = "phone",
    request_body = inline(Nonce),
    responses(
        (status = 204, description = "ended"),
        (status = 403, description = "nonce_invalid"),
        (status = 409, description = "already_redeemed"),
        (status = 410, description = "attempt_expired, attempt_failed"),
    ),
    security(("phone" = [])),
)]
pub fn cancel() {}

/// The attempt that the phone holds, now or when it changes.
#[utoipa::path(
    get, path = "/api/phone/attempts/{attempt}", tag = "phone",
    params(("attempt" = Uuid, Path), Wait),
    responses(
        (status = 200, description = "its state", body = inline(PhoneAttempt)),
        (status = 204, description = "nothing new within the wait, or another poll came"),
        (status = 400, description = "bad_request"),
        (status = 404, description = "attempt_unknown, not_found"),
        (status = 503, description = "draining"),
    ),
    security(("phone" = [])),
)]
pub fn attempt() {}

/// Makes an account.
#[utoipa::path(
    post, path = "/api/phone/register", tag = "phone",
    request_body = inline(Register),
    responses(
        (status = 201, description = "the user", body = User),
        (status = 403, description = "registration_closed"),
        (status = 409, description = "already_registered"),
        (status = 422, description = "nickname_invalid"),
    ),
    security(("phone" = [])),
)]
pub fn register() {}

/// Changes the nickname.
#[utoipa::path(
    put, path = "/api/phone/me", tag = "phone",
    request_body = inline(Rename),
    responses(
        (status = 200, description = "the user", body = User),
        (status = 422, description = "nickname_invalid"),
    ),
    security(("phone" = [])),
)]
pub fn rename() {}

/// Puts a picture in the place of the one before; at most 256 KiB.
#[utoipa::path(
    put, path = "/api/phone/avatar", tag = "phone",
    request_body(content((inline(Picture) = "image/jpeg"), (inline(Picture) = "image/png"))),
    responses(
        (status = 200, description = "the user", body = User),
        (status = 422, description = "avatar_invalid"),
    ),
    security(("phone" = [])),
)]
pub fn set_avatar() {}

/// Deletes the person's account and data.
#[utoipa::path(delete, path = "/api/phone/account", tag = "phone", responses((status = 204, description = "gone")), security(("phone" = [])))]
pub fn delete_account() {}
