//! Postgres: the only place that knows SQL.

pub mod private;
