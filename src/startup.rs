//! Puts the parts together: store, hub, broker, rules, listeners.

mod code_sources;
mod recorder;

use std::{
    any::Any,
    net::{SocketAddr, TcpListener},
    ops::Deref,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use actix::{Actor, Addr};
use actix_web::{
    App, HttpServer,
    dev::{Extensions, Server, ServerHandle},
    web::Data,
};
use anyhow::Context;
use secrecy::ExposeSecret;
use tokio::sync::{Notify, mpsc};

use crate::{
    broker::{self, registry::Registry, whispers},
    codes::Stock,
    http::{
        self,
        address::AddressFinder,
        connections::{Bounds, Connections},
        news::FromOthers,
        site::{Draining, Site},
    },
    hub::LoginHub,
    listener::{self, Workers, listen},
    login::{
        Login, Parts,
        check::CheckCodes,
        keys::{self, KeyWatch, SecretKey},
        limits::{Limits, Together},
        links::LinkScenes,
        recheck::{self, Recheck},
    },
    places::Places,
    session::transport::{Transport, dense::serving},
    settings::Settings,
    shutdown,
    store::{
        BeginQueue, ResumeQueue, Store,
        private::{PrivatePostgres, PrivatePostgresError},
    },
    wechat::{AccessToken, Breakers, Steward},
};

use code_sources::{CodeSources, OfThread};
use recorder::recorder;

/// How an application differs from the one that owners run.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, Default)]
pub struct Build {
    /// So that the same tests can run over both.
    pub transport: Transport,
    /// Bytes that the kernel keeps of what a client has not read.
    pub unread_bytes: Option<usize>,
}

/// A server that listens and has not begun to serve yet.
#[expect(missing_debug_implementations, reason = "actix's servers have none")]
pub struct Application {
    public: Server,
    address: SocketAddr,
    mounted: Box<Mounted>,
}

/// All of Saoma but its public server, for an application that has its own:
/// [`routes`](crate::routes) mounts the rest there.
#[expect(missing_debug_implementations, reason = "actix's servers have none")]
pub struct Mounted {
    wired: Wired,
    admin: Server,
    admin_address: SocketAddr,
    stop: shutdown::Parts,
    /// Exposed so that tests can look and turn the database's clock.
    pub store: Store,
    /// Exposed so that tests can let the server look again at once.
    pub recheck: Recheck,
    /// Exposed so that tests can tell it what they have put there.
    pub stock: Stock,
    /// Exposed so that tests can let the server look at its keys at once.
    pub keys: KeyWatch,
}

impl Application {
    /// Binds the addresses, brings the database up and wires the parts.
    ///
    /// Fails with a sentence that says what to do; nothing starts half.
    pub async fn build(settings: Settings) -> anyhow::Result<Self> {
        Box::pin(Self::build_as(settings, Build::default())).await
    }

    /// Like [`build`](Self::build), for tests that need something unusual.
    #[doc(hidden)]
    pub async fn build_as(settings: Settings, build: Build) -> anyhow::Result<Self> {
        let unread = settings.timers.unread;
        let listener = listen(settings.listen, "SAOMA_LISTEN", unread)?;
        if let Some(bytes) = build.unread_bytes {
            listener::keep_unread(&listener, bytes)?;
        }
        let address = listener.local_addr()?;
        let mounted = Box::new(Box::pin(Mounted::start(settings)).await?);
        Ok(Self {
            public: match build.transport {
                Transport::Dense => mounted.wired.serve(listener)?,
                Transport::Actors => mounted.serve(listener)?,
            },
            address,
            mounted,
        })
    }

    /// Where the public server listens; with port 0 the port that it was given.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where health and metrics are answered.
    pub fn admin_address(&self) -> SocketAddr {
        self.mounted.admin_address
    }

    /// Handles that stop the two servers.
    pub fn handles(&self) -> [ServerHandle; 2] {
        [self.public.handle(), self.mounted.admin.handle()]
    }

    /// Serves until a signal or a handle stops it, then cleans up.
    pub async fn run_until_stopped(self) -> anyhow::Result<()> {
        Box::pin(self.mounted.run_until_stopped(self.public)).await
    }
}

impl Deref for Application {
    type Target = Mounted;

    fn deref(&self) -> &Mounted {
        &self.mounted
    }
}

impl Mounted {
    /// Brings the database up, wires the parts and binds the admin address.
    ///
    /// Of the settings, `SAOMA_LISTEN` alone means nothing here. Fails with a
    /// sentence that says what to do; nothing starts half.
    pub async fn start(settings: Settings) -> anyhow::Result<Self> {
        install_tls_provider();
        // Before the parts that show how they are.
        recorder();
        let settings = Arc::new(settings);
        let open_files = listener::raise_open_files();
        let unread = settings.timers.unread;
        let admin = listen(settings.admin_listen, "SAOMA_ADMIN_LISTEN", unread)?;
        let admin_address = admin.local_addr()?;
        let data_dir = &settings.data_dir;
        std::fs::create_dir_all(data_dir)
            .with_context(|| format!("SAOMA_DATA_DIR {} cannot be made", data_dir.display()))?;

        // Before the database is started: a wrong key or file is a wrong setting.
        let secret_key = if settings.demo {
            None
        } else {
            let secret_key = SecretKey::load(&settings)?;
            secret_key.refuse_unfit()?;
            Some(secret_key)
        };
        let places = Places::open(&settings.geoip)?;
        let (store, private_postgres) = open_store(&settings).await?;
        let wired = Box::pin(Wired::new(settings, secret_key, places, &store, open_files)).await;
        let wired = match wired {
            Ok(wired) => wired,
            Err(error) => {
                store.close().await;
                if let Some(postgres) = private_postgres {
                    postgres.stop().await?;
                }
                return Err(error);
            }
        };
        let recheck = wired.recheck(&store);
        actix::spawn(recheck.clone().run());
        let keys = wired.keys.clone();
        let stock = wired.sources.stock.clone();
        actix::spawn(keys.clone().run());
        actix::spawn(recheck::tidy(
            store.clone(),
            wired.parts.limits.clone(),
            wired.parts.settings.audit_retention,
        ));
        let refill = wired.sources.keep();
        actix::spawn(wired.parts.places.clone().follow());
        actix::spawn(wired.sources.wechat().keep_token_fresh());
        let stop = shutdown::Parts {
            hub: wired.hub.clone(),
            draining: wired.draining.clone(),
            drain: wired.parts.settings.timers.drain,
            registry: wired.registry.clone(),
            store: store.clone(),
            private_postgres,
            refill,
        };
        Ok(Self {
            admin: wired.serve_admin(admin)?,
            wired,
            admin_address,
            stop,
            store,
            recheck,
            stock,
            keys,
        })
    }

    /// What [`routes`](crate::routes) needs, for each of a server's workers.
    pub fn routes(&self) -> Routes {
        Routes(Arc::new(Mutex::new(Box::new(self.wired.sites()))))
    }

    /// For `HttpServer::on_connect`: counts the connections, so that one address
    /// cannot have them all and sockets leave room for pages.
    pub fn on_connect(&self) -> impl Fn(&dyn Any, &mut Extensions) + Clone + Send + Sync + 'static {
        let connections = self.wired.connections.clone();
        move |stream, data| connections.accepted(stream, data)
    }

    /// Runs the application's server, which must not handle signals itself, until
    /// a signal or its handle stops it, then cleans up.
    pub async fn run_until_stopped(self, public: Server) -> anyhow::Result<()> {
        // The workers have what they need of it.
        drop(self.wired);
        shutdown::serve_until_stopped(public, self.admin, self.stop).await
    }

    /// On actix-web's own server, as an application does.
    fn serve(&self, listener: TcpListener) -> anyhow::Result<Server> {
        let (routes, head) = (self.routes(), self.wired.head());
        let server = HttpServer::new(move || App::new().configure(crate::routes(&routes)));
        Ok(server
            .on_connect(self.on_connect())
            .workers(self.wired.workers.count)
            .max_connections(self.wired.workers.connections)
            .tcp_nodelay(true)
            .keep_alive(head)
            .client_request_timeout(head)
            .shutdown_timeout(10)
            .disable_signals()
            .listen(listener)?
            .run())
    }
}

