//! The OpenAPI description of the HTTP API, `docs/openapi.json`: made here, kept fresh here, and
//! held against a running server by `scripts/test-openapi.sh`.
//!
//! It stands beside the tests and not in the server, which answers without it: the program carries
//! no word of it, and no layer has to know that it is described.

#![expect(
    dead_code,
    reason = "a description is read by its macros and never run"
)]

mod describe;
mod login;
mod operations;
mod pages;
mod phone;
mod phone_sessions;
mod problems;
mod schemas;
mod session;

use std::{collections::BTreeSet, env, fs};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
const PROTOCOL: &str = include_str!("../../docs/PROTOCOL.md");

/// What the protocol has and this description has not.
const ELSEWHERE: [&str; 6] = [
    // Sockets, which OpenAPI cannot describe.
    "get /ws/login",
    "get /ws/session",
    "get /ws/phone",
    // On the admin address only.
    "get /metrics",
    "get /internal/wechat/access_token",
    // The simulator's.
    "get /phone",
];

#[test]
fn the_written_description_is_the_one_that_the_code_here_makes() {
    let made = describe::openapi().to_pretty_json().unwrap() + "\n";
    if env::var_os("SAOMA_WRITE_OPENAPI").is_some() {
        fs::write(FILE, &made).unwrap();
    }
    assert!(
        fs::read_to_string(FILE).unwrap() == made,
        "docs/openapi.json is old: run `SAOMA_WRITE_OPENAPI=1 cargo test --test openapi`"
    );
}

#[test]
fn every_request_of_the_protocol_is_described_and_no_other() {
    let described: BTreeSet<String> = describe::operations().into_iter().collect();
    let promised: BTreeSet<String> = requests(PROTOCOL)
        .filter(|request| !ELSEWHERE.contains(&request.as_str()) && !is_of_simulator(request))
        .collect();
    assert_eq!(described, promised);
}

fn is_of_simulator(request: &str) -> bool {
    request.contains("/_sim/") || request.contains("/phone/newest")
}

/// The requests that a text names as code: a method and a path, as in `GET /api/me`.
fn requests(text: &str) -> impl Iterator<Item = String> {
    let codes = text.split('`').skip(1).step_by(2);
    codes.filter_map(|code| {
        let (method, rest) = code.split_once(' ')?;
        let known = ["GET", "POST", "PUT", "DELETE"].contains(&method);
        let path = rest.split(['?', ' ']).next()?;
        // An ellipsis stands for several requests, which are named elsewhere.
        let whole = path.starts_with('/') && !path.contains('…');
        (known && whole).then(|| format!("{} {path}", method.to_lowercase()))
    })
}
