//! The simulator, asked over HTTP as Saoma, a phone and a test ask it.

mod code_images;
mod fake_saoma;
mod faults;
mod helpers;
mod logins;
mod phone_calls;
mod phone_numbers;
mod phone_page;
mod stable_tokens;
mod tokens;
