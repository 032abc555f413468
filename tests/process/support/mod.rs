//! What the tests act with: processes, a PostgreSQL that can be stopped, a browser, a phone.

#[path = "../../api/support/answer.rs"]
#[expect(dead_code, reason = "the tests of the API use the rest of it")]
pub mod answer;
#[path = "../../api/support/browser.rs"]
pub mod browser;
#[path = "../../api/support/canaries.rs"]
#[expect(dead_code, reason = "the tests of the API use the rest of it")]
pub mod canaries;
pub mod cluster;
pub mod disk;
#[path = "../../api/support/known_scenes.rs"]
pub mod known_scenes;
#[path = "../../api/support/line.rs"]
pub mod line;
pub mod net;
pub mod peer;
#[path = "../../api/support/phone.rs"]
#[expect(dead_code, reason = "the tests of the API use the rest of it")]
pub mod phone;
pub mod place;
#[path = "../../api/support/port.rs"]
pub mod port;
pub mod program;
#[path = "../../api/support/redis.rs"]
#[expect(dead_code, reason = "the tests of the API use the rest of it")]
pub mod redis;
pub mod server;
#[path = "../../api/support/soak.rs"]
pub mod soak;
pub mod wait;

pub use browser::Browser;
pub use cluster::Cluster;
pub use disk::Disk;
pub use line::PhoneSocket;
pub use peer::Peer;
pub use phone::Phone;
pub use place::Place;
pub use program::Program;
pub use redis::RedisServer;
pub use server::Server;
