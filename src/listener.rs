//! Listening sockets, and how the process's open files are shared out.

use std::{
    net::{SocketAddr, TcpListener},
    num::NonZero,
    thread,
    time::Duration,
};

use anyhow::Context;
use nix::sys::{
    resource::{Resource, getrlimit, setrlimit},
    socket::{Backlog, setsockopt, sockopt},
};

use crate::codes::BUCKET_CONNECTIONS;

/// Bytes that the kernel keeps of what a client has not read yet, and of what
/// the server has not; Linux doubles it. Enough for any page in one go, and the
/// end of the kernel's own idea of 4 MiB and more for a client that reads nothing.
const KERNEL_BUFFER: usize = 64 * 1024;
/// Connections that wait to be accepted; the standard library asks for 128.
const BACKLOG: i32 = 4096;
/// More than anybody needs; some systems allow a thousand million.
const MOST_FILES: u64 = 1 << 20;
/// What POSIX promises, where the system does not say.
const FEWEST_FILES: u64 = 1024;

/// Connections that the admin address takes: probes, and a scraper or two.
pub const ADMIN_CONNECTIONS: usize = 32;

/// Listens on an address, `name`d by its setting.
///
/// Accepted connections inherit what is set here (socket(7), tcp(7)), so no
/// transport has to care: a client that leaves what it was sent unread or
/// unacknowledged for `unread` is cut off by the kernel. That ends zero windows
/// and peers that have vanished alike, whoever holds the data, be it a page, a
/// file or a frame. Keep-alive probes are not needed: a quiet socket is pinged,
/// and any other quiet connection is closed within seconds.
pub fn listen(address: SocketAddr, name: &str, unread: Duration) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).with_context(|| {
        format!("{name} {address} cannot be listened on; another program may hold the port")
    })?;
    keep_unread(&listener, KERNEL_BUFFER)?;
    setsockopt(&listener, sockopt::RcvBuf, &KERNEL_BUFFER)?;
    #[cfg(target_os = "linux")]
    setsockopt(
        &listener,
        sockopt::TcpUserTimeout,
        &u32::try_from(unread.as_millis()).unwrap_or(u32::MAX),
    )?;
    // Once more: the length of the queue is all that it changes (listen(2)).
    nix::sys::socket::listen(&listener, Backlog::new(BACKLOG)?)?;
    Ok(listener)
}

/// Says how many bytes the kernel keeps of what a client has not read.
pub fn keep_unread(listener: &TcpListener, bytes: usize) -> anyhow::Result<()> {
    Ok(setsockopt(listener, sockopt::SndBuf, &bytes)?)
}

/// Raises the limit of open files as far as the process may; returns it.
pub fn raise_open_files() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return FEWEST_FILES;
    };
    let wanted = hard.min(MOST_FILES).max(soft);
    match setrlimit(Resource::RLIMIT_NOFILE, wanted, hard) {
        Ok(()) => wanted,
        Err(error) => {
            tracing::warn!(%error, soft, "the limit of open files stays as it is");
            soft
        }
    }
}

/// Threads of the public server, and the connections that each of them takes.
#[derive(Debug, Clone, Copy)]
pub struct Workers {
    /// One a core.
    pub count: usize,
    /// actix-server counts for each worker.
    pub connections: usize,
}

impl Workers {
    /// As many as these open files allow.
    pub fn new(open_files: u64, database_connections: u32) -> Self {
        let count = thread::available_parallelism().map_or(2, NonZero::get);
        let all = public_connections(open_files, count, database_connections);
        let workers = Self {
            count,
            connections: (all / count).max(1),
        };
        let connections = workers.all_connections();
        tracing::info!(open_files, connections, "open files");
        workers
    }

    /// Of all of them.
    pub fn all_connections(self) -> usize {
        self.count * self.connections
    }
}

/// Connections of the public address, so that descriptors stay for all else:
/// the database, WeChat, code images, the admin address and the runtime.
///
/// Where the limit is so low that little is left, they get half of it.
fn public_connections(open_files: u64, workers: usize, database_connections: u32) -> usize {
    /// awc's bound for the connections of one worker's client.
    const WECHAT: usize = 100;
    /// An event queue, its waker, timers, a file being read.
    const RUNTIME: usize = 16;
    const LOG_LISTENERS_IMAGES: usize = 64;
    let database = usize::try_from(database_connections).unwrap_or(usize::MAX / 2) + 11;
    let others = LOG_LISTENERS_IMAGES
        + ADMIN_CONNECTIONS
        + database
        + workers.saturating_mul(WECHAT + BUCKET_CONNECTIONS + RUNTIME);
    let open_files = usize::try_from(open_files).unwrap_or(usize::MAX);
    open_files.saturating_sub(others).max(open_files / 2)
}

#[cfg(test)]
mod tests {
    use nix::sys::socket::getsockopt;

    use super::*;

    #[test]
    fn descriptors_stay_for_all_that_is_no_public_connection() {
        assert_eq!(public_connections(200_000, 4, 10), 200_000 - 645);
        assert_eq!(public_connections(1024, 2, 10), 1024 - 381);
        // Many cores and few files: half for the public.
        assert_eq!(public_connections(1024, 64, 10), 512);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_accepted_connection_has_inherited_its_limits() {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = listen(address, "SAOMA_LISTEN", Duration::from_secs(7)).unwrap();
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        let unread = getsockopt(&accepted, sockopt::TcpUserTimeout).unwrap();
        assert_eq!(unread, 7_000);
        let buffer = getsockopt(&accepted, sockopt::SndBuf).unwrap();
        assert_eq!(buffer, 2 * KERNEL_BUFFER);
    }
}
