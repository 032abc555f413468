//! The phone: a page that behaves as the mini program, and the calls that it makes to Saoma.

mod actions;
mod channel;
mod client;
mod control;
mod language;
mod page;
mod problem;

use actix_web::error::InternalError;
use actix_web::web;

use self::client::Phones;
use self::language::Language;
use self::problem::Problem;

/// The phone's paths that the statistics list.
pub(super) const COUNTED_PATHS: [&str; 11] = [
    "/phone",
    "/phone/scan",
    "/phone/confirm",
    "/phone/cancel",
    "/phone/register",
    "/phone/attempt",
    "/phone/sessions",
    "/phone/sessions/end",
    "/phone/sessions/report",
    "/phone/account/delete",
    "/phone/channel",
];

/// Adds the page and what it calls to an app.
pub(super) fn configure(app: &mut web::ServiceConfig) {
    app.app_data(web::Data::new(Phones::new()))
        .app_data(web::Data::new(channel::Channels::default()))
        .app_data(web::JsonConfig::default().error_handler(|error, request| {
            let response = Problem::BadRequest.response(Language::of(request));
            InternalError::from_response(error, response).into()
        }))
        .app_data(web::QueryConfig::default().error_handler(|error, request| {
            let response = Problem::BadRequest.response(Language::of(request));
            InternalError::from_response(error, response).into()
        }))
        .route("/phone", web::get().to(page::show))
        .route("/phone/assets/{name}", web::get().to(page::asset))
        .route("/phone/newest", web::get().to(actions::newest))
        .route("/phone/users", web::post().to(actions::add_user))
        .route("/phone/scan", web::post().to(actions::scan))
        .route("/phone/confirm", web::post().to(actions::confirm))
        .route("/phone/cancel", web::post().to(actions::cancel))
        .route("/phone/register", web::post().to(actions::register))
        .route("/phone/attempt", web::get().to(actions::attempt))
        .route("/phone/sessions", web::get().to(control::sessions))
        .route("/phone/sessions/end", web::post().to(control::end))
        .route("/phone/sessions/report", web::post().to(control::report))
        .route(
            "/phone/account/delete",
            web::post().to(control::delete_account),
        )
        .route("/phone/channel", web::get().to(channel::open))
        .route("/phone/channel", web::post().to(channel::say));
}
