//! The browser's two secrets, each in a cookie that no script reads.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
    http::header::{self, HeaderValue},
};

use super::credentials;
use crate::{login::ids::Secret, store::SESSION_DAYS};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Proves who asked for the code; gone when the browser closes.
    Browser,
    /// Proves who is signed in.
    Session,
}

impl Kind {
    /// The name. `__Host-` (RFC 6265bis) binds a cookie to this host and to
    /// https; plain http is for development only.
    pub fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Browser, true) => "__Host-saoma_browser",
            (Self::Browser, false) => "saoma_browser",
            (Self::Session, true) => "__Host-saoma_session",
            (Self::Session, false) => "saoma_session",
        }
    }

    /// The secret that the request brings, if it brings one.
    pub fn read(self, request: &HttpRequest, secure: bool) -> Option<Secret> {
        let lines = request.headers().get_all(header::COOKIE);
        credentials::cookie(lines.map(HeaderValue::as_bytes), self.name(secure))
    }

    /// The cookie that carries this secret.
    pub fn set(self, secret: &Secret, secure: bool) -> Cookie<'static> {
        let mut cookie = self.base(secret.expose(), secure);
        if self == Self::Session {
            cookie.set_max_age(Duration::days(i64::from(SESSION_DAYS)));
        }
        cookie
    }

    /// The cookie that deletes it.
    pub fn delete(self, secure: bool) -> Cookie<'static> {
        let mut cookie = self.base(String::new(), secure);
        cookie.make_removal();
        cookie
    }

    fn base(self, value: String, secure: bool) -> Cookie<'static> {
        Cookie::build(self.name(secure), value)
            .path("/")
            .http_only(true)
            .secure(secure)
            .same_site(SameSite::Lax)
            .finish()
    }
}
