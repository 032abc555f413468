//! The way down: let nobody in, tell the sockets, finish requests, close the store.

use std::time::Duration;

use actix::Addr;
use actix_web::dev::Server;
use futures_util::future::{Either, select};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use crate::{
    broker::registry::Registry,
    codes::refill,
    http::site::Draining,
    hub::{
        LoginHub, ask,
        messages::{CloseAll, CloseSome},
    },
    store::{Store, private::PrivatePostgres},
};

/// How long requests that run may go on.
const REQUESTS: Duration = Duration::from_secs(12);
/// How long codes may take that WeChat draws.
const REFILL: Duration = Duration::from_secs(10);
const STORE: Duration = Duration::from_secs(5);
/// Between two batches of sockets that are closed.
const BATCH_EVERY: Duration = Duration::from_millis(100);
/// So many at once are no crowd for the instances that they go to.
const LEAST_BATCH: usize = 50;

/// What has to be taken down in order.
#[derive(Debug)]
pub struct Parts {
    pub(crate) hub: Addr<LoginHub>,
    pub(crate) draining: Draining,
    /// Over which many sockets are closed.
    pub(crate) drain: Duration,
    pub(crate) registry: Registry,
    pub(crate) store: Store,
    pub(crate) private_postgres: Option<PrivatePostgres>,
    pub(crate) refill: Option<refill::Running>,
}

/// Serves until a signal (or a server's handle) says stop, then takes all down.
pub async fn serve_until_stopped(
    public: Server,
    admin: Server,
    parts: Parts,
) -> anyhow::Result<()> {
    let (public_handle, admin_handle) = (public.handle(), admin.handle());
    let public = actix::spawn(public);
    let admin = actix::spawn(admin);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let signalled = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    match select(Box::pin(signalled), public).await {
        Either::Left(((), public)) => {
            tracing::info!("stopping");
            parts.draining.begin();
            drain(&parts.hub, parts.drain).await;
            close_sockets(&parts.hub).await;
            if timeout(REQUESTS, public_handle.stop(true)).await.is_err() {
                public_handle.stop(false).await;
            }
            let _ = public.await;
        }
        Either::Right(_) => close_sockets(&parts.hub).await,
    }
    if let Some(refill) = parts.refill {
        refill.stop(REFILL).await;
    }
    admin_handle.stop(false).await;
    let _ = admin.await;
    parts.registry.leave().await;
    if timeout(STORE, parts.store.close()).await.is_err() {
        tracing::warn!("the database's connections did not close in time");
    }
    if let Some(postgres) = parts.private_postgres {
        postgres.stop().await?;
    }
    tracing::info!("stopped");
    Ok(())
}

/// Closes the sockets in batches over this time, so that their browsers do not all come to the
/// other instances at once. Requests are answered meanwhile; few sockets take no time.
async fn drain(hub: &Addr<LoginHub>, over: Duration) {
    let Ok(open) = ask(hub, CloseSome(0)).await else {
        return;
    };
    let batches = usize::try_from(over.as_millis() / BATCH_EVERY.as_millis()).unwrap_or(1);
    let batch = open.div_ceil(batches.max(1)).max(LEAST_BATCH);
    let mut tick = interval(BATCH_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut left = open;
    while left > 0 {
        tick.tick().await;
        let Ok(kept) = ask(hub, CloseSome(batch)).await else {
            return;
        };
        left = kept;
    }
    tracing::info!(sockets = open, "the sockets were told to reconnect");
}

/// Sockets never end by themselves; a server that waited for them would wait for ever.
async fn close_sockets(hub: &Addr<LoginHub>) {
    let closed = ask(hub, CloseAll).await;
    if closed.is_ok_and(|sockets| sockets > 0) {
        // Time for the last frames to leave.
        sleep(Duration::from_millis(200)).await;
    }
}
