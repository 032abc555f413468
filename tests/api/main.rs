//! The whole server from outside: real HTTP and sockets, real PostgreSQL with
//! one database a test, the simulator in WeChat's place.

mod support;

mod accounts;
mod attempts_of_a_browser;
mod audit;
mod bad_frames;
mod bad_input;
mod check_code;
mod check_number;
mod concurrency;
mod corpus;
mod database_away;
mod expiry;
mod fallback;
mod heads;
mod health;
mod instances;
mod keys;
mod limits;
mod login;
mod messages;
mod migrate;
mod model;
mod not_registered;
mod origins;
mod pages;
mod phone;
mod phone_input;
mod phone_sessions;
mod places;
mod redeem;
mod renewal;
mod resume;
mod rotation;
mod secure;
mod security;
mod session;
mod session_lists;
mod stock;
mod two_tabs;
mod upgrade;
mod user_admin;
mod wechat_faults;
