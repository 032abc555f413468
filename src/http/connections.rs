//! A server's connections: how many, of whom, and what they wait for.
//!
//! actix-server pauses accepting at its bound by itself and goes on when
//! somebody leaves; here they are counted, so that one address cannot take them
//! all, sockets leave room for pages, and health can tell.

mod bounds;

use std::{
    any::Any,
    cell::Cell,
    collections::HashMap,
    net::IpAddr,
    os::fd::{AsRawFd, RawFd},
    rc::{Rc, Weak},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use actix_web::{
    HttpRequest,
    body::MessageBody,
    dev::{Extensions, ServiceRequest, ServiceResponse},
    http::{ConnectionType, StatusCode},
    middleware::Next,
    rt::{self, net::TcpStream},
};
use nix::sys::socket::{Shutdown, shutdown};

pub use self::bounds::Bounds;
use self::bounds::FEWEST_OF_ADDRESS;
use super::address::AddressFinder;
use crate::{error::Error, login::limits::subscriber};

/// How long a browser waits that found no room for its socket.
const RETRY: Duration = Duration::from_secs(5);

/// The connections of one server; a clone counts in the same place.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    server: &'static str,
    bounds: Bounds,
    addresses: AddressFinder,
    open: AtomicUsize,
    sockets: AtomicUsize,
    of_address: Mutex<HashMap<IpAddr, Count>>,
}

/// The connections of one address.
#[derive(Debug, Default)]
struct Count {
    all: usize,
    sockets: usize,
}

/// One connection, for as long as its dispatcher lives.
#[derive(Debug)]
pub struct Connection {
    all: Connections,
    /// Whose it counts as.
    address: Option<IpAddr>,
    descriptor: RawFd,
    phase: Cell<Phase>,
    /// [`Connection::limit_next_head`] runs.
    limited: Cell<bool>,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// No request has come. actix-http gives the first head its time.
    Fresh,
    /// A request is being answered.
    Busy,
    /// Waits for another request since its last answer.
    Answered(Instant),
    /// A browser's socket.
    Socket,
}

impl Connections {
    /// None yet; `server` names them in the metrics.
    pub fn new(server: &'static str, bounds: Bounds, addresses: AddressFinder) -> Self {
        Self(Arc::new(Shared {
            server,
            bounds,
            addresses,
            open: AtomicUsize::new(0),
            sockets: AtomicUsize::new(0),
            of_address: Mutex::default(),
        }))
    }

    /// Counts a connection that was accepted (actix-web's `on_connect`). One too
    /// many of its address is closed at once, before anything of it is read.
    pub fn accepted(&self, stream: &dyn Any, data: &mut Extensions) {
        let Some(stream) = stream.downcast_ref::<TcpStream>() else {
            return;
        };
        self.0.open.fetch_add(1, Ordering::Relaxed);
        self.report();
        let peer = stream.peer_addr().ok().map(|peer| peer.ip());
        let counted = match peer.map(|peer| self.count(peer)) {
            Some(Ok(counted)) => counted,
            Some(Err(TooMany)) => {
                metrics::counter!("saoma_connections_refused_total").increment(1);
                let _ = shutdown(stream.as_raw_fd(), Shutdown::Both);
                None
            }
            None => None,
        };
        data.insert(Rc::new(Connection {
            all: self.clone(),
            address: counted,
            descriptor: stream.as_raw_fd(),
            phase: Cell::new(Phase::Fresh),
            limited: Cell::new(false),
        }));
    }

    /// Whether accepting is paused, or about to be.
    pub fn are_full(&self) -> bool {
        self.0.open.load(Ordering::Relaxed) >= self.0.bounds.full()
    }

    /// Refuses one socket too many for this process.
    pub fn room_for_socket(&self) -> Result<(), Error> {
        if self.0.sockets.load(Ordering::Relaxed) < self.0.bounds.sockets() {
            Ok(())
        } else {
            Err(Error::SlowDown(RETRY))
        }
    }

