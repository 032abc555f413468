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
#[serde(rename_all = "snake_case", deny_unknown_fields)]
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
pub fn read(message: &[u8]) -> Option<Vec<News>> {
    if message.len() > LONGEST {
        return None;
    }
    let news: Vec<News> = serde_json::from_slice(message).ok()?;
    (news.len() <= MOST).then_some(news)
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
    fn anything_else_is_no_message() {
        let id = AttemptId::random();
        let too_many = write(&vec![News::Contested { id }; MOST + 1]);
        let too_long = " ".repeat(LONGEST) + "[]";
        for message in [
            "",
            "[",
            "{}",
            "null",
            "[{\"attempt\":{\"id\":\"x\",\"version\":1}}]",
            "[{\"login_succeeded\":{}}]",
            "[{\"contested\":{\"id\":\"7b3ce6a6-1bd4-4c95-8a0f-111111111111\",\"text\":\"\"}}]",
            &too_many,
            &too_long,
        ] {
            assert_eq!(read(message.as_bytes()), None, "{message}");
        }
        assert_eq!(read(b"\xff"), None);
    }
}
