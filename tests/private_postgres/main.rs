//! The private PostgreSQL, with the real server programs of this machine.

mod crashes;
mod helpers;
mod life;
mod places;
mod refusals;
mod unprivileged;
