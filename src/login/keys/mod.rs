//! Keys: the one secret key of a database, and the keys that sign access tokens.
//!
//! `source` finds the secret key, `refused` names those that protect nothing,
//! `secret` derives and seals with it (by `seal`), `demo` is the demo's. `signing` signs and
//! publishes, `rotation` is the plan of which key does what and when, and
//! `watch` carries it out on each instance.

pub mod demo;
mod refused;
pub mod rotation;
mod seal;
mod secret;
mod signing;
mod source;
mod watch;

pub use seal::Seal;
pub use secret::SecretKey;
pub use signing::{ACCESS_TOKEN_SECONDS, SigningKeys};
pub use watch::KeyWatch;
