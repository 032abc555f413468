//! The phone: a page that behaves as the mini program, and the calls that it makes to Saoma.

mod actions;
mod language;
mod mini_program;
mod page;
mod problem;
mod relay;

use actix_web::error::InternalError;
use actix_web::web;

use self::language::Language;
use self::problem::Problem;
use self::relay::Wire;

/// The phone's paths that the statistics list.
pub(super) const COUNTED_PATHS: [&str; 1] = ["/phone"];

/// Adds the page and what it calls to an app.
pub(super) fn configure(app: &mut web::ServiceConfig) {
    app.app_data(web::Data::new(Wire::new()))
        .app_data(web::JsonConfig::default().error_handler(|error, request| {
            let response = Problem::BadRequest.response(Language::of(request));
            InternalError::from_response(error, response).into()
        }))
        .route("/phone", web::get().to(page::show))
        .route("/phone/assets/{name}", web::get().to(page::asset))
        .route("/phone/newest", web::get().to(actions::newest))
        .route("/phone/users", web::post().to(actions::add_user))
        .service(
            web::resource("/phone/saoma/api/phone/{path:.*}")
                .app_data(web::PayloadConfig::new(relay::LARGEST_REQUEST))
                .route(web::route().to(relay::relay)),
        );
}
