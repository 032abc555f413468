//! A fake `WeChat` and phone, for tests, the demo and development without an account.
//!
//! It answers `WeChat`'s HTTP endpoints as the real ones do, refusals and odd spellings included,
//! and serves a page that behaves as the mini program on a phone. `docs/PROTOCOL.md`, section 11,
//! lists what it has beyond `WeChat`.

mod api;
mod clock;
mod codes;
mod command;
mod connection;
mod control;
mod drawing;
mod faults;
mod intercept;
mod phone;
mod quotas;
mod reply;
mod screen;
mod server;
mod settings;
mod state;
mod stats;
mod switches;
mod tokens;
mod world;

pub use self::command::{SimulateArgs, run};
pub use self::faults::{Fault, FaultMode};
pub use self::quotas::Endpoint;
pub use self::screen::Screen;
pub use self::server::Simulator;
pub(crate) use self::settings::DEMO_APP_SECRET;
pub use self::settings::{SimulatedApp, SimulatedUser, SimulatorSettings};
pub use self::state::{SharedState, UnknownApp};
pub use self::stats::PathStats;
