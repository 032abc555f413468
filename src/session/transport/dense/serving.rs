//! The standalone server's connections: HTTP, and a socket after an upgrade.
//!
//! actix-http gives the bare connection to an upgrade service, which asks the
//! same App as any other request: a route sees the same request, and what it
//! refuses is answered as everywhere. A connection stays one task from the first
//! request to the socket's end, so that actix-server counts it all the time:
//! when it pauses accepting and what a graceful stop waits for does not change.

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    net::SocketAddr,
    os::fd::AsRawFd,
    pin::{Pin, pin},
    rc::Rc,
    task::{self, Poll},
    time::Duration,
};

use actix::{Context, dev::ContextFut};
use actix_codec::Framed;
use actix_http::{
    ConnectionType, HttpService, Request, Response,
    body::{BodySize, MessageBody},
    error::DispatchError,
    h1::{self, Message},
};
use actix_server::GracefulShutdownSignal;
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, fn_factory, fn_service, map_config,
};
use actix_web::{
    HttpResponse,
    dev::{AppConfig, Extensions, ServiceResponse},
};
use nix::sys::socket::{Shutdown, shutdown};
use tokio::{io::AsyncReadExt, net::TcpStream, time::timeout};

use super::{DenseSocket, Handover, LINGER};
use crate::http::connections::{Connection, Connections};

/// How long an answer may take to leave that is given to an upgrade.
const ANSWER: Duration = Duration::from_secs(10);

/// Makes a worker's service for its connections. `app` makes the same App twice.
pub fn connections<A, S, B>(
    app: impl Fn() -> A,
    connections: Connections,
    head: Duration,
    stopping: GracefulShutdownSignal,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()>
where
    A: IntoServiceFactory<S, Request>,
    S: ServiceFactory<
            Request,
            Config = AppConfig,
            Response = ServiceResponse<B>,
            Error = actix_web::Error,
            InitError = (),
        > + 'static,
    S::Service: 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    let newest = Rc::new(Cell::new(None::<Rc<Handover>>));
    let accepted = newest.clone();
    let upgrades = app().into_factory();
    let upgrades = fn_factory(move || {
        let app = upgrades.new_service(AppConfig::default());
        async move {
            let app = Rc::new(app.await?);
            let upgrade = move |(request, framed)| hand_over(app.clone(), request, framed);
            Ok::<_, ()>(fn_service(upgrade))
        }
    });
    let http = HttpService::build()
        .keep_alive(head)
        .client_request_timeout(head)
        .client_disconnect_timeout(LINGER)
        .graceful_shutdown_signal(move || {
            let stopping = stopping.clone();
            async move { stopping.notified().await }
        })
        .on_connect_ext(move |stream: &TcpStream, data: &mut Extensions| {
            connections.accepted(stream, data);
            if let Some(handover) = accepted.take() {
                data.insert(handover);
            }
        })
        .upgrade(upgrades)
        .h1(map_config(app(), |()| AppConfig::default()));
    fn_factory(move || {
        let (http, newest) = (http.new_service(()), newest.clone());
        async move {
            let http = http.await?;
            Ok(Serving { http, newest })
        }
    })
}

/// Serves one worker's connections.
struct Serving<H> {
    http: H,
    /// Of the connection that is accepted just now.
    newest: Rc<Cell<Option<Rc<Handover>>>>,
}

impl<H> Service<TcpStream> for Serving<H>
where
    H: Service<(TcpStream, Option<SocketAddr>), Response = (), Error = DispatchError>,
{
    type Response = ();
    type Error = DispatchError;
    type Future = Served<H::Future>;

    actix_service::forward_ready!(http);

    fn call(&self, stream: TcpStream) -> Self::Future {
        // A push is one small frame; it must not wait for the answer to the one before.
        let _ = stream.set_nodelay(true);
        let peer = stream.peer_addr().ok();
        let handover = Rc::<Handover>::default();
        self.newest.set(Some(handover.clone()));
        Served::Http(Box::pin(self.http.call((stream, peer))), handover)
    }
}

