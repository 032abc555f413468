//! Connections as cheap as they can be, from more addresses than one.

use std::{
    cell::Cell,
    io,
    net::{Ipv4Addr, SocketAddr},
};

use nix::sys::socket::{setsockopt, sockopt};
use tokio::net::{TcpSocket, TcpStream};

/// A source has 28,000 ports to one destination, and `connect` gets slow when half are taken.
const SOURCES: u8 = 8;

thread_local! {
    static NEXT: Cell<u8> = const { Cell::new(0) };
    static BYTES: Cell<u64> = const { Cell::new(0) };
}

/// Connects to this machine's port. Closing resets the connection, so that its port is free at
/// once and does not wait for a minute.
pub async fn connect(port: u16) -> io::Result<TcpStream> {
    let source = NEXT.replace((NEXT.get() + 1) % SOURCES) + 2;
    let socket = TcpSocket::new_v4()?;
    // Otherwise `bind` takes a port for all destinations.
    setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 0, source), 0)))?;
    let stream = socket
        .connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .await?;
    stream.set_zero_linger()?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Notes bytes that went one way or the other.
pub fn count_bytes(more: usize) {
    BYTES.set(BYTES.get() + more as u64);
}

/// Bytes that went both ways since the last time.
pub fn take_bytes() -> u64 {
    BYTES.take()
}
