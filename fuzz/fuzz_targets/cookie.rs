//! Any bytes in the `Cookie` and `Authorization` lines of a request.

#![no_main]

use libfuzzer_sys::fuzz_target;
use saoma_fuzz::{http::credentials, login::ids::Secret};

const NAME: &str = "saoma_browser";
const OURS: &str = "saoma_browser=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fuzz_target!(|bytes: &[u8]| {
    let lines = || bytes.split(|byte| *byte == b'\n');

    let found = credentials::cookie(lines(), NAME);
    if let Some(secret) = &found {
        let pair = format!("{NAME}={}", secret.expose());
        assert!(pairs(lines()).any(|found| found == pair), "never sent");
    }

    // What others have set, in whatever bytes, hides no good cookie: neither in lines of its own
    // nor in front of ours in the same one.
    let expected = found.unwrap_or_else(|| Secret::parse(&OURS[NAME.len() + 1..]).unwrap());
    let after = credentials::cookie(lines().chain([OURS.as_bytes()]), NAME);
    assert_eq!(after.unwrap().hash(), expected.hash());
    let same_line = [bytes, b"; ", OURS.as_bytes()].concat();
    let same_line = same_line.split(|byte| *byte == b'\n');
    assert_eq!(
        credentials::cookie(same_line, NAME).unwrap().hash(),
        expected.hash()
    );

    if let Some(token) = credentials::bearer(bytes) {
        let line = std::str::from_utf8(bytes).unwrap();
        assert!(line[..7].eq_ignore_ascii_case("bearer "));
        assert_eq!(line[7..].trim(), token.expose());
    }
});

/// The pairs of these lines that are text, without the blanks around them.
fn pairs<'a>(lines: impl Iterator<Item = &'a [u8]>) -> impl Iterator<Item = &'a str> {
    let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';'));
    pairs.filter_map(|pair| std::str::from_utf8(pair).ok().map(str::trim))
}
