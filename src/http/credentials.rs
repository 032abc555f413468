//! The secrets that a request's header lines carry, read from their bytes.

use crate::login::ids::Secret;

/// The secret in the cookie `name` of these `Cookie` lines; any other shape counts as missing.
/// Cookies that other sites of the domain set, in whatever bytes, hide nothing.
pub fn cookie<'a>(lines: impl Iterator<Item = &'a [u8]>, name: &str) -> Option<Secret> {
    lines
        .flat_map(|line| line.split(|byte| *byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .find_map(|(_, value)| Secret::parse(value))
}

/// The token of an `Authorization` line with the scheme `Bearer`.
pub fn bearer(line: &[u8]) -> Option<Secret> {
    let (scheme, token) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    let token = scheme.eq_ignore_ascii_case("bearer").then_some(token)?;
    Secret::parse(token.trim())
}
