//! The edge: parse, call, answer. No SQL and no rules.

pub mod address;
pub mod assets;
mod attempts;
mod avatars;
mod codes;
pub mod connections;
pub(crate) mod cookies;
mod credentials;
mod edge;
mod extract;
mod headers;
mod health;
mod internal;
pub mod language;
pub mod news;
mod origin;
pub mod pages;
mod phone;
pub(crate) mod phone_calls;
mod return_to;
mod security_txt;
mod session;
mod session_lists;
pub mod site;
mod site_pages;
mod socket;
mod texts;
mod user_agent;

use actix_web::{
    FromRequest, Handler, HttpResponse, Resource, Responder,
    middleware::from_fn,
    web::{self, ServiceConfig, delete, get, head, post, put, resource, scope},
};
use tracing_actix_web::TracingLogger;

use crate::error::Error;

/// Every route of the public address. Needs `web::Data` of a [`site::Site`].
pub fn routes(config: &mut ServiceConfig) {
    // The sockets first and bare: a middleware around them would live as long as they do.
    config
        .service(
            resource("/ws/login")
                .route(get().to(socket::login))
                .default_service(web::to(socket::only_get)),
        )
        .service(
            resource("/ws/session")
                .route(get().to(socket::session))
                .default_service(web::to(socket::only_get)),
        )
        .service(
            resource("/ws/phone")
                .route(get().to(socket::phone))
                .default_service(web::to(socket::only_get)),
        )
        .service(
            scope("")
                .wrap(from_fn(edge::answer))
                .wrap(TracingLogger::<edge::RequestLine>::new())
                .wrap(from_fn(connections::watch))
                .configure(pages_and_api)
                .default_service(web::to(nothing_here)),
        );
}

fn pages_and_api(config: &mut ServiceConfig) {
    config
        .service(readable("/", site_pages::home))
        .service(readable("/login", site_pages::login))
        .service(readable("/dashboard", site_pages::dashboard))
        .service(readable("/codes/{name}", codes::image))
        .service(readable("/avatars/{id}", avatars::image))
        .service(readable("/static/{path:.*}", site_pages::asset))
        .service(readable("/favicon.ico", site_pages::favicon))
        .service(readable("/healthz", health::live))
        .service(readable("/readyz", health::ready))
        .service(readable("/.well-known/jwks.json", session::jwks))
        .service(readable("/.well-known/security.txt", security_txt::file))
        .service(readable("/api/me", session::me))
        .service(
            readable("/api/sessions", session_lists::of_browser)
                .route(delete().to(session_lists::end_others)),
        )
        .service(resource("/api/sessions/{id}").route(delete().to(session_lists::end_by_browser)))
        .service(resource("/api/token").route(post().to(session::token)))
        .service(resource("/api/logout").route(post().to(session::log_out)))
        .service(resource("/api/login/attempts").route(post().to(attempts::begin)))
        .service(
            scope("/api/login/attempts/{attempt}")
                .service(resource("").route(get().to(attempts::poll)))
                .service(resource("/refresh").route(post().to(attempts::refresh)))
                .service(resource("/cancel").route(post().to(attempts::cancel)))
                .service(resource("/check").route(post().to(attempts::check)))
                .service(resource("/link").route(post().to(attempts::link)))
                .service(resource("/redeem").route(post().to(session::redeem)))
                // A scope does not take its parent's.
                .default_service(web::to(nothing_here)),
        )
        .service(
            scope("/api/phone")
                .service(
                    resource("/session")
                        .route(post().to(phone::sign_in))
                        .route(delete().to(phone::sign_out)),
                )
                .service(resource("/scan").route(post().to(phone::scan)))
                .service(resource("/confirm").route(post().to(phone::confirm)))
                .service(resource("/cancel").route(post().to(phone::cancel)))
                .service(readable("/attempts/{attempt}", phone::attempt))
                .service(
                    readable("/sessions", session_lists::of_phone)
                        .route(delete().to(session_lists::end_all)),
                )
                .service(resource("/sessions/{id}").route(delete().to(session_lists::end_by_phone)))
                .service(resource("/sessions/{id}/report").route(post().to(session_lists::report)))
                .service(resource("/register").route(post().to(phone::register)))
                .service(resource("/me").route(put().to(phone::rename)))
                .service(resource("/avatar").route(put().to(phone::set_avatar)))
                .service(resource("/account").route(delete().to(phone::delete_account)))
                .default_service(web::to(nothing_here)),
        );
}

/// The admin address: what only the owner's own machines ask. Needs `web::Data`
/// of a [`site::Site`], of an [`news::FromOthers`] and of the metrics.
pub fn admin_routes(config: &mut ServiceConfig) {
    config.service(
        scope("")
            .wrap(from_fn(edge::answer))
            .wrap(from_fn(connections::watch))
            .service(readable("/healthz", health::live))
            .service(readable("/readyz", health::ready))
            .service(readable("/metrics", health::metrics))
            .service(readable(
                "/internal/wechat/access_token",
                internal::access_token,
            ))
            .service(resource("/internal/news").route(post().to(news::news)))
            .default_service(web::to(nothing_here)),
    );
}

/// What can be got can also be asked for by HEAD (RFC 9110, section 9.1); the
/// server leaves the body out by itself.
fn readable<H, A>(path: &str, handler: H) -> Resource
where
    H: Handler<A>,
    A: FromRequest + 'static,
    H::Output: Responder + 'static,
{
    resource(path)
        .route(get().to(handler.clone()))
        .route(head().to(handler))
}

async fn nothing_here() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
