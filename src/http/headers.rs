//! The headers of every answer, errors and refusals included.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::settings::Settings;

/// Where browsers find the address for what the content policy has stopped.
const REPORTING_ENDPOINTS: HeaderName = HeaderName::from_static("reporting-endpoints");

const FIXED: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=()",
    ),
];

/// Adds them. Who set one of the fixed ones before knows better.
pub fn add(headers: &mut HeaderMap, settings: &Settings) {
    for (name, value) in FIXED {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if let Ok(policy) = HeaderValue::from_str(&content_security_policy(settings)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if let Some(address) = &settings.csp_report_url
        && let Ok(endpoints) = HeaderValue::from_str(&format!("csp=\"{address}\""))
    {
        headers.insert(REPORTING_ENDPOINTS, endpoints);
    }
    if settings.secure() {
        let value = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
}

/// Older browsers differ on whether 'self' covers the socket, so it is named.
fn content_security_policy(settings: &Settings) -> String {
    let socket = settings.public_origin().replacen("http", "ws", 1);
    let images = settings.code_base_url.as_ref();
    let images = images.map(|url| format!(" {}", url.origin().ascii_serialization()));
    let report = settings.csp_report_url.as_ref().map(|_| "; report-to csp");
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:{}; \
         connect-src 'self' {socket}; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'{}",
        images.unwrap_or_default(),
        report.unwrap_or_default(),
    )
}
