//! The socket's actor on actix-web-actors: for any actix-web `App`.
//!
//! The crate is deprecated in favour of actix-ws, so nothing but this file
//! names it; what a socket says and does is in [`super::super::socket`].

use std::{cell::Cell, rc::Rc};

use actix::{Actor, ActorContext, Handler, StreamHandler};
use actix_web::{HttpRequest, HttpResponse, web::Payload};
use actix_web_actors::ws::{
    self, CloseReason, Message, ProtocolError, WebsocketContext, WsResponseBuilder,
};

use super::{
    super::{
        frame::{self, Frame},
        protocol::CloseCode,
        socket::{Session, Transport},
    },
    bounded::Bounded,
};
use crate::{error::Error, hub::messages::SocketEvent};

/// One browser's socket.
#[derive(Debug)]
pub struct BrowserSocket {
    session: Session,
    /// A frame was announced that may not be.
    refused: Rc<Cell<Option<CloseCode>>>,
}

impl BrowserSocket {
    /// Answers 101 and starts the actor.
    pub fn start(
        session: Session,
        request: &HttpRequest,
        payload: Payload,
    ) -> Result<HttpResponse, Error> {
        let (payload, refused) = Bounded::new(payload);
        let actor = Self { session, refused };
        let response = WsResponseBuilder::new(actor, request, payload)
            .frame_size(frame::MOST)
            .start();
        response.map_err(|error| Error::BadRequest(error.to_string()))
    }
}

impl Transport for BrowserSocket {
    fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    fn text(&mut self, text: String, context: &mut Self::Context) {
        context.text(text);
    }

    fn ping(&mut self, context: &mut Self::Context) {
        context.ping(b"");
    }

    fn pong(&mut self, bytes: &[u8], context: &mut Self::Context) {
        context.pong(bytes);
    }

    fn close(&mut self, code: CloseCode, context: &mut Self::Context) {
        let code = ws::CloseCode::from(code as u16);
        context.close(Some(CloseReason {
            code,
            description: None,
        }));
        context.stop();
    }

    fn cut(&mut self, context: &mut Self::Context) {
        context.stop();
    }
}

impl Actor for BrowserSocket {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.begin(context);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.session.leave();
    }
}

impl Handler<SocketEvent> for BrowserSocket {
    type Result = ();

    fn handle(&mut self, event: SocketEvent, context: &mut Self::Context) {
        self.hear(event, context);
    }
}

impl StreamHandler<Result<Message, ProtocolError>> for BrowserSocket {
    fn handle(&mut self, frame: Result<Message, ProtocolError>, context: &mut Self::Context) {
        match frame {
            Ok(Message::Text(text)) => self.receive(&Frame::Text(&text), context),
            Ok(Message::Ping(bytes)) => self.receive(&Frame::Ping(&bytes), context),
            Ok(Message::Pong(_)) => self.receive(&Frame::Pong, context),
            Ok(Message::Close(_)) => self.receive(&Frame::Close, context),
            Ok(Message::Nop) => {}
            // By their heads, neither comes as far as this.
            Ok(Message::Binary(_) | Message::Continuation(_)) => {
                self.close(CloseCode::Protocol, context);
            }
            Err(error) => {
                let code = self.refused.get().unwrap_or(match error {
                    // How the crate reports a text that is not UTF-8.
                    ProtocolError::Io(_) => CloseCode::Invalid,
                    _ => CloseCode::Protocol,
                });
                self.close(code, context);
            }
        }
    }
}
