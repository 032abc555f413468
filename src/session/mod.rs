//! One socket, of a browser or a phone: an actor whose logic knows no transport.

pub mod caller;
mod commands;
pub(crate) mod flood;
pub mod frame;
pub mod logic;
pub mod pings;
pub mod protocol;
pub mod socket;
pub mod transport;
