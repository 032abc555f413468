//! Saoma (扫码): log in to a website by scanning a WeChat mini-program code.
//!
//! The modules stand in the order in which a login passes them. A request comes
//! in at [`http`], the rules of [`login`] ask the [`store`] for one guarded
//! change, the [`broker`] tells the [`hub`], and the hub tells the one
//! [`session`] that waits. [`codes`] and [`wechat`] give the codes and say who
//! the person is, [`places`] where an address is; the [`simulator`] stands in for WeChat and the phone.
//!
//! - The database decides, the hub only tells.
//! - The hub does no I/O and knows no HTTP and no SQL.
//! - A session's logic does not know its transport.
//! - Only `store` knows SQL, only `wechat` knows WeChat, only `error` knows status codes.

pub mod http;

pub mod session;

pub mod hub;

pub mod codes;

pub mod login;

pub mod broker;

pub mod wechat;

pub mod places;

pub mod simulator;

pub mod store;

pub mod commands;
pub mod error;
pub mod listener;
pub mod settings;
pub mod shutdown;
pub mod startup;
pub mod telemetry;

use actix_web::web::{Data, ServiceConfig};

/// All of Saoma's public routes, for an actix-web `App` of one's own.
///
/// They take every path that no service before them has taken, so an
/// application's own services are registered first. Sockets are carried by
/// actix-web-actors there: each costs the server some kilobytes more than with
/// `saoma serve`. See `examples/mounted.rs`.
pub fn routes(routes: &startup::Routes) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let site = Data::new(routes.site());
    move |config| {
        config.app_data(site).configure(http::routes);
    }
}
