//! The only files that name a websocket crate: frames in, frames out.

pub mod ws_actor;
