//! Ports for servers whose address has to be known before they listen.

use std::{
    net::{Ipv4Addr, TcpListener},
    process,
    sync::atomic::{AtomicU16, Ordering},
};

/// A port that nobody else gets: below those that the kernel gives to clients,
/// so that it is still free when its server starts, also once more.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 18_000 + u16::try_from(process::id() % 1_000).unwrap() * 12;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 1_500;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
