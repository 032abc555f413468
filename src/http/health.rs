//! PROTOCOL, section 10: whether the process lives, and whether it can serve.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;

use super::extract::site;
use crate::{
    codes::{Source, stock::Level},
    error::Error,
    hub::messages::Alive,
};

/// `GET /healthz`
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// `GET /readyz`: 503 with the reasons.
pub async fn ready(request: HttpRequest) -> Result<HttpResponse, Error> {
    let site = site(&request)?;
    let hub = site.hub.send(Alive).timeout(Duration::from_secs(1)).await;
    let mut reasons = Vec::new();
    match site.login.store.is_writable().await {
        Ok(true) => {}
        Ok(false) => reasons.push("database_read_only"),
        Err(_) => reasons.push("database"),
    }
    if hub.is_err() {
        reasons.push("hub");
    }
    if site.draining.has_begun() {
        reasons.push("draining");
    }
    let mut warnings = Vec::new();
    if site.addresses.saw_untrusted_proxy() {
        warnings.push("untrusted_proxy");
    }
    if site.connections.are_full() {
        warnings.push("connections_full");
    }
    warnings.extend(site.login.broker().warnings());
    warnings.extend(site.login.limits.warning());
    let left = site.login.codes.left();
    if left.stock.is_some_and(Level::is_low) {
        warnings.push("codes_low");
    }
    let stock = left
        .stock
        .map(|stock| json!({"left": stock.left, "mark": stock.mark}));
    let pool = left
        .pool
        .map(|pool| json!({"free": pool.free, "size": pool.size}));
    let mut body = json!({
        "ready": reasons.is_empty(),
        "reasons": reasons,
        "warnings": warnings,
        "codes": {"source": left.source.map_or("none", Source::as_str), "stock": stock, "pool": pool},
    });
    if reasons.is_empty() {
        return Ok(HttpResponse::Ok().json(body));
    }
    body["retry_in"] = json!(2);
    Ok(HttpResponse::ServiceUnavailable()
        .insert_header(("Retry-After", "2"))
        .json(body))
}

/// `GET /metrics`, on the admin address only.
pub async fn metrics(handle: Data<PrometheusHandle>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(handle.render())
}
