//! What the tests act with: a server, a browser, a phone.

pub mod answer;
pub mod browser;
pub mod canaries;
pub mod database;
pub mod flow;
pub mod geoip;
pub mod mmdb;
pub mod object_storage;
pub mod phone;
pub mod pool;
pub mod port;
pub mod raw;
pub mod redis;
pub mod server;
pub mod site;
pub mod soak;
pub mod stock;
pub mod wire;

pub use answer::Answer;
pub use browser::Browser;
pub use database::TestDatabase;
pub use flow::Attempt;
pub use phone::Phone;
pub use raw::RawSocket;
pub use redis::RedisServer;
pub use server::TestServer;
pub use site::{Site, Way};
pub use wire::{Proxy, Wire};
