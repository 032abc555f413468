//! The only files that name a websocket crate: frames in, frames out.

mod bounded;
pub mod ws_actor;
