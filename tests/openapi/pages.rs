//! PROTOCOL, section 4.

use crate::schemas::Picture;

/// The login page, or the dashboard.
#[utoipa::path(get, path = "/", tag = "pages", responses((status = 302, description = "to `/login` or `/dashboard`")))]
pub fn home() {}

/// The login page; sets the browser secret if it is missing.
#[utoipa::path(
    get, path = "/login", tag = "pages",
    params(
        ("return_to" = Option<String>, Query, description = "A path on this site, or a URL of an origin that the owner allows; anything else is ignored."),
        ("lang" = Option<String>, Query, description = "`zh-CN` or `en`, remembered in a cookie."),
    ),
    responses((status = 200, description = "the page", content_type = "text/html", body = String)),
)]
pub fn login() {}

/// The dashboard.
#[utoipa::path(
    get, path = "/dashboard", tag = "pages",
    responses(
        (status = 200, description = "the page", content_type = "text/html", body = String),
        (status = 302, description = "to `/login` without a session"),
    ),
)]
pub fn dashboard() {}

/// A person's picture, a square JPEG of at most 256 pixels a side.
#[utoipa::path(
    get, path = "/avatars/{id}", tag = "pages",
    params(("id" = Uuid, Path, description = "As in `avatar_url`.")),
    responses(
        (status = 200, description = "the picture", content_type = "image/jpeg", body = inline(Picture)),
        (status = 304, description = "the one with the `ETag` that `If-None-Match` names"),
        (status = 404, description = "not_found"),
    ),
)]
pub fn avatar() {}

/// The image of a code.
#[utoipa::path(
    get, path = "/codes/{name}", tag = "pages",
    params(("name" = String, Path, description = "As in `code_url`.")),
    responses(
        (status = 200, description = "the image", content((inline(Picture) = "image/jpeg"), (inline(Picture) = "image/png"))),
        (status = 302, description = "to the CDN"),
        (status = 404, description = "code_unknown, not_found"),
    ),
)]
pub fn code_image() {}
