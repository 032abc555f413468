//! One browser's socket: an actor whose logic knows no transport.

mod commands;
mod flood;
pub mod logic;
pub mod protocol;
pub mod transport;