/// One connection. Each part has its own box, so that HTTP's goes with HTTP, and
/// since actix-server's task has room for two of these: one it gets, one it awaits.
enum Served<H> {
    Http(Pin<Box<H>>, Rc<Handover>),
    Socket(Box<ContextFut<DenseSocket, Context<DenseSocket>>>),
}

impl<H> Future for Served<H>
where
    H: Future<Output = Result<(), DispatchError>>,
{
    type Output = H::Output;

    fn poll(mut self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<Self::Output> {
        if let Self::Http(http, handover) = &mut *self {
            let ended = task::ready!(http.as_mut().poll(task));
            let Some(socket) = handover.finished() else {
                return Poll::Ready(ended);
            };
            *self = Self::Socket(Box::new(Context::new().into_future(socket)));
        }
        match &mut *self {
            Self::Socket(socket) => Pin::new(socket).poll(task).map(Ok),
            Self::Http(..) => Poll::Pending,
        }
    }
}

/// Asks the App about an upgrade, and ends HTTP on its connection.
async fn hand_over<S, B>(
    app: Rc<S>,
    request: Request,
    mut framed: Framed<TcpStream, h1::Codec>,
) -> Result<(), actix_web::Error>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody + 'static,
{
    let connection = request.conn_data::<Rc<Connection>>().cloned();
    let handover = request.conn_data::<Rc<Handover>>().cloned();
    let handover = handover.unwrap_or_default();
    handover.ask();
    let response = match app.call(request).await {
        Ok(response) => response.into_parts().1.map_into_boxed_body(),
        Err(error) => error.error_response(),
    };
    let granted = handover.granted();
    let answered = timeout(ANSWER, answer(&mut framed, response, granted.is_some())).await;
    let parts = framed.into_parts();
    match (answered, granted) {
        (Ok(Ok(())), Some(session)) => {
            let socket = DenseSocket::new(session, parts.io, &parts.read_buf, connection);
            handover.finish(socket);
        }
        (Ok(Ok(())), None) => linger(parts.io).await,
        // The client has gone, or does not read.
        _ => {}
    }
    Ok(())
}

/// Writes an answer. One that grants nothing is the connection's last.
async fn answer(
    framed: &mut Framed<TcpStream, h1::Codec>,
    response: HttpResponse,
    granted: bool,
) -> std::io::Result<()> {
    let (head, body) = response.into_parts();
    let mut head = Response::from(head);
    if granted {
        Pin::new(&mut *framed).write(Message::Item((head, BodySize::None)))?;
        return flush(framed).await;
    }
    head.head_mut().set_connection_type(ConnectionType::Close);
    let size = body.size();
    Pin::new(&mut *framed).write(Message::Item((head, size)))?;
    if !matches!(size, BodySize::None | BodySize::Sized(0)) {
        let mut body = pin!(body);
        while let Some(chunk) = poll_fn(|task| body.as_mut().poll_next(task)).await {
            let chunk = chunk.map_err(|error| std::io::Error::other(error.to_string()))?;
            Pin::new(&mut *framed).write(Message::Chunk(Some(chunk)))?;
            flush(framed).await?;
        }
        Pin::new(&mut *framed).write(Message::Chunk(None))?;
    }
    flush(framed).await
}

async fn flush(framed: &mut Framed<TcpStream, h1::Codec>) -> std::io::Result<()> {
    type Item = Message<(Response<()>, BodySize)>;
    poll_fn(|task| Pin::new(&mut *framed).flush::<Item>(task)).await
}

/// Lets the client read the answer: closing with something unread would reset
/// the connection.
async fn linger(mut stream: TcpStream) {
    let _ = shutdown(stream.as_raw_fd(), Shutdown::Write);
    let mut unread = [0; 512];
    let forget = async { while let Ok(1..) = stream.read(&mut unread).await {} };
    let _ = timeout(LINGER, forget).await;
}
