//! The whole server from outside: real HTTP and sockets, real PostgreSQL with
//! one database a test, the simulator in WeChat's place.

mod support;

mod login;
