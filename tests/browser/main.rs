//! The pages in a real browser: Debian's Chromium, headless, before the whole server with
//! PostgreSQL and the simulator.
//!
//! `SAOMA_SCREENS=1 cargo test --test browser screens` writes `docs/screens` anew.

#[path = "../api/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the API's tests use all of it")]
mod support;

mod axe;
mod chromium;
mod keeper;
mod look;
#[expect(dead_code, reason = "the tests of processes put instances behind it")]
mod nginx;
mod page;
mod proxy;
mod simulated_phone;

mod chat;
mod checks;
mod connections;
mod control;
mod error_pages;
mod logins;
mod mini_program;
mod people;
mod same_device;
mod screens;
mod security;
mod sessions;
mod tabs;
mod warnings;
