//! What crosses from instance to instance: that somebody should look, and no more.
//!
//! Whoever can write there is a stranger: what is read here is a hint, which the
//! database confirms before anybody is told.

use serde::{Deserialize, Serialize};

use crate::login::ids::AttemptId;

/// The most that one message carries.
pub const MOST: usize = 128;
/// The longest message that is read, in bytes; [`MOST`] news have about 11 KiB.
pub const LONGEST: usize = 16 * 1024;

/// One piece of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// An attempt has this version now, or a higher one.
    Attempt {
        /// Which one.
        id: AttemptId,
        /// Its version after the change.
        version: i32,
    },
    /// Another phone tried an attempt's code.
    Contested {
        /// Which one.
        id: AttemptId,
    },
}

/// The text of a message, of at most [`MOST`] news.
pub fn write(news: &[News]) -> String {
    // Plain numbers and ids always have a form.
    serde_json::to_string(news).unwrap_or_default()
}

/// The news of a message; none when it is no message of ours.
///
/// What is no news that this version knows is left out: a newer one may say more
/// while both run, and what else it says has to arrive.
pub fn read(message: &[u8]) -> Option<Vec<News>> {
    if message.len() > LONGEST {
        return None;
    }
    let news: Vec<serde_json::Value> = serde_json::from_slice(message).ok()?;
    if news.len() > MOST {
        return None;
    }
    let known = news.into_iter().map(serde_json::from_value);
    Some(known.filter_map(Result::ok).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let id = AttemptId::random();
        let news = [
            News::Attempt {
                id,
                version: i32::MAX,
            },
            News::Contested { id },
        ];
        assert_eq!(read(write(&news).as_bytes()).unwrap(), news);
    }

    #[test]
    fn a_full_message_is_short_enough() {
        let id = AttemptId::random();
        let news = vec![
            News::Attempt {
                id,
                version: i32::MIN
            };
            MOST
        ];
        assert_eq!(read(write(&news).as_bytes()).unwrap().len(), MOST);
    }

    #[test]
    fn what_a_newer_version_says_besides_is_left_out() {
        let id = AttemptId::random();
        let message = serde_json::json!([
            {"attempt": {"id": id, "version": 2, "since": "2026-11-28T00:00:00Z"}},
            {"summoned": {"id": id}},
            {"attempt": {"id": "x", "version": 1}},
            {"contested": {"id": id}},
        ]);
        let news = [News::Attempt { id, version: 2 }, News::Contested { id }];
        assert_eq!(read(message.to_string().as_bytes()).unwrap(), news);
    }

    #[test]
    fn anything_else_is_no_message() {
        let id = AttemptId::random();
        let too_many = write(&vec![News::Contested { id }; MOST + 1]);
        let too_long = " ".repeat(LONGEST) + "[]";
        for message in ["", "[", "{}", "null", &too_many, &too_long] {
            assert_eq!(read(message.as_bytes()), None, "{message}");
        }
        assert_eq!(read(b"\xff"), None);
    }
}
