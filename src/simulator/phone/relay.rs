//! The phone's calls on their way to Saoma. The page runs the mini program's own logic, which
//! holds the token; but a page may not call another site, and Saoma allows none. So the simulator
//! hands its calls of the phone API on, and makes them look like a mini program's.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{
    ACCEPT_LANGUAGE, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderName, REFERER, RETRY_AFTER,
};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use rustls::{ClientConfig, RootCertStore};

use super::super::state::SharedState;
use super::language::Language;
use super::problem::Problem;

const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// Shorter than servers keep idle connections (5 s by actix-web's default), so that no call goes
/// out on one that is being closed.
const IDLE_LIMIT: Duration = Duration::from_secs(4);
/// Of a whole answer, long polls included: those wait 25 s at Saoma.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
const LARGEST_ANSWER: usize = 256 * 1024;
/// Of a request: an avatar is the largest.
pub(super) const LARGEST_REQUEST: usize = 512 * 1024;
const USER_AGENT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) \
     AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.60 \
     NetType/WIFI Language/zh_CN";
/// What the mini program says of a call, beside its body.
const SAID: [HeaderName; 3] = [ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE];
/// What Saoma says of an answer.
const ANSWERED: [HeaderName; 2] = [CONTENT_TYPE, RETRY_AFTER];

/// One HTTP client for all calls of a worker.
pub(super) struct Wire(awc::Client);

impl Wire {
    pub(super) fn new() -> Self {
        let mut connector = awc::Connector::new()
            .timeout(CONNECT_LIMIT)
            .conn_keep_alive(IDLE_LIMIT);
        if let Some(tls) = tls() {
            connector = connector.rustls_0_23(Arc::new(tls));
        }
        let client = awc::Client::builder()
            .connector(connector)
            .timeout(ANSWER_LIMIT)
            .disable_redirects()
            .add_default_header(("User-Agent", USER_AGENT))
            .finish();
        Self(client)
    }
}

/// Any request below `/phone/saoma/api/phone/`.
pub(super) async fn relay(
    state: Data<SharedState>,
    wire: Data<Wire>,
    request: HttpRequest,
    path: Path<String>,
    body: Bytes,
) -> HttpResponse {
    let answer = hand_on(&state, &wire, &request, &path, body).await;
    answer.unwrap_or_else(|problem| problem.response(Language::of(&request)))
}

async fn hand_on(
    state: &SharedState,
    wire: &Wire,
    request: &HttpRequest,
    path: &str,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let saoma = state.saoma_url().ok_or(Problem::SaomaUnset)?;
    // Such a path would leave the phone API.
    if path.split('/').any(|part| part.is_empty() || part == "..") {
        return Err(Problem::BadRequest);
    }
    let mut address = saoma;
    address.set_path(&format!("/api/phone/{path}"));
    address.set_query(Some(request.query_string()).filter(|query| !query.is_empty()));
    let app_id = state.app_id();
    let referer = format!("https://servicewechat.com/{app_id}/1/page-frame.html");
    let mut call = wire
        .0
        .request(request.method().clone(), address.as_str())
        .insert_header((REFERER, referer));
    for name in SAID {
        if let Some(value) = request.headers().get(&name) {
            call = call.insert_header((name, value.clone()));
        }
    }
    let sent = if body.is_empty() {
        call.send()
    } else {
        call.send_body(body)
    };
    let mut response = sent.await.map_err(|error| {
        tracing::warn!(%error, path, "the phone does not reach Saoma");
        Problem::SaomaUnreachable
    })?;
    let body = response.body().limit(LARGEST_ANSWER).await;
    let body = body.map_err(|_| Problem::SaomaUnreachable)?;
    let mut answer = HttpResponse::build(response.status());
    answer.insert_header((CACHE_CONTROL, "no-store"));
    for name in ANSWERED {
        if let Some(value) = response.headers().get(&name) {
            answer.insert_header((name, value.clone()));
        }
    }
    Ok(answer.body(body))
}

/// TLS for a Saoma behind https, with the roots that browsers trust. `None` only if the provider
/// lacked the protocol versions that it has.
fn tls() -> Option<ClientConfig> {
    let roots = webpki_roots::TLS_SERVER_ROOTS
        .iter()
        .cloned()
        .collect::<RootCertStore>();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Some(
        config
            .ok()?
            .with_root_certificates(roots)
            .with_no_client_auth(),
    )
}
