//! PROTOCOL, section 10.

use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct Alive {
    #[schema(pattern = "^ok$")]
    status: String,
}

#[derive(Serialize, ToSchema)]
struct Readiness {
    ready: bool,
    /// `database`, `hub`, `draining`.
    reasons: Vec<String>,
    /// `untrusted_proxy`.
    warnings: Vec<String>,
    /// Seconds, while not ready.
    #[schema(nullable = false)]
    retry_in: Option<u32>,
}

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, description = "it does", body = inline(Alive))))]
pub fn live() {}

/// Whether it can serve.
#[utoipa::path(
    get, path = "/readyz", tag = "operations",
    responses(
        (status = 200, description = "it can", body = inline(Readiness)),
        (status = 503, description = "it cannot", body = inline(Readiness)),
    ),
)]
pub fn ready() {}
