//! Several `saoma` processes on one database, with one simulated WeChat.
//!
//! Every test starts processes of its own on free ports; timers are shortened by
//! settings, and what is waited for is a condition with a limit.

#[path = "../process/support/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "the tests of one process use the rest of it"
)]
mod support;

mod full_disk;
mod instances;
mod outages;
mod refills;
mod views;
