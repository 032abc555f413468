//! The socket's actor on actix-web-actors: for any actix-web `App`.
//!
//! The crate is deprecated in favour of actix-ws, so nothing but this file
//! names it; what a socket says and does is in [`super::super::logic`].

use std::{cell::Cell, io::ErrorKind, rc::Rc, time::Instant};

use actix::{
    Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Handler, StreamHandler, WrapFuture,
};
use actix_web::{HttpRequest, HttpResponse, web::Payload};
use actix_web_actors::ws::{
    self, CloseReason, Message, ProtocolError, WebsocketContext, WsResponseBuilder,
};

use super::super::{
    caller::Caller,
    commands,
    logic::{Command, Effect, Logic},
    protocol::CloseCode,
};
use super::bounded::Bounded;
use crate::{
    error::Error,
    hub::{
        LoginHub,
        messages::{RegisterSession, SocketClosed, SocketEvent, SocketId, SocketOpened},
    },
    login::{Login, limits::SocketPermit},
};

/// Bytes of the largest frame that a client may send.
const FRAME: usize = 8 * 1024;

/// What a socket is opened with.
#[derive(Debug)]
pub struct Opening {
    /// What it says and does.
    pub logic: Logic,
    /// What it begins with.
    pub purpose: Purpose,
    /// Who is behind it.
    pub caller: Caller,
    /// Counts it towards its address.
    pub permit: Option<SocketPermit>,
}

/// What a socket begins with.
#[derive(Debug)]
pub enum Purpose {
    /// This first command.
    Command(Command),
    /// A signed-in session's news.
    Session(uuid::Uuid),
}

/// One browser's or phone's socket.
#[derive(Debug)]
pub struct BrowserSocket {
    /// Shared by all sockets of a worker: a clone for each would be half a kilobyte.
    login: Rc<Login>,
    hub: Addr<LoginHub>,
    id: Option<SocketId>,
    opening: Opening,
    /// A frame was announced that is larger than [`FRAME`].
    too_large: Rc<Cell<bool>>,
}

impl BrowserSocket {
    /// Answers 101 and starts the actor.
    pub fn start(
        login: Rc<Login>,
        hub: Addr<LoginHub>,
        opening: Opening,
        request: &HttpRequest,
        payload: Payload,
    ) -> Result<HttpResponse, Error> {
        let (payload, too_large) = Bounded::new(payload, FRAME);
        let actor = Self {
            login,
            hub,
            id: None,
            opening,
            too_large,
        };
        let response = WsResponseBuilder::new(actor, request, payload)
            .frame_size(FRAME)
            .start();
        response.map_err(|error| Error::BadRequest(error.to_string()))
    }

    fn apply(
        &mut self,
        effects: impl IntoIterator<Item = Effect>,
        context: &mut WebsocketContext<Self>,
    ) {
        for effect in effects {
            match effect {
                Effect::Send(message) => context.text(message.to_json()),
                Effect::Do(command) => self.run(command, context),
                Effect::Ping => context.ping(b""),
                Effect::Close(code) => close(context, code),
                Effect::Drop => context.stop(),
            }
        }
    }

    fn run(&mut self, command: Command, context: &mut WebsocketContext<Self>) {
        let Some(id) = self.id else {
            return close(context, CloseCode::Internal);
        };
        let (login, hub) = (self.login.clone(), self.hub.clone());
        let caller = self.opening.caller.clone();
        let answer = async move { commands::run(command, &login, &hub, id, &caller).await };
        context.spawn(answer.into_actor(self).map(|answer, socket, context| {
            let effects = socket.opening.logic.done(answer);
            socket.apply(effects, context);
        }));
    }

    fn opened(&mut self, id: SocketId, context: &mut WebsocketContext<Self>) {
        self.id = Some(id);
        match &self.opening.purpose {
            Purpose::Command(first) => self.run(first.clone(), context),
            Purpose::Session(session) => {
                let order = RegisterSession {
                    socket: id,
                    session: *session,
                };
                if self.hub.try_send(order).is_err() {
                    close(context, CloseCode::Internal);
                }
            }
        }
    }
}

impl Actor for BrowserSocket {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let opened = self.hub.send(SocketOpened(context.address().recipient()));
        let opened = opened.timeout(std::time::Duration::from_secs(2));
        // Nothing else may happen before the hub knows the socket.
        context.wait(opened.into_actor(self).map(|id, socket, context| match id {
            Ok(id) => socket.opened(id, context),
            Err(error) => {
                tracing::error!(%error, "the hub does not answer");
                close(context, CloseCode::Internal);
            }
        }));
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        if let Some(id) = self.id {
            // Must not be lost, or the hub would keep the socket for ever.
            self.hub.do_send(SocketClosed(id));
        }
    }
}

impl Handler<SocketEvent> for BrowserSocket {
    type Result = ();

    fn handle(&mut self, event: SocketEvent, context: &mut Self::Context) {
        let effects = self.opening.logic.event(event);
        self.apply(effects, context);
    }
}

impl StreamHandler<Result<Message, ProtocolError>> for BrowserSocket {
    fn handle(&mut self, frame: Result<Message, ProtocolError>, context: &mut Self::Context) {
        match frame {
            Ok(Message::Text(text)) => {
                let effects = self.opening.logic.text(&text, Instant::now());
                self.apply(effects, context);
            }
            Ok(Message::Pong(_)) => {
                let effect = self.opening.logic.pong(Instant::now());
                self.apply(effect, context);
            }
            Ok(Message::Ping(bytes)) => match self.opening.logic.ping(Instant::now()) {
                None => context.pong(&bytes),
                flood => self.apply(flood, context),
            },
            Ok(Message::Close(_)) => close(context, CloseCode::Normal),
            Ok(Message::Binary(_)) => close(context, CloseCode::Unsupported),
            Ok(Message::Continuation(_)) => close(context, CloseCode::Protocol),
            Ok(Message::Nop) => {}
            Err(ProtocolError::Overflow) => close(context, CloseCode::TooLarge),
            Err(_) if self.too_large.get() => close(context, CloseCode::TooLarge),
            // The crates report a text that is not UTF-8 as some input error, and
            // reserved bits as invalid data.
            Err(ProtocolError::Io(error)) if error.kind() != ErrorKind::InvalidData => {
                close(context, CloseCode::Invalid);
            }
            Err(_) => close(context, CloseCode::Protocol),
        }
    }
}

fn close(context: &mut WebsocketContext<BrowserSocket>, code: CloseCode) {
    let code = ws::CloseCode::from(code as u16);
    context.close(Some(CloseReason {
        code,
        description: None,
    }));
    context.stop();
}
