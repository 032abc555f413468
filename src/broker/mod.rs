//! How news of an attempt reach the socket that waits for it.
//!
//! Messages may be lost: the database has decided already, and every instance
//! looks again at its waiting attempts (see [`crate::login::recheck`]).
//!
//! On this instance news go straight to the hub. Where the attempt's row names
//! another instance, a [`Way`] carries a hint there, an id and a version, and
//! that instance's [`Inbox`] reads the row and tells its own hub.

pub mod direct;
pub mod inbox;
pub mod key;
pub mod news;
pub mod redis;
pub mod registry;
mod start;
pub mod whispers;

use std::{fmt::Debug, sync::Arc};

use actix::{Addr, Arbiter, dev::SendError};
use uuid::Uuid;

pub use inbox::Inbox;
pub use start::{Started, start};

use crate::{
    hub::{
        LoginHub,
        messages::{AttemptChanged, Contested, SessionsEnded},
    },
    login::attempt::Attempt,
    session::protocol::ServerMessage,
};
use news::News;
use registry::Registry;

/// How news get to another instance.
pub trait Way: Debug + Send + Sync {
    /// Its name in logs and metrics.
    fn name(&self) -> &'static str;

    /// Takes news for the instance of this name. Never waits; false if it has
    /// no room for them.
    fn take(&self, instance: &str, news: News) -> bool;

    /// Whether what it takes arrives, as far as it knows.
    fn works(&self) -> bool;
}

/// No way to others: they hear at their next look.
#[derive(Debug)]
pub struct Local;

impl Way for Local {
    fn name(&self) -> &'static str {
        "none"
    }

    fn take(&self, _: &str, _: News) -> bool {
        true
    }

    fn works(&self) -> bool {
        true
    }
}

/// Tells whoever waits, here or elsewhere. A clone is cheap.
#[derive(Debug, Clone)]
pub struct Broker {
    hub: Addr<LoginHub>,
    instance: Arc<str>,
    way: Arc<dyn Way>,
    registry: Registry,
}

impl Broker {
    /// The broker of the instance of this name.
    pub fn new(hub: Addr<LoginHub>, instance: &str, way: Arc<dyn Way>, registry: Registry) -> Self {
        Self {
            hub,
            instance: instance.into(),
            way,
            registry,
        }
    }

    /// Tells what the database has committed. Never waits: whoever decided has
    /// been answered by the database, not by the hub.
    ///
    /// This instance's hub hears of it in any case: a long poll may wait here
    /// for an attempt whose socket is elsewhere.
    pub fn publish(&self, attempt: &Attempt, message: ServerMessage) {
        if let Err(error) = self.hub.try_send(AttemptChanged::of(attempt, message)) {
            not_told(&error);
        }
        let (id, version) = (attempt.id, attempt.version);
        self.tell_others(attempt, News::Attempt { id, version });
    }

    /// Tells the browser that another phone tried its code.
    pub fn contest(&self, attempt: &Attempt) {
        if let Err(error) = self.hub.try_send(Contested(attempt.id)) {
            not_told(&error);
        }
        self.tell_others(attempt, News::Contested { id: attempt.id });
    }

    /// Closes the sockets of sessions that have ended. On other instances the
    /// next look does.
    pub fn end_sessions(&self, sessions: Vec<Uuid>) {
        if !sessions.is_empty()
            && let Err(error) = self.hub.try_send(SessionsEnded(sessions))
        {
            not_told(&error);
        }
    }

    /// What keeps news from other instances, in the words of `/readyz`. None of
    /// it keeps anybody from logging in: the looks go on.
    pub fn warnings(&self) -> Vec<&'static str> {
        let mut warnings = Vec::new();
        if !self.way.works() {
            warnings.push("broker_down");
        }
        if !self.registry.reaches_all() {
            warnings.push("instances_unreached");
        }
        warnings
    }

    fn tell_others(&self, attempt: &Attempt, news: News) {
        if *attempt.instance != *self.instance && !self.way.take(&attempt.instance, news) {
            dropped(self.way.name(), 1);
        }
    }
}

/// Runs a way beside the hub, not in between: its thread has sockets to serve.
fn on_its_own_thread<F: Future<Output = ()> + 'static>(work: impl FnOnce() -> F + Send + 'static) {
    Arbiter::new().spawn_fn(|| {
        actix::spawn(async {
            work().await;
            Arbiter::current().stop();
        });
    });
}

fn not_told<T>(error: &SendError<T>) {
    metrics::counter!("saoma_news_dropped_total").increment(1);
    // On the way down it ends with its worker, and no browser waits here any more.
    if let SendError::Full(_) = error {
        tracing::warn!(%error, "the hub could not be told; its browsers look again by themselves");
    }
}

fn dropped(way: &'static str, news: usize) {
    metrics::counter!("saoma_broker_dropped_total", "way" => way).increment(news as u64);
}

fn sent(way: &'static str, news: usize) {
    metrics::counter!("saoma_broker_sent_total", "way" => way).increment(news as u64);
}

/// Shows whether a way works.
fn show(way: &'static str, works: bool) {
    metrics::gauge!("saoma_broker_connected", "way" => way).set(f64::from(u8::from(works)));
}
