//! Saoma (扫码): log in to a website by scanning a WeChat mini-program code.

pub mod http;
pub mod simulator;
pub mod store;
pub mod wechat;
