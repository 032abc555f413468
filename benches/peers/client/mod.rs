//! The load: processes that hold thousands of sockets each and log people in.

pub mod connect;
pub mod page;
pub mod people;
pub mod process;
pub mod requests;
pub mod work;
