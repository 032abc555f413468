//! How news of an attempt reach the socket that waits for it.
//!
//! Messages may be lost: the database has decided already, and every instance
//! looks again at its waiting attempts (see [`crate::login::recheck`]).

use actix::Addr;
use uuid::Uuid;

use crate::{
    hub::{
        LoginHub,
        messages::{AttemptChanged, Contested, SessionsEnded},
    },
    login::{attempt::Attempt, ids::AttemptId},
    session::protocol::ServerMessage,
};

/// Straight to this instance's hub: all that one instance needs.
#[derive(Debug, Clone)]
pub struct Broker {
    hub: Addr<LoginHub>,
}

impl Broker {
    /// A broker for one instance.
    pub fn local(hub: Addr<LoginHub>) -> Self {
        Self { hub }
    }

    /// Tells the hub what the database has committed. Never waits: whoever
    /// decided has been answered by the database, not by the hub.
    pub fn publish(&self, attempt: &Attempt, message: ServerMessage) {
        if let Err(error) = self.hub.try_send(AttemptChanged::of(attempt, message)) {
            not_told(&error);
        }
    }

    /// Tells the browser that another phone tried its code.
    pub fn contest(&self, attempt: AttemptId) {
        if let Err(error) = self.hub.try_send(Contested(attempt)) {
            not_told(&error);
        }
    }

    /// Closes the sockets of sessions that have ended.
    pub fn end_sessions(&self, sessions: Vec<Uuid>) {
        if !sessions.is_empty()
            && let Err(error) = self.hub.try_send(SessionsEnded(sessions))
        {
            not_told(&error);
        }
    }
}

fn not_told(error: &dyn std::fmt::Display) {
    metrics::counter!("saoma_news_dropped_total").increment(1);
    tracing::warn!(%error, "the hub could not be told; its browsers look again by themselves");
}
