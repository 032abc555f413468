//! The edge: what a browser is shown and served.

pub mod assets;
pub mod language;
pub mod pages;
mod texts;
