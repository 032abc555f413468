//! `GET /.well-known/security.txt` (RFC 9116): whom to tell of a hole.

use std::fmt::Write as _;

use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Days, SecondsFormat, Utc};

use super::extract::site;
use crate::{error::Error, settings::Settings};

/// For how long a reader may keep the file; RFC 9116 asks for less than a year.
const VALID: Days = Days::new(90);

/// The file, when the owner has set `SAOMA_SECURITY_CONTACT`.
pub async fn file(request: HttpRequest) -> Result<HttpResponse, Error> {
    let settings = site(&request)?.settings();
    if settings.security_contacts.is_empty() {
        return Err(Error::NotFound);
    }
    let text = render(settings, Utc::now());
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(text))
}

/// It is written at each request, so it never runs out while the owner's setting stands.
fn render(settings: &Settings, now: DateTime<Utc>) -> String {
    let mut text = String::new();
    for contact in &settings.security_contacts {
        let _ = writeln!(text, "Contact: {contact}");
    }
    // Midnight, so that two readers of a day read the same.
    let expires = now.date_naive().checked_add_days(VALID);
    let expires = expires.unwrap_or_default().and_time(chrono::NaiveTime::MIN);
    let expires = expires.and_utc().to_rfc3339_opts(SecondsFormat::Secs, true);
    let _ = writeln!(text, "Expires: {expires}");
    let _ = writeln!(text, "Preferred-Languages: zh, en");
    let canonical = format!("{}/.well-known/security.txt", settings.public_origin());
    let _ = writeln!(text, "Canonical: {canonical}");
    text
}
