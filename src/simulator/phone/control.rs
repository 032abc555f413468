//! A person's control over what the phone has let in: sessions listed, ended and reported, the
//! account deleted, as calls of the phone API.

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::actions::{PhonesOfWorker, State, call};

#[derive(Deserialize)]
pub(super) struct Holder {
    pub(super) user: String,
}

pub(super) async fn sessions(
    state: State,
    phones: PhonesOfWorker,
    request: HttpRequest,
    holder: web::Query<Holder>,
) -> HttpResponse {
    let (method, path) = (Method::GET, "/api/phone/sessions".to_owned());
    call(&state, &phones, &request, &holder.user, method, path, None).await
}

#[derive(Deserialize)]
pub(super) struct Ending {
    user: String,
    /// Of one session; without it, all of them end.
    id: Option<Uuid>,
}

pub(super) async fn end(
    state: State,
    phones: PhonesOfWorker,
    request: HttpRequest,
    ending: web::Json<Ending>,
) -> HttpResponse {
    let path = match ending.id {
        Some(id) => format!("/api/phone/sessions/{id}"),
        None => "/api/phone/sessions".to_owned(),
    };
    call(
        &state,
        &phones,
        &request,
        &ending.user,
        Method::DELETE,
        path,
        None,
    )
    .await
}

#[derive(Deserialize)]
pub(super) struct Report {
    user: String,
    id: Uuid,
}

/// 'This was not me'.
pub(super) async fn report(
    state: State,
    phones: PhonesOfWorker,
    request: HttpRequest,
    report: web::Json<Report>,
) -> HttpResponse {
    let path = format!("/api/phone/sessions/{}/report", report.id);
    let body = Some(json!({}));
    call(
        &state,
        &phones,
        &request,
        &report.user,
        Method::POST,
        path,
        body,
    )
    .await
}

pub(super) async fn delete_account(
    state: State,
    phones: PhonesOfWorker,
    request: HttpRequest,
    holder: web::Json<Holder>,
) -> HttpResponse {
    let (method, path) = (Method::DELETE, "/api/phone/account".to_owned());
    call(&state, &phones, &request, &holder.user, method, path, None).await
}
