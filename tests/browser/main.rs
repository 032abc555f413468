//! The pages in real headless Chromium.
//!
//! Needs `chromium`, `chromedriver` and, once, `npm ci` in this folder.

mod chromium;
mod error_pages;
mod look;
