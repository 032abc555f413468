//! `/_sim/*`: what tests and load generators ask of the simulator itself.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::faults::Fault;
use super::state::SharedState;

/// Adds the control endpoints to an app.
pub(super) fn configure(app: &mut web::ServiceConfig) {
    app.service(
        web::scope("/_sim")
            .app_data(web::JsonConfig::default().error_handler(|error, _| {
                let explanation = error.to_string();
                actix_web::error::InternalError::from_response(error, refuse(&explanation)).into()
            }))
            .route("/js_code", web::post().to(js_code))
            .route("/phone_code", web::post().to(phone_code))
            .route("/faults", web::post().to(add_fault))
            .route("/faults", web::delete().to(clear_faults))
            .route("/stats", web::get().to(stats)),
    );
}

/// Somebody known by openid, or one of the simulator's own users.
#[derive(Deserialize)]
struct WhoLogsIn {
    openid: Option<String>,
    unionid: Option<String>,
    user: Option<String>,
    appid: Option<String>,
}

async fn js_code(state: web::Data<SharedState>, who: web::Json<WhoLogsIn>) -> HttpResponse {
    let app_id = who.appid.as_deref();
    let code = match (&who.openid, &who.user) {
        (Some(openid), _) if !openid.is_empty() => {
            state.login_code(openid, who.unionid.as_deref(), app_id)
        }
        (_, Some(id)) => {
            let Some(user) = state.users().into_iter().find(|user| user.id == *id) else {
                return refuse("the simulator has no such user");
            };
            state.login_code_of(&user, app_id)
        }
        _ => return refuse("name an openid, or a user of the simulator"),
    };
    match code {
        Ok(code) => HttpResponse::Ok().json(json!({ "code": code })),
        Err(error) => refuse(&error.to_string()),
    }
}

#[derive(Deserialize)]
struct WhoseNumber {
    phone_number: String,
    openid: Option<String>,
    appid: Option<String>,
}

async fn phone_code(state: web::Data<SharedState>, who: web::Json<WhoseNumber>) -> HttpResponse {
    let code = state.phone_code(
        &who.phone_number,
        who.openid.as_deref(),
        who.appid.as_deref(),
    );
    match code {
        Ok(code) => HttpResponse::Ok().json(json!({ "code": code })),
        Err(error) => refuse(&error.to_string()),
    }
}

async fn add_fault(state: web::Data<SharedState>, fault: web::Json<Fault>) -> HttpResponse {
    match state.add_fault(fault.into_inner()) {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(explanation) => refuse(explanation),
    }
}

async fn clear_faults(state: web::Data<SharedState>) -> HttpResponse {
    state.clear_faults();
    HttpResponse::NoContent().finish()
}

async fn stats(state: web::Data<SharedState>) -> HttpResponse {
    HttpResponse::Ok().json(state.stats())
}

fn refuse(explanation: &str) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({ "error": explanation }))
}
