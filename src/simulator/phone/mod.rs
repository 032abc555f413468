//! The phone: a page that behaves as the mini program, and the calls that it makes to Saoma.

/// The phone's paths that the statistics list.
pub(super) const COUNTED_PATHS: [&str; 1] = ["/phone"];
