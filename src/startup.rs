//! Puts the parts together: store, hub, broker, rules, listeners.

mod code_sources;
mod database;
mod recorder;
mod wired;

use std::{
    any::Any,
    net::{SocketAddr, TcpListener},
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{
    App, HttpServer,
    dev::{Extensions, Server, ServerHandle},
};
use anyhow::Context;

use crate::{
    codes::Stock,
    http::site::Site,
    listener::{self, listen},
    login::{
        keys::{KeyWatch, SecretKey},
        recheck::Recheck,
        tidy::Tidy,
    },
    places::Places,
    session::transport::Transport,
    settings::Settings,
    shutdown,
    store::Store,
};

pub(crate) use database::{open_store, open_store_beside, reach};
use recorder::recorder;
use wired::Wired;
pub(crate) use wired::steward;

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
        let mounted = Box::new(Box::pin(Mounted::prepare(settings)).await?);
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
        let mounted = Box::pin(Self::prepare(settings)).await?;
        // On this thread: whoever waits on the application's workers keeps no push waiting.
        mounted.wired.prepared_hub.start();
        Ok(mounted)
    }

    /// All but the hub's start.
    async fn prepare(settings: Settings) -> anyhow::Result<Self> {
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
        let tidy = Tidy {
            store: store.clone(),
            limits: wired.parts.limits.clone(),
            recent_phones: wired.parts.recent_phones.clone(),
            attempt: wired.parts.settings.timers.attempt,
            audit_retention: wired.parts.settings.audit_retention,
        };
        actix::spawn(tidy.run());
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
        self.wired.prepared_hub.start();
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

/// One TLS provider for the database and for WeChat.
pub(crate) fn install_tls_provider() {
    // The second application of a process finds it installed.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
