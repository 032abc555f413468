//! Which way this instance goes, by its settings.

use std::sync::Arc;

use actix::Addr;
use secrecy::ExposeSecret;
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use super::{
    Broker, Inbox, Local, Way,
    direct::Direct,
    key::{self, NewsKey},
    redis::{self, Address, Redis},
    registry::Registry,
    whispers::{Ear, Mouth},
};
use crate::{
    hub::{LoginHub, messages::Whisper},
    login::keys::SecretKey,
    settings::Settings,
    store::{Instance, Store},
};

/// What belongs to the broker.
#[derive(Debug, Clone)]
pub struct Started {
    /// Tells.
    pub broker: Broker,
    /// Hears.
    pub inbox: Inbox,
    /// By which other instances' requests are known.
    pub key: NewsKey,
    /// Who else there is.
    pub registry: Registry,
}

/// Enters this instance in the list and starts its way to the others. Fails
/// when another instance has its name.
pub async fn start(
    settings: &Arc<Settings>,
    secret_key: &Arc<SecretKey>,
    store: &Store,
    hub: &Addr<LoginHub>,
    whispers: mpsc::Receiver<Whisper>,
    look_again: Arc<Notify>,
) -> anyhow::Result<Started> {
    let url = settings.redis_url.as_ref();
    let address = url.and_then(|url| Address::parse(url.expose_secret()));
    let way = match (&address, &settings.internal_url) {
        (Some(_), _) => "redis",
        (None, Some(_)) => "direct",
        (None, None) => "none",
    };
    let own = Instance {
        name: settings.instance.clone(),
        process: Uuid::new_v4(),
        way,
        internal_url: settings.internal_url.as_ref().map(ToString::to_string),
        channel: Uuid::new_v4(),
    };
    let channel = own.channel;
    let namespace = key::namespace(secret_key)?;
    let key = NewsKey::new(secret_key)?;
    let registry = Registry::enter(store.clone(), own, settings.timers.heartbeat).await?;
    actix::spawn(registry.clone().run());
    let ear = Ear::new(channel, secret_key.clone(), registry.clone(), hub.clone());
    let inbox = Inbox::start(settings.clone(), store.clone(), hub.clone(), ear);
    let way: Arc<dyn Way> = match address {
        Some(address) => Arc::new(Redis::start(redis::Parts {
            address,
            namespace,
            instance: settings.instance.clone(),
            probe_every: settings.timers.probe,
            inbox: inbox.clone(),
            look_again,
        })),
        None if settings.internal_url.is_some() => {
            Arc::new(Direct::start(registry.clone(), key.clone()))
        }
        None => Arc::new(Local),
    };
    let (key_of_whispers, known) = (secret_key.clone(), registry.clone());
    let mouth = Mouth::new(channel, key_of_whispers, way.clone(), known, hub.clone());
    actix::spawn(mouth.run(whispers));
    let broker = Broker::new(hub.clone(), &settings.instance, way, registry.clone());
    Ok(Started {
        broker,
        inbox,
        key,
        registry,
    })
}
