//! The real `saoma` program: what it says, what kills it, and what comes back.
//!
//! Every test starts processes of its own on free ports; timers are shortened
//! by settings, and what is waited for is a condition with a limit.

#[path = "../browser/keeper.rs"]
#[expect(dead_code, reason = "the browser tests use the rest of it")]
mod keeper;
#[path = "../browser/nginx.rs"]
#[expect(dead_code, reason = "the browser tests use the rest of it")]
mod nginx;
mod support;

mod bad_peers;
mod canaries;
mod clocks;
mod codes;
mod database_faults;
mod demo;
mod demo_cluster;
mod deploys;
mod doctor;
mod healthcheck;
mod instances;
mod load_balancer;
mod lost_rows;
mod open_files;
mod owner;
mod partitions;
mod programs;
mod refusals;
mod restarts;
mod secret_keys;
mod shutdown;
mod silent_clients;
