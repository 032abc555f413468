//! The running simulator.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use url::Url;

use super::settings::SimulatorSettings;
use super::state::SharedState;
use super::{api, connection, control, intercept, phone};

/// Longer than clients keep idle connections, so that none meets a connection just closed.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// A simulated `WeChat` that listens. Dropping it leaves it running; [`stop`](Self::stop) ends it.
#[derive(Debug)]
pub struct Simulator {
    url: Url,
    state: SharedState,
    server: ServerHandle,
}

impl Simulator {
    /// Serves on `listener` with one worker, on the actix system that runs, and handles no
    /// signals.
    ///
    /// # Errors
    /// When the listener cannot be used.
    pub fn start(listener: TcpListener, settings: SimulatorSettings) -> io::Result<Self> {
        let url = address_to_call(listener.local_addr()?);
        let public_url = settings.public_url.clone().unwrap_or_else(|| url.clone());
        let state = SharedState::new(settings, public_url);
        let shared = web::Data::new(state.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .wrap(from_fn(intercept::intercept))
                .configure(control::configure)
                .configure(api::configure)
                .configure(phone::configure)
        })
        .workers(1)
        .keep_alive(KEEP_ALIVE)
        .disable_signals()
        .on_connect(connection::remember)
        .listen(listener)?
        .run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Ok(Self {
            url,
            state,
            server: handle,
        })
    }

    /// The base address that this machine calls it by, for instance as `WeChat`'s base URL.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The handle on its clock, switches and counters.
    pub fn state(&self) -> &SharedState {
        &self.state
    }

    /// Stops at once, whatever requests are under way.
    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}

/// Nobody can call 0.0.0.0; whoever listens there is also on loopback.
fn address_to_call(mut listening: SocketAddr) -> Url {
    if listening.ip().is_unspecified() {
        listening.set_ip(match listening {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    Url::parse(&format!("http://{listening}")).expect("an address and a port make a URL")
}
