//! The parts of a server, wired, and its two listeners.

use std::{net::TcpListener, rc::Rc, sync::Arc, time::Duration};

use actix::Addr;
use actix_web::{App, HttpServer, dev::Server, web::Data};
use anyhow::Context;
use tokio::sync::{Notify, mpsc};

use super::{
    code_sources::{CodeSources, OfThread},
    database::reach,
    recorder::recorder,
};
use crate::{
    broker::{self, registry::Registry, whispers},
    http::{
        self,
        address::AddressFinder,
        connections::{Bounds, Connections},
        news::FromOthers,
        site::{Draining, Site},
    },
    hub::{self, LoginHub},
    listener::{self, Workers},
    login::{
        Login, Parts,
        check::CheckCodes,
        keys::{self, KeyWatch, SecretKey},
        limits::{Limits, Together},
        links::LinkScenes,
        recent_phones::RecentPhones,
        recheck::Recheck,
    },
    places::Places,
    session::{pings::Pings, transport::dense::serving},
    settings::Settings,
    store::{BeginQueue, ResumeQueue, Store},
    wechat::{AccessToken, Breakers, Steward},
};

/// What every worker gets its own view of.
pub(super) struct Wired {
    pub(super) parts: Parts,
    pub(super) keys: KeyWatch,
    pub(super) hub: Addr<LoginHub>,
    /// Until it is started.
    pub(super) prepared_hub: hub::Prepared,
    pub(super) sources: CodeSources,
    pub(super) addresses: AddressFinder,
    pub(super) connections: Connections,
    pub(super) workers: Workers,
    pub(super) draining: Draining,
    pub(super) registry: Registry,
    pub(super) from_others: FromOthers,
    pub(super) look_again: Arc<Notify>,
}

impl Wired {
    /// Without a secret key, the demo's.
    pub(super) async fn new(
        settings: Arc<Settings>,
        secret_key: Option<SecretKey>,
        places: Places,
        store: &Store,
        open_files: u64,
    ) -> anyhow::Result<Self> {
        reach(store).await?;
        let migrated = store.migrate().await;
        migrated.context("the database's schema could not be brought up to date")?;
        let secret_key = match secret_key {
            Some(secret_key) => secret_key,
            None => keys::demo::key(&settings, store).await?,
        };
        let token = AccessToken::shared(steward(&settings, &secret_key, store)?);
        let check_codes = Arc::new(CheckCodes::new(&secret_key)?);
        let links = Arc::new(LinkScenes::new(&secret_key)?);
        let secret_key = Arc::new(secret_key);
        let keys = KeyWatch::start(settings.clone(), secret_key.clone(), store.clone()).await?;
        if settings.demo {
            keys::demo::forget_old(&settings)?;
        }
        let (whispers, to_others) = mpsc::channel(whispers::ROOM);
        let (hub, prepared) = LoginHub::prepare(&settings.timers, whispers);
        let breakers = Breakers::new(settings.wechat.longest_pause);
        let sources = CodeSources::new(settings.clone(), store.clone(), token, breakers.codes)?;
        let addresses = AddressFinder::new(&settings.trusted_proxies);
        let workers = Workers::new(open_files, settings.database_connections);
        let bound_addresses = settings.limits.sockets_per_address > 0;
        let (all, head) = (workers.all_connections(), settings.timers.head);
        let bounds = Bounds::new(all, bound_addresses, head);
        let together = Together::start(&settings, &secret_key)?;
        let look_again = Arc::new(Notify::new());
        let news = look_again.clone();
        let broker = broker::start(&settings, &secret_key, store, &hub, to_others, news);
        let broker::Started {
            broker,
            inbox,
            key,
            registry,
        } = broker.await?;
        Ok(Self {
            parts: Parts {
                limits: Limits::new(settings.limits, together),
                places,
                store: store.clone(),
                keys: keys.keys(),
                check_codes,
                links,
                begin: BeginQueue::new(store.clone(), settings.instance.clone()),
                resume: ResumeQueue::new(store.clone(), settings.instance.clone()),
                identities: breakers.identities,
                recent_phones: RecentPhones::default(),
                broker,
                settings: settings.clone(),
            },
            keys,
            hub,
            prepared_hub: prepared,
            sources,
            connections: Connections::new("public", bounds, addresses.clone()),
            addresses,
            workers,
            draining: Draining::default(),
            registry,
            from_others: FromOthers { inbox, key },
            look_again,
        })
    }

