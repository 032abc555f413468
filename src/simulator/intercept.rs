//! What happens to every request before its endpoint sees it: counting, and faults.

use actix_web::body::{self, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::ErrorInternalServerError;
use actix_web::http::header::ContentType;
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};

use super::api::refuse;
use super::connection;
use super::faults::Suffering;
use super::reply::ApiError;
use super::state::SharedState;
use super::stats::Outcome;

/// Counts the request and lets it meet the fault that waits for it.
pub(super) async fn intercept(
    state: web::Data<SharedState>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let path = request.path().to_owned();
    state.count_call(&path);
    match state.take_fault(&path) {
        None => {}
        Some(Suffering::Slow(delay)) => state.sleep(delay).await,
        Some(Suffering::Truncated) => {
            state.count_outcome(&path, Outcome::Error);
            return first_half(next.call(request).await?.map_into_boxed_body()).await;
        }
        Some(suffering) => {
            state.count_outcome(&path, Outcome::Error);
            // The body is read, so that the connection stays good for the next request.
            drop(request.extract::<web::Bytes>().await);
            let response = suffer(&state, &request, suffering).await;
            return Ok(request.into_response(response));
        }
    }
    let response = next.call(request).await?.map_into_boxed_body();
    let outcome = response.response().extensions().get::<Outcome>().copied();
    if let Some(outcome) = outcome {
        state.count_outcome(&path, outcome);
    }
    Ok(response)
}

async fn suffer(
    state: &SharedState,
    request: &ServiceRequest,
    suffering: Suffering,
) -> HttpResponse {
    match suffering {
        Suffering::Error(errcode) => refuse(state, request.path(), &ApiError::new(errcode)),
        Suffering::Garbage => HttpResponse::Ok()
            .content_type(ContentType::html())
            .body("<!doctype html><title>Gateway</title><h1>It works!</h1>"),
        Suffering::Reset => connection::reset(request.request()),
        Suffering::Hang(limit) | Suffering::Slow(limit) => {
            state.sleep(limit).await;
            connection::reset(request.request())
        }
        // Answered already, by half.
        Suffering::Truncated => HttpResponse::Ok().finish(),
    }
}

async fn first_half(response: ServiceResponse<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    let (request, response) = response.into_parts();
    let (response, whole) = response.into_parts();
    let whole = body::to_bytes(whole)
        .await
        .map_err(ErrorInternalServerError)?;
    let half = whole.slice(..whole.len() / 2);
    let response = response.set_body(half).map_into_boxed_body();
    Ok(ServiceResponse::new(request, response))
}
