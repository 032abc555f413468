//! How long most of many took.

use std::time::Duration;

/// Seconds that this share of them did not exceed; they are sorted.
pub fn quantile(sorted: &[Duration], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in the list"
    )]
    let at = (last as f64 * share).ceil() as usize;
    sorted.get(at).map_or(f64::NAN, Duration::as_secs_f64)
}
