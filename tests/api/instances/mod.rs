//! Several instances of one site: the browser's socket on one, the phone on another.
//!
//! Servers under test look again only when they are told to, so what a browser
//! hears here has come by the way that is tested.

mod channel;
mod cluster;
mod faults;
mod limits;
mod news;
mod registry;
mod strangers;
