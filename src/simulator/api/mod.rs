//! `WeChat`'s endpoints. Each file has the rules of one, as a function that neither waits nor
//! knows HTTP; this one dresses their results for the wire.

mod code_image;
mod code_to_session;
mod phone_number;
mod request;
mod stable_token;
mod token;

use actix_web::{HttpRequest, HttpResponse, web};

use self::request::ApiRequest;
use super::quotas::Endpoint;
use super::reply::ApiError;
use super::state::SharedState;
use super::stats::Outcome;

/// What an endpoint answers when all is well.
enum Success {
    /// JSON text, in the order of fields that real replies have.
    Json(String),
    /// The code to draw.
    Image(super::drawing::Drawing),
}

/// Adds the endpoints to an app. Unknown paths beside them get `WeChat`'s own refusal.
pub(super) fn configure(app: &mut web::ServiceConfig) {
    for endpoint in Endpoint::ALL {
        let handler = move |state: web::Data<SharedState>,
                            request: HttpRequest,
                            body: web::Bytes| async move {
            answer(&state, endpoint, &ApiRequest::new(&request, &body))
        };
        app.route(endpoint.path(), web::to(handler));
    }
    for prefix in ["/cgi-bin", "/sns", "/wxa"] {
        let handler = |state: web::Data<SharedState>, request: HttpRequest| async move {
            refuse(&state, request.path(), &ApiError::new(40066))
        };
        app.service(web::scope(prefix).default_service(web::to(handler)));
    }
}

/// The refusal, with HTTP status 200 as `WeChat` sends it.
pub(super) fn refuse(state: &SharedState, path: &str, error: &ApiError) -> HttpResponse {
    let mut response = HttpResponse::Ok()
        .content_type(json_type(state, path))
        .body(error.body(path, state.now()));
    response.extensions_mut().insert(Outcome::Error);
    response
}

fn answer(state: &SharedState, endpoint: Endpoint, request: &ApiRequest) -> HttpResponse {
    let now = state.now();
    let decide = match endpoint {
        Endpoint::Token => token::decide,
        Endpoint::StableToken => stable_token::decide,
        Endpoint::CodeImage => code_image::decide,
        Endpoint::CodeToSession => code_to_session::decide,
        Endpoint::PhoneNumber => phone_number::decide,
    };
    let decided = decide(&mut state.world(), request, now);
    let path = endpoint.path();
    match decided {
        Ok(Success::Json(json)) => HttpResponse::Ok()
            .content_type(json_type(state, path))
            .body(json),
        Ok(Success::Image(drawing)) => match drawing.draw(state.public_url()) {
            Ok(bytes) => {
                // Also when the bytes are PNG: that is how WeChat labels them.
                let mut response = HttpResponse::Ok().content_type("image/jpeg").body(bytes);
                response.extensions_mut().insert(Outcome::Image);
                response
            }
            Err(error) => {
                tracing::error!(%error, "the code could not be drawn");
                refuse(state, path, &ApiError::new(-1))
            }
        },
        Err(error) => refuse(state, path, &error),
    }
}

/// The Content-Type of a JSON body, which depends on the endpoint's family.
fn json_type(state: &SharedState, path: &str) -> &'static str {
    if path.starts_with("/sns/") && !state.world().switches.sns_as_json {
        "text/plain"
    } else if path.starts_with("/wxa/") {
        "application/json; encoding=utf-8"
    } else {
        "application/json"
    }
}
