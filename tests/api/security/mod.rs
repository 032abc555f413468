//! The catalogue of security cases: each test carries the id of its case.
//! `docs/SECURITY.md` has the table from id to test, made by
//! `scripts/security-table.py`; cases that need nginx, Chromium or a process of
//! their own are tests of `tests/browser` and `tests/process`.

mod audit;
mod confirm;
mod confirm_races;
mod database;
mod headers;
mod http;
mod load;
mod pool;
mod pool_model;
mod privacy;
pub mod redeem;
mod scan;
mod socket;
mod wechat;
