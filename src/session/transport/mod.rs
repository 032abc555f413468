//! The only files that name a websocket crate: frames in, frames out.

mod bounded;
pub mod dense;
pub mod ws_actor;

use std::rc::Rc;

use actix_http::ws::verify_handshake;
use actix_web::{HttpRequest, HttpResponse, web::Payload};

use super::socket::Session;
use crate::error::Error;

/// What carries a server's sockets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Transport {
    /// The bare connection: the standalone server's.
    #[default]
    Dense,
    /// actix-web-actors: any `App`'s.
    Actors,
}

/// Answers 101, and goes on by the transport that the server has.
pub fn open(
    session: Session,
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Error> {
    // As one transport understands it: the other takes drafts of the standard too.
    verify_handshake(request.head()).map_err(|error| Error::BadRequest(error.to_string()))?;
    match request.conn_data::<Rc<dense::Handover>>() {
        Some(handover) => handover.grant(session, request),
        None => ws_actor::BrowserSocket::start(session, request, payload),
    }
}
