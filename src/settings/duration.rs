//! Durations as people write them.

use std::time::Duration;

/// A number with `ms`, `s`, `m`, `h` or `d`; a bare number is seconds. Says what
/// is wrong otherwise.
pub fn parse(text: &str) -> Result<Duration, &'static str> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let milliseconds = match &text[digits.len()..] {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err("this unit is unknown"),
    };
    match digits.trim().parse::<u32>() {
        Ok(number) if number > 0 => Ok(Duration::from_millis(u64::from(number) * milliseconds)),
        _ => Err("this is no duration"),
    }
}
