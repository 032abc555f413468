//! What somebody does with the simulated phone beside the mini program.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::super::settings::SimulatedUser;
use super::super::state::SharedState;
use super::language::Language;
use super::problem::Problem;

/// Enough for any demonstration, and a bound.
const MOST_USERS: usize = 50;
const LONGEST_NICKNAME: usize = 32;

/// The scene of the code on the screen, for a demo without a camera. Whoever cannot look there
/// takes the code that was drawn last.
pub(super) async fn newest(state: web::Data<SharedState>) -> HttpResponse {
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
    state: web::Data<SharedState>,
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
