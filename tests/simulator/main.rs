//! The simulator, asked over HTTP as Saoma, a phone and a test ask it.

mod code_images;
mod faults;
mod helpers;
mod logins;
mod phone_numbers;
mod stable_tokens;
mod tokens;