    pub(super) fn recheck(&self, store: &Store) -> Recheck {
        let (settings, hub) = (self.parts.settings.clone(), self.hub.clone());
        Recheck {
            settings,
            store: store.clone(),
            hub,
            look_again: self.look_again.clone(),
        }
    }

    /// A maker of sites: awc's client belongs to its worker's thread, so each
    /// worker makes its own.
    pub(super) fn sites(&self) -> impl Fn() -> Site + Clone + Send + 'static {
        let (parts, sources) = (self.parts.clone(), self.sources.clone());
        let (hub, addresses, draining) = (
            self.hub.clone(),
            self.addresses.clone(),
            self.draining.clone(),
        );
        let connections = self.connections.clone();
        move || {
            let OfThread {
                codes,
                images,
                wechat,
            } = sources.of_thread();
            Site {
                login: Rc::new(Login::new(parts.clone(), codes, wechat)),
                images,
                hub: Rc::new(hub.clone()),
                pings: Rc::new(Pings::new(parts.settings.timers.ping)),
                addresses: addresses.clone(),
                connections: connections.clone(),
                draining: draining.clone(),
            }
        }
    }

    /// How long a request's head may take, and how long a connection may be idle.
    pub(super) fn head(&self) -> Duration {
        self.parts.settings.timers.head
    }

    /// The hub runs on a worker's thread. With one of its own each push would wait for one more
    /// thread to wake up.
    pub(super) fn serve(&self, listener: TcpListener) -> anyhow::Result<Server> {
        let (sites, hub) = (self.sites(), self.prepared_hub.clone());
        let (connections, head) = (self.connections.clone(), self.head());
        let server = Server::build();
        let stopping = server.graceful_shutdown_signal();
        let server = server
            .workers(self.workers.count)
            .max_concurrent_connections(self.workers.connections)
            .shutdown_timeout(10)
            .disable_signals()
            .listen("public", listener, move || {
                hub.start();
                let site = Data::new(sites());
                let app = move || App::new().app_data(site.clone()).configure(http::routes);
                serving::connections(app, connections.clone(), head, stopping.clone())
            })?;
        Ok(server.run())
    }

    pub(super) fn serve_admin(&self, listener: TcpListener) -> anyhow::Result<Server> {
        let (sites, sources) = (self.sites(), self.sources.clone());
        let metrics = Data::new(recorder());
        let from_others = Data::new(self.from_others.clone());
        // The owner's own machines: they share one bound.
        let bounds = Bounds::new(listener::ADMIN_CONNECTIONS, false, self.head());
        let connections = Connections::new("admin", bounds, self.addresses.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(Data::new(sites()))
                .app_data(metrics.clone())
                .app_data(Data::new(sources.wechat()))
                .app_data(from_others.clone())
                .configure(http::admin_routes)
        });
        Ok(server
            .on_connect(move |stream, data| connections.accepted(stream, data))
            .workers(1)
            .max_connections(listener::ADMIN_CONNECTIONS)
            .keep_alive(self.head())
            .client_request_timeout(self.head())
            .shutdown_timeout(1)
            .disable_signals()
            .listen(listener)?
            .run())
    }
}

/// Keeps the access token that all instances on one database share.
pub(crate) fn steward(
    settings: &Settings,
    secret_key: &SecretKey,
    store: &Store,
) -> anyhow::Result<Steward> {
    let wechat = &settings.wechat;
    let account = format!("{} {}", wechat.app_id, wechat.base_url);
    let seal = secret_key.seal_for("wechat access token")?;
    let (store, instance) = (store.clone(), settings.instance.clone());
    Ok(Steward::new(store, seal, account, instance))
}
