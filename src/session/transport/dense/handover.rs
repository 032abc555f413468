//! How a connection passes from HTTP to a socket.

use std::cell::RefCell;

use actix_http::ws;
use actix_web::{HttpRequest, HttpResponse, http::header};

use super::{super::super::socket::Session, DenseSocket};
use crate::error::Error;

/// Each connection of the standalone server has one, among its data.
#[derive(Debug, Default)]
pub struct Handover {
    step: RefCell<Step>,
}

#[derive(Debug, Default)]
enum Step {
    /// HTTP.
    #[default]
    None,
    /// A request asks for the connection.
    Asked,
    /// A handler lets it have it, for this.
    Granted(Box<Session>),
    /// HTTP has ended.
    Done(Box<DenseSocket>),
}

impl Handover {
    /// The request at hand asks for the connection.
    pub fn ask(&self) {
        self.step.replace(Step::Asked);
    }

    /// A handler's answer to a good handshake, which gives the connection to a socket.
    pub fn grant(&self, session: Session, request: &HttpRequest) -> Result<HttpResponse, Error> {
        // With a chunked body a request does not even ask for the connection.
        let asked = matches!(self.step.take(), Step::Asked);
        let length = request.headers().get(header::CONTENT_LENGTH);
        if !asked || length.is_some_and(|length| length != "0") {
            return Err(Error::BadRequest("no body may come with it".to_owned()));
        }
        self.step.replace(Step::Granted(Box::new(session)));
        let response = ws::handshake_response(request.head()).finish();
        Ok(HttpResponse::from(response).map_into_boxed_body())
    }

    /// What a handler has granted.
    pub fn granted(&self) -> Option<Session> {
        match self.step.take() {
            Step::Granted(session) => Some(*session),
            _ => None,
        }
    }

    /// HTTP has ended, and this goes on.
    pub fn finish(&self, socket: DenseSocket) {
        self.step.replace(Step::Done(Box::new(socket)));
    }

    /// What goes on after HTTP.
    pub fn finished(&self) -> Option<DenseSocket> {
        match self.step.take() {
            Step::Done(socket) => Some(*socket),
            _ => None,
        }
    }
}
