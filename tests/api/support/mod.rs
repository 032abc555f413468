//! What the tests act with: a server, a browser, a phone.

pub mod answer;
pub mod browser;
pub mod canaries;
pub mod database;
pub mod flow;
pub mod geoip;
pub mod line;
pub mod mmdb;
pub mod object_storage;
pub mod phone;
pub mod pictures;
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
pub use line::PhoneSocket;
pub use phone::Phone;
pub use raw::RawSocket;
pub use redis::RedisServer;
pub use server::TestServer;
pub use site::{Site, Way};
pub use wire::{Proxy, Wire};

/// Asks again and again until the answer is yes.
pub async fn eventually(mut condition: impl AsyncFnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !condition().await {
        assert!(std::time::Instant::now() < deadline, "it never happens");
        actix_web::rt::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
