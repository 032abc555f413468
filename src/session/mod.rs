//! One browser's socket: an actor whose logic knows no transport.

mod commands;
mod flood;
pub mod frame;
pub mod logic;
pub mod protocol;
pub mod socket;
pub mod transport;