/// Makes the routes of each worker.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "it is a function")]
pub struct Routes(Arc<Mutex<Box<dyn Fn() -> Site + Send>>>);

impl Routes {
    /// What one worker's handlers have at hand.
    pub(crate) fn site(&self) -> Site {
        let make = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        make()
    }
}

/// What every worker gets its own view of.
struct Wired {
    parts: Parts,
    keys: KeyWatch,
    hub: Addr<LoginHub>,
    sources: CodeSources,
    addresses: AddressFinder,
    connections: Connections,
    workers: Workers,
    draining: Draining,
    registry: Registry,
    from_others: FromOthers,
    look_again: Arc<Notify>,
}

impl Wired {
    /// Without a secret key, the demo's.
    async fn new(
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
        let hub = LoginHub::new(&settings.timers, whispers).start();
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
                begin: BeginQueue::start(store.clone(), settings.instance.clone()),
                resume: ResumeQueue::start(store.clone(), settings.instance.clone()),
                identities: breakers.identities,
                broker,
                settings: settings.clone(),
            },
            keys,
            hub,
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

    fn recheck(&self, store: &Store) -> Recheck {
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
    fn sites(&self) -> impl Fn() -> Site + Clone + Send + 'static {
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
                addresses: addresses.clone(),
                connections: connections.clone(),
                draining: draining.clone(),
            }
        }
    }

    /// How long a request's head may take, and how long a connection may be idle.
    fn head(&self) -> Duration {
        self.parts.settings.timers.head
    }

    fn serve(&self, listener: TcpListener) -> anyhow::Result<Server> {
        let sites = self.sites();
        let (connections, head) = (self.connections.clone(), self.head());
        let server = Server::build();
        let stopping = server.graceful_shutdown_signal();
        let server = server
            .workers(self.workers.count)
            .max_concurrent_connections(self.workers.connections)
            .shutdown_timeout(10)
            .disable_signals()
            .listen("public", listener, move || {
                let site = Data::new(sites());
                let app = move || App::new().app_data(site.clone()).configure(http::routes);
                serving::connections(app, connections.clone(), head, stopping.clone())
            })?;
        Ok(server.run())
    }

    fn serve_admin(&self, listener: TcpListener) -> anyhow::Result<Server> {
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

/// The database of the settings, or the private one, which the caller stops.
pub(crate) async fn open_store(
    settings: &Settings,
) -> anyhow::Result<(Store, Option<PrivatePostgres>)> {
    let (options, private) = if let Some(url) = &settings.database_url {
        let options = Store::options(url.expose_secret());
        let options = options.map_err(|_| anyhow::anyhow!("DATABASE_URL is no Postgres address"));
        (options?, None)
    } else {
        let private = PrivatePostgres::start(&settings.data_dir).await?;
        (private.connect_options(), Some(private))
    };
    let store = Store::new(&options, settings.database_connections, settings.timers);
    Ok((store, private))
}

/// Like [`open_store`], also beside a server that runs on the private database.
pub(crate) async fn open_store_beside(
    settings: &Settings,
) -> anyhow::Result<(Store, Option<PrivatePostgres>)> {
    match open_store(settings).await {
        Ok(opened) => Ok(opened),
        Err(error) => match error.downcast_ref() {
            Some(PrivatePostgresError::AlreadyRunning { data_dir, .. }) => {
                let Some(options) = PrivatePostgres::of_another(data_dir)? else {
                    return Err(error);
                };
                Ok((Store::new(&options, 2, settings.timers), None))
            }
            _ => Err(error),
        },
    }
}

/// Finds out whether the database is there, and says what to look at if not.
pub(crate) async fn reach(store: &Store) -> anyhow::Result<()> {
    store.reach().await.context(
        "the database cannot be reached; is Postgres running, and does DATABASE_URL name its \
         host, port, user and database?",
    )
}

/// One TLS provider for the database and for WeChat.
pub(crate) fn install_tls_provider() {
    // The second application of a process finds it installed.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
