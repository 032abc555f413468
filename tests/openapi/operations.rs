//! PROTOCOL, section 10.

use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct Alive {
    #[schema(pattern = "^ok$")]
    status: String,
}

#[derive(Serialize, ToSchema)]
struct CodesLeft {
    /// Where codes come from now: `stock`, `pool`, `live`, or `none`.
    source: String,
    /// Null where this server does not fill it.
    #[schema(required)]
    stock: Option<StockLeft>,
    /// Null where it has no codes.
    #[schema(required)]
    pool: Option<PoolLeft>,
}

#[derive(Serialize, ToSchema)]
struct PoolLeft {
    /// Codes that could be leased now.
    free: i64,
    size: i64,
}

#[derive(Serialize, ToSchema)]
struct StockLeft {
    left: u64,
    /// Codes of a full stock.
    mark: u64,
}

#[derive(Serialize, ToSchema)]
struct Readiness {
    ready: bool,
    /// `database`, `hub`, `draining`.
    reasons: Vec<String>,
    /// `untrusted_proxy`, `connections_full`, `codes_low`.
    warnings: Vec<String>,
    codes: CodesLeft,
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

/// Whom to tell of a hole, where the owner has said so (RFC 9116).
#[utoipa::path(
    get, path = "/.well-known/security.txt", tag = "operations",
    responses(
        (status = 200, description = "the file", body = String, content_type = "text/plain"),
        (status = 404, description = "`not_found`: the owner names nobody"),
    ),
)]
pub fn security_contact() {}
