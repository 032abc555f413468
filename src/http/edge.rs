//! Around every answer: problem documents, headers, the request's one log line.

use std::time::Instant;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{StatusCode, header},
    middleware::Next,
};
use tracing::{Span, field};
use tracing_actix_web::{RequestId, RootSpanBuilder};

use super::{extract, headers, pages};
use crate::error::Error;

/// An error renders as its status alone; [`answer`] writes the document, since
/// only there the language and the request's id are known.
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status())
    }
}

/// Turns errors into problem documents (pages for people) and adds the headers
/// that every answer has.
pub async fn answer(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let built_in;
    let error = match response.response().error() {
        Some(error) => error.as_error::<Error>(),
        None => None,
    };
    let error = match (error, response.status()) {
        (Some(error), _) => Some(error),
        (None, StatusCode::METHOD_NOT_ALLOWED) => {
            built_in = Error::MethodNotAllowed;
            Some(&built_in)
        }
        (None, status) if response.response().error().is_some() => {
            built_in = Error::BadRequest(status.to_string());
            Some(&built_in)
        }
        _ => None,
    };
    let mut response = match error {
        Some(error) => {
            let mut document = refuse(response.request(), error);
            if let Some(allowed) = response.headers().get(header::ALLOW) {
                let headers = document.headers_mut();
                headers.insert(header::ALLOW, allowed.clone());
            }
            let request = response.request().clone();
            ServiceResponse::new(request, document)
        }
        None => response,
    };
    let request = response.request().clone();
    if let Ok(site) = extract::site(&request) {
        headers::add(response.headers_mut(), site.settings());
    }
    Ok(response)
}

/// The answer to a request that failed: a page for a person, else a problem document.
pub fn refuse(request: &HttpRequest, error: &Error) -> HttpResponse {
    log(error);
    let language = extract::language(request);
    let id = request_id(request);
    let mut builder = HttpResponse::build(error.status());
    builder.insert_header((header::CONTENT_LANGUAGE, language.tag()));
    if let Some(seconds) = error.retry_in() {
        builder.insert_header((header::RETRY_AFTER, seconds.to_string()));
    }
    let site = extract::site(request).ok();
    let page = site.filter(|_| wants_page(request)).and_then(|site| {
        let page = pages::ErrorPage {
            language,
            site_name: &site.settings().site_name,
            status: error.status().as_u16(),
            code: error.code(),
            detail: Some(error.detail(language)),
            request_id: &id,
            retry_in: error
                .retry_in()
                .and_then(|seconds| u32::try_from(seconds).ok()),
        };
        pages::error_page(&page).ok()
    });
    let mut response = if let Some(page) = page {
        builder.content_type("text/html; charset=utf-8").body(page)
    } else {
        let problem = serde_json::to_string(&error.problem(language, &id));
        builder
            .content_type("application/problem+json")
            .body(problem.unwrap_or_default())
    };
    if let Some(site) = site {
        headers::add(response.headers_mut(), site.settings());
    }
    response
}

fn wants_page(request: &HttpRequest) -> bool {
    let machine = ["/api/", "/ws/", "/.well-known/", "/healthz", "/readyz"];
    let accept = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
        && !machine
            .iter()
            .any(|start| request.path().starts_with(start))
}

/// What went wrong inside is told to the log once, here; a visitor's own
/// mistakes only with the request's line.
pub fn log(error: &Error) {
    Span::current().record("code", error.code());
    match error {
        Error::Internal(_) => tracing::error!(%error, "a request failed"),
        Error::Unavailable(_) => tracing::warn!(%error, "a request found no database"),
        _ => tracing::debug!(%error, "a request was refused"),
    }
}

fn request_id(request: &HttpRequest) -> String {
    let known = request
        .extensions()
        .get::<RequestId>()
        .map(ToString::to_string);
    known.unwrap_or_else(|| uuid::Uuid::new_v4().to_string())
}

/// One line for each request (see docs/LOGS.md): no query, no cookie, no full
/// address, since those hold secrets or personal data.
#[derive(Debug)]
pub struct RequestLine;

/// When a request came.
struct Arrived(Instant);

impl RootSpanBuilder for RequestLine {
    fn on_request_start(request: &ServiceRequest) -> Span {
        request.extensions_mut().insert(Arrived(Instant::now()));
        let id = request
            .extensions()
            .get::<RequestId>()
            .map(ToString::to_string);
        tracing::info_span!(
            "http",
            request_id = id.unwrap_or_default(),
            code = field::Empty,
        )
    }

    fn on_request_end<B: MessageBody>(
        span: Span,
        outcome: &Result<ServiceResponse<B>, actix_web::Error>,
    ) {
        let Ok(response) = outcome else {
            return;
        };
        let request = response.request();
        let arrived = request
            .extensions()
            .get::<Arrived>()
            .map(|arrived| arrived.0.elapsed());
        let status = response.status().as_u16();
        let route = request
            .match_pattern()
            .unwrap_or_else(|| "other".to_owned());
        let took = arrived.unwrap_or_default();
        metrics::histogram!("saoma_request_seconds", "route" => route.clone()).record(took);
        metrics::counter!("saoma_requests_total", "route" => route.clone(), "status" => status.to_string())
            .increment(1);
        // Files and probes would drown the rest.
        let quiet = [
            "/static/{path:.*}",
            "/codes/{name}",
            "/avatars/{id}",
            "/healthz",
            "/readyz",
        ];
        if status < 400 && quiet.contains(&route.as_str()) {
            return;
        }
        span.in_scope(|| {
            tracing::info!(
                method = %request.method(),
                route,
                status,
                // Of 128 bits JSON would make a text.
                milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                "request"
            );
        });
    }
}
