//! The mini program itself, in Node, before the real server: its pages drawn from their own WXML and
//! tapped, their requests and sockets real. Real browsers are logged in by it.

mod support;

mod background;
mod chat;
mod ends;
mod pages;
mod pictures;
mod replaced;
mod restarts;
mod revoked;
mod trouble;
