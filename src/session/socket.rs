//! One socket on any transport: it drives [`Logic`] and knows the hub.
//!
//! A transport is an actor that holds a [`Session`] and says how bytes go out;
//! all else stands here, so that every transport does the same.

use std::{rc::Rc, time::Instant};

use actix::{
    Actor, ActorFutureExt, Addr, AsyncContext, Handler, Recipient, WrapFuture, dev::ToEnvelope,
};

use super::{
    caller::Caller,
    commands,
    frame::Frame,
    logic::{Command, Effect, Logic},
    pings::{Pings, Place},
    protocol::CloseCode,
};
use crate::{
    hub::{
        LoginHub,
        messages::{RegisterSession, SocketClosed, SocketEvent, SocketId, SocketOpened},
    },
    login::{Login, limits::SocketPermit},
    settings::Settings,
};

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

/// One socket's conversation, and whom it asks.
#[derive(Debug)]
pub struct Session {
    /// Shared by all sockets of a worker: a clone for each would be half a kilobyte.
    login: Rc<Login>,
    hub: Rc<Addr<LoginHub>>,
    pings: Rc<Pings>,
    /// Until it leaves.
    known: Option<(SocketId, Place)>,
    logic: Logic,
    /// Until it has begun.
    purpose: Option<Box<Purpose>>,
    caller: Caller,
    _permit: Option<SocketPermit>,
}

impl Session {
    /// Not begun yet.
    pub fn new(
        login: Rc<Login>,
        hub: Rc<Addr<LoginHub>>,
        pings: Rc<Pings>,
        opening: Opening,
    ) -> Self {
        Self {
            login,
            hub,
            pings,
            known: None,
            logic: opening.logic,
            purpose: Some(Box::new(opening.purpose)),
            caller: opening.caller,
            _permit: opening.permit,
        }
    }

    /// The owner's choices.
    pub fn settings(&self) -> &Settings {
        &self.login.settings
    }

    /// The hub hears of the socket, and it is pinged.
    fn join(&mut self, socket: Recipient<SocketEvent>) -> SocketId {
        let id = SocketId::next();
        let place = self.pings.add(socket.downgrade());
        self.known = Some((id, place));
        // Must not be lost, like its end: what is said about the socket comes after it.
        self.hub.do_send(SocketOpened(id, socket));
        id
    }

    /// The hub forgets the socket.
    pub fn leave(&mut self) {
        if let Some((id, place)) = self.known.take() {
            self.pings.remove(place);
            // Must not be lost, or the hub would keep the socket for ever.
            self.hub.do_send(SocketClosed(id));
        }
    }
}

/// A transport's actor. It calls the provided methods when something happens;
/// they call the others.
pub trait Transport:
    Actor<Context: AsyncContext<Self> + ToEnvelope<Self, SocketEvent>> + Handler<SocketEvent>
{
    /// Its conversation.
    fn session(&mut self) -> &mut Session;

    /// Sends a text frame.
    fn text(&mut self, text: String, context: &mut Self::Context);

    /// Sends a ping.
    fn ping(&mut self, context: &mut Self::Context);

    /// Answers a ping.
    fn pong(&mut self, bytes: &[u8], context: &mut Self::Context);

    /// Says why and ends the connection.
    fn close(&mut self, code: CloseCode, context: &mut Self::Context);

    /// Sends a last text frame, then says why and ends the connection.
    fn last(&mut self, text: String, code: CloseCode, context: &mut Self::Context) {
        self.text(text, context);
        self.close(code, context);
    }

    /// Ends the connection without a word.
    fn cut(&mut self, context: &mut Self::Context);

    /// The actor has started.
    fn begin(&mut self, context: &mut Self::Context) {
        let address = context.address().recipient();
        let session = self.session();
        let id = session.join(address);
        match session.purpose.take().map(|purpose| *purpose) {
            None => {}
            Some(Purpose::Command(first)) => self.run(first, context),
            Some(Purpose::Session(of)) => {
                let order = RegisterSession {
                    socket: id,
                    session: of,
                };
                session.hub.do_send(order);
            }
        }
    }

    /// A frame came in.
    fn receive(&mut self, frame: &Frame<'_>, context: &mut Self::Context) {
        let logic = &mut self.session().logic;
        let now = Instant::now();
        match frame {
            Frame::Text(text) => {
                let effects = logic.text(text, now);
                self.apply(effects, context);
            }
            Frame::Pong => {
                let effect = logic.pong(now);
                self.apply(effect, context);
            }
            Frame::Ping(bytes) => match logic.ping(now) {
                None => self.pong(bytes, context),
                flood => self.apply(flood, context),
            },
            Frame::Close => self.close(CloseCode::Normal, context),
        }
    }

    /// It is told something.
    fn hear(&mut self, event: SocketEvent, context: &mut Self::Context) {
        let effects = self.session().logic.event(event);
        self.apply(effects, context);
    }

    /// Does what the logic wants.
    fn apply(&mut self, effects: impl IntoIterator<Item = Effect>, context: &mut Self::Context) {
        let mut effects = effects.into_iter().peekable();
        while let Some(effect) = effects.next() {
            match effect {
                Effect::Send(message) => {
                    match effects.next_if(|next| matches!(next, Effect::Close(_))) {
                        Some(Effect::Close(code)) => self.last(message.to_json(), code, context),
                        _ => self.text(message.to_json(), context),
                    }
                }
                Effect::Do(command) => self.run(command, context),
                Effect::Ping => self.ping(context),
                Effect::Close(code) => self.close(code, context),
                Effect::Drop => self.cut(context),
            }
        }
    }

    /// Runs a command beside all else.
    fn run(&mut self, command: Command, context: &mut Self::Context) {
        let session = self.session();
        let Some((id, _)) = session.known else {
            return self.close(CloseCode::Internal, context);
        };
        let (login, hub) = (session.login.clone(), session.hub.clone());
        let caller = session.caller.clone();
        let answer = async move { commands::run(command, &login, &hub, id, &caller).await };
        context.spawn(answer.into_actor(self).map(|answer, socket, context| {
            let effects = socket.session().logic.done(answer);
            socket.apply(effects, context);
        }));
    }
}
