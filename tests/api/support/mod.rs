//! What the tests act with: a server, a browser, a phone.

pub mod browser;
pub mod database;
pub mod phone;
pub mod server;

pub use browser::Browser;
pub use phone::Phone;
pub use server::TestServer;
