//! The rules: what may become of a login attempt, and who may do it.
//!
//! A use case asks the store for one guarded change and then tells the broker.

pub mod attempt;
pub mod avatar;
pub mod begin;
pub mod check;
pub mod confirm;
pub mod ids;
pub mod keys;
pub mod limits;
pub mod links;
pub mod phone;
pub mod reason;
pub mod recent_phones;
pub mod recheck;
pub mod redeem;
mod session_token;
pub mod sessions;
pub mod tidy;
pub mod warnings;

use std::sync::Arc;

use crate::{
    broker::Broker,
    codes::Codes,
    places::Places,
    session::protocol::ServerMessage,
    settings::Settings,
    store::{BeginQueue, ResumeQueue, Store},
    wechat::{Breaker, Wechat},
};
use attempt::Attempt;
use check::CheckCodes;
use keys::SigningKeys;
use limits::Limits;
use links::LinkScenes;
use recent_phones::RecentPhones;

/// The use cases of a login, for one worker. A clone is cheap.
#[derive(Debug, Clone)]
pub struct Login {
    /// The owner's choices.
    pub settings: Arc<Settings>,
    /// What one address may ask for.
    pub limits: Limits,
    /// Where addresses are.
    pub places: Places,
    pub(crate) store: Store,
    pub(crate) keys: Arc<SigningKeys>,
    check_codes: Arc<CheckCodes>,
    links: Arc<LinkScenes>,
    begin: BeginQueue,
    resume: ResumeQueue,
    /// Where codes come from.
    pub codes: Codes,
    wechat: Wechat,
    identities: Arc<Breaker>,
    recent_phones: RecentPhones,
    broker: Broker,
}

/// What a [`Login`] is made of.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct Parts {
    pub settings: Arc<Settings>,
    pub limits: Limits,
    pub places: Places,
    pub store: Store,
    pub keys: Arc<SigningKeys>,
    pub check_codes: Arc<CheckCodes>,
    pub links: Arc<LinkScenes>,
    pub begin: BeginQueue,
    pub resume: ResumeQueue,
    pub identities: Arc<Breaker>,
    pub recent_phones: RecentPhones,
    pub broker: Broker,
}

impl Login {
    /// The use cases over these parts.
    pub fn new(parts: Parts, codes: Codes, wechat: Wechat) -> Self {
        let Parts {
            settings,
            limits,
            places,
            store,
            keys,
            check_codes,
            links,
            begin,
            resume,
            identities,
            recent_phones,
            broker,
        } = parts;
        Self {
            settings,
            limits,
            places,
            store,
            keys,
            check_codes,
            links,
            begin,
            resume,
            codes,
            wechat,
            identities,
            recent_phones,
            broker,
        }
    }

    /// How others are told.
    pub fn broker(&self) -> &Broker {
        &self.broker
    }

    /// What the attempt's browser reads.
    pub fn message(&self, attempt: &Attempt) -> ServerMessage {
        message(&self.settings, attempt)
    }

    /// Tells whoever waits for this attempt what the database has committed.
    pub fn publish(&self, attempt: &Attempt) {
        self.broker.publish(attempt, self.message(attempt));
    }
}

/// What an attempt's browser reads.
pub(crate) fn message(settings: &Settings, attempt: &Attempt) -> ServerMessage {
    attempt.message(|name| match &settings.code_base_url {
        Some(base) => format!("{}/{name}", base.as_str().trim_end_matches('/')),
        None => format!("{}codes/{name}", settings.public_url),
    })
}
