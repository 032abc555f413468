//! What a person does on the phone, as calls of the phone API. The page keeps the attempt and its
//! nonce, as the mini program does; this side only knows who holds the phone.

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::settings::SimulatedUser;
use super::super::state::SharedState;
use super::client::{Call, Phones};
use super::language::Language;
use super::problem::Problem;

/// Enough for any demonstration, and a bound.
const MOST_USERS: usize = 50;
const LONGEST_NICKNAME: usize = 32;

/// The things that every action needs.
pub(super) type State = web::Data<SharedState>;
pub(super) type PhonesOfWorker = web::Data<Phones>;

#[derive(Deserialize)]
pub(super) struct Scan {
    user: String,
    scene: String,
    entry_scene: Value,
}

pub(super) async fn scan(
    state: State,
    phones: PhonesOfWorker,
    request: HttpRequest,
    scan: web::Json<Scan>,
) -> HttpResponse {
    let body = json!({ "scene": scan.scene, "entry_scene": scan.entry_scene });
    post(&state, &phones, &request, &scan.user, "scan", body).await
}

#[derive(Deserialize)]
pub(super) struct Decision {
    user: String,
    nonce: String,
    number: Option<String>,
}

pub(super) async fn confirm(
    state: State,
    phones: PhonesOfWorker,
    request: HttpRequest,
    decision: web::Json<Decision>,
) -> HttpResponse {
    let body = json!({ "nonce": decision.nonce, "number": decision.number });
    post(&state, &phones, &request, &decision.user, "confirm", body).await
}

pub(super) async fn cancel(
    state: State,
    phones: PhonesOfWorker,
    request: HttpRequest,
    decision: web::Json<Decision>,
) -> HttpResponse {
    let body = json!({ "nonce": decision.nonce });
    post(&state, &phones, &request, &decision.user, "cancel", body).await
}

#[derive(Deserialize)]
pub(super) struct Registration {
    user: String,
    nickname: String,
}

pub(super) async fn register(
    state: State,
    phones: PhonesOfWorker,
    request: HttpRequest,
    registration: web::Json<Registration>,
) -> HttpResponse {
    let body = json!({ "nickname": registration.nickname });
    post(
        &state,
        &phones,
        &request,
        &registration.user,
        "register",
        body,
    )
    .await
}

#[derive(Deserialize)]
pub(super) struct Poll {
    user: String,
    attempt: Uuid,
    after_version: Option<i64>,
}

/// Waits up to 25 s for the attempt to change.
pub(super) async fn attempt(
    state: State,
    phones: PhonesOfWorker,
    request: HttpRequest,
    poll: web::Query<Poll>,
) -> HttpResponse {
    let after = poll
        .after_version
        .map(|version| format!("&after_version={version}"));
    let after = after.unwrap_or_default();
    let path = format!("/api/phone/attempts/{}?wait=25{after}", poll.attempt);
    call(
        &state,
        &phones,
        &request,
        &poll.user,
        Method::GET,
        path,
        None,
    )
    .await
}

/// The scene of the code on the screen, for a demo without a camera. Whoever cannot look there
/// takes the code that was drawn last.
pub(super) async fn newest(state: State) -> HttpResponse {
    let scene = match state.screen() {
        Some(screen) => screen.scene().await,
        None => state.world().newest_scene.clone(),
    };
    HttpResponse::Ok().json(json!({ "scene": scene }))
}

#[derive(Deserialize)]
pub(super) struct NewUser {
    nickname: String,
}

/// Puts one more `WeChat` user on the list, who has never logged in anywhere.
pub(super) async fn add_user(
    state: State,
    request: HttpRequest,
    new: web::Json<NewUser>,
) -> HttpResponse {
    let language = Language::of(&request);
    let nickname = new.nickname.trim();
    if nickname.is_empty() || nickname.chars().count() > LONGEST_NICKNAME {
        return Problem::BadRequest.response(language);
    }
    if state.users().len() >= MOST_USERS {
        return Problem::TooManyUsers.response(language);
    }
    let user = SimulatedUser::new(&Uuid::new_v4().simple().to_string(), nickname);
    let known = json!({ "id": user.id, "nickname": user.nickname });
    state.add_user(user);
    HttpResponse::Created().json(known)
}

async fn post(
    state: &SharedState,
    phones: &Phones,
    request: &HttpRequest,
    user: &str,
    action: &str,
    body: Value,
) -> HttpResponse {
    let path = format!("/api/phone/{action}");
    call(state, phones, request, user, Method::POST, path, Some(body)).await
}

/// Makes a call of the phone API as this user.
pub(super) async fn call(
    state: &SharedState,
    phones: &Phones,
    request: &HttpRequest,
    user: &str,
    method: Method,
    path: String,
    body: Option<Value>,
) -> HttpResponse {
    let language = Language::of(request);
    let Some(user) = state.users().into_iter().find(|known| known.id == user) else {
        return Problem::UserUnknown.response(language);
    };
    phones
        .call(
            state,
            &Call {
                user: &user,
                method,
                path,
                body,
                language,
            },
        )
        .await
}