    /// Refuses a request that would only wait while few connections are left: hundreds of them
    /// would keep out all who have something to say.
    pub fn room_to_wait(&self) -> Result<(), Error> {
        if self.are_full() {
            Err(Error::SlowDown(RETRY))
        } else {
            Ok(())
        }
    }

    /// Whom to count a connection for. A trusted proxy's are many people's.
    fn count(&self, peer: IpAddr) -> Result<Option<IpAddr>, TooMany> {
        let most = self.0.bounds.of_address;
        if most == 0 || self.0.addresses.is_trusted(peer.to_canonical()) {
            return Ok(None);
        }
        let subscriber = subscriber(peer);
        let mut counts = self.counts();
        let count = counts.entry(subscriber).or_default();
        // While few are left an office of many open pages can still scan and redeem.
        let others = count.all - count.sockets;
        if count.all >= most || self.are_full() && others >= FEWEST_OF_ADDRESS {
            return Err(TooMany);
        }
        count.all += 1;
        Ok(Some(subscriber))
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, Count>> {
        let counts = self.0.of_address.lock();
        counts.unwrap_or_else(PoisonError::into_inner)
    }

    fn report(&self) {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let (server, open) = (self.0.server, self.0.open.load(Ordering::Relaxed));
        metrics::gauge!("saoma_connections", "server" => server).set(number(open));
        let most = number(self.0.bounds.all);
        metrics::gauge!("saoma_connections_max", "server" => server).set(most);
    }
}

struct TooMany;

impl Connection {
    /// Gives the next request's head its time: actix-http limits the first head
    /// of a connection only, and any byte of a later one ends its keep-alive
    /// limit, so that a slow second head would never be cut.
    async fn limit_next_head(connection: Weak<Self>, limit: Duration) {
        let mut wait = limit;
        loop {
            rt::time::sleep(wait).await;
            let Some(connection) = connection.upgrade() else {
                return;
            };
            wait = match connection.phase.get() {
                Phase::Socket => return,
                Phase::Fresh | Phase::Busy => limit,
                Phase::Answered(since) => limit.saturating_sub(since.elapsed()),
            };
            if wait.is_zero() {
                // Alive, so its stream is open and the number still its own: the
                // dispatcher drops this before the stream. What is being sent
                // goes out yet, since only reading ends.
                let _ = shutdown(connection.descriptor, Shutdown::Read);
                return;
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let shared = &self.all.0;
        shared.open.fetch_sub(1, Ordering::Relaxed);
        self.all.report();
        let was_socket = matches!(self.phase.get(), Phase::Socket);
        if was_socket {
            shared.sockets.fetch_sub(1, Ordering::Relaxed);
        }
        if let Some(address) = self.address {
            let mut counts = self.all.counts();
            if let Some(count) = counts.get_mut(&address) {
                count.all -= 1;
                count.sockets -= usize::from(was_socket);
                if count.all == 0 {
                    counts.remove(&address);
                }
            }
        }
    }
}

/// A connection whose request is being answered.
#[derive(Debug)]
pub struct Asked(Option<Rc<Connection>>);

impl Asked {
    /// A request has come in.
    pub fn by(request: &HttpRequest) -> Self {
        let connection = request.conn_data::<Rc<Connection>>().cloned();
        if let Some(connection) = &connection {
            connection.phase.set(Phase::Busy);
        }
        Self(connection)
    }

    /// Whether few connections are left.
    fn are_full(&self) -> bool {
        let connection = self.0.as_ref();
        connection.is_some_and(|connection| connection.all.are_full())
    }

    /// It has been answered: from now on the next one's time runs, unless the
    /// connection has become a socket.
    pub fn answered(self, status: StatusCode) {
        let Some(connection) = self.0 else {
            return;
        };
        let shared = &connection.all.0;
        if status == StatusCode::SWITCHING_PROTOCOLS {
            shared.sockets.fetch_add(1, Ordering::Relaxed);
            connection.phase.set(Phase::Socket);
            if let Some(address) = connection.address
                && let Some(count) = connection.all.counts().get_mut(&address)
            {
                count.sockets += 1;
            }
            return;
        }
        connection.phase.set(Phase::Answered(Instant::now()));
        if !connection.limited.replace(true) {
            let limit = shared.bounds.head;
            rt::spawn(Connection::limit_next_head(
                Rc::downgrade(&connection),
                limit,
            ));
        }
    }
}

/// [`Asked`] around all that is no socket. When few connections are left, none
/// is kept for another request of the same client.
pub async fn watch<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let asked = Asked::by(request.request());
    let mut response = next.call(request).await;
    if let (Ok(response), true) = (&mut response, asked.are_full()) {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    let status = response.as_ref().map(ServiceResponse::status);
    asked.answered(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(all: usize) -> Connections {
        let bounds = Bounds {
            of_address: 2,
            ..Bounds::new(all, true, Duration::from_secs(5))
        };
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        Connections::new("test", bounds, AddressFinder::new(&trusted))
    }

    /// A connection from here, as actix-web's `on_connect` sees it.
    async fn accept(connections: &Connections) -> (Extensions, TcpStream, TcpStream) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(client, listener.accept());
        let (accepted, mut data) = (accepted.unwrap().0, Extensions::new());
        connections.accepted(&accepted, &mut data);
        (data, client.unwrap(), accepted)
    }

    #[actix_web::test]
    async fn one_too_many_of_an_address_is_closed_and_counts_no_longer_when_it_has_gone() {
        let connections = connections(100);
        let _first = accept(&connections).await;
        let second = accept(&connections).await;
        let (third, client, _accepted) = accept(&connections).await;
        client.readable().await.unwrap();
        assert_eq!(client.try_read(&mut [0]).unwrap(), 0);
        drop((second, third));
        let (_data, client, _accepted) = accept(&connections).await;
        assert!(client.try_read(&mut [0]).is_err(), "it is open");
        assert_eq!(connections.0.open.load(Ordering::Relaxed), 2);
    }

    #[actix_web::test]
    async fn a_trusted_proxy_stands_for_many() {
        let connections = connections(100);
        for _ in 0..10 {
            assert!(matches!(connections.count([10, 0, 0, 1].into()), Ok(None)));
        }
    }

    #[test]
    fn with_few_connections_left_an_address_that_has_many_gets_no_more() {
        let connections = Connections::new(
            "test",
            Bounds::new(1_000, true, Duration::from_secs(5)),
            AddressFinder::new(&[]),
        );
        let open = |ip: [u8; 4]| connections.count(ip.into()).is_ok();
        assert!((0..100).all(|_| open([203, 0, 113, 1])));
        connections.0.open.store(950, Ordering::Relaxed);
        assert!(!open([203, 0, 113, 1]));
        assert!((0..64).all(|_| open([203, 0, 113, 2])));
        assert!(!open([203, 0, 113, 2]));
        // Its pages' sockets are no reason to keep its phones out.
        let office = [203, 0, 113, 2].into();
        connections.counts().get_mut(&office).unwrap().sockets = 60;
        assert!((0..60).all(|_| open([203, 0, 113, 2])));
        assert!(!open([203, 0, 113, 2]));
        connections.room_to_wait().unwrap_err();
    }

    #[actix_web::test]
    async fn sockets_leave_a_tenth_of_the_connections_to_others() {
        let connections = connections(10);
        for _ in 0..9 {
            connections.room_for_socket().unwrap();
            connections.0.sockets.fetch_add(1, Ordering::Relaxed);
        }
        let refused = connections.room_for_socket().unwrap_err();
        assert_eq!((refused.code(), refused.retry_in()), ("slow_down", Some(5)));
    }
}
