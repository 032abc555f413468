//! What every request handler has at hand.

use std::{
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use actix::Addr;

use super::{address::AddressFinder, connections::Connections};
use crate::{
    codes::Images, hub::LoginHub, login::Login, session::pings::Pings, settings::Settings,
};

/// One worker's view of the site. A clone is cheap.
#[derive(Debug, Clone)]
pub struct Site {
    /// The rules.
    pub login: Rc<Login>,
    /// The codes' pictures.
    pub images: Images,
    /// The sockets. Shared, since each address of an actor is memory of its own.
    pub hub: Rc<Addr<LoginHub>>,
    /// Who pings them.
    pub pings: Rc<Pings>,
    /// Who is asking.
    pub addresses: AddressFinder,
    /// How many they are.
    pub connections: Connections,
    /// The server is about to stop.
    pub draining: Draining,
}

impl Site {
    /// The owner's choices.
    pub fn settings(&self) -> &Settings {
        &self.login.settings
    }
}

/// Set once, when the server is about to stop.
#[derive(Debug, Clone, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    /// From now on nobody new is let in.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the server is about to stop.
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
