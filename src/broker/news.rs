//! What crosses from instance to instance: that somebody should look, and no more,
//! or what is sealed.
//!
//! Whoever can write there is a stranger: a hint that is read here is confirmed
//! by the database before anybody is told, and what is sealed opens only when
//! another instance of ours has sealed it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::login::ids::AttemptId;

/// The most that one message carries.
pub const MOST: usize = 128;
/// The longest message that is read, in bytes: [`MOST`] hints have about 11 KiB,
/// the longest text that is said has 6 KiB when it is sealed.
pub const LONGEST: usize = 16 * 1024;

/// A message without news, which tells whether anybody is there.
pub const NONE: &str = "[]";

/// One piece of news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// What only the instance that it is for can read (see [`super::whispers`]).
    Sealed {
        /// The channel of the instance that says it.
        from: Uuid,
        /// What it is about.
        about: About,
        /// Sealed, base64url.
        sealed: String,
    },
}

/// What something sealed is about, which is bound into the seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A login attempt.
    Attempt(Uuid),
    /// A session.
    Session(Uuid),
    /// A phone session.
    Phone(Uuid),
}

/// The texts of as few messages as these news fit in, each with at most [`MOST`]
/// of them and at most [`LONGEST`] bytes.
pub fn write(news: &[News]) -> Vec<String> {
    let mut messages = Vec::new();
    let mut message = String::new();
    let mut count = 0;
    for news in news {
        // Plain numbers, ids and texts always have a form.
        let text = serde_json::to_string(news).unwrap_or_default();
        if count == MOST || message.len() + text.len() + 2 > LONGEST && count > 0 {
            messages.push(std::mem::take(&mut message) + "]");
            count = 0;
        }
        message.push(if count == 0 { '[' } else { ',' });
        message += &text;
        count += 1;
    }
    if count > 0 {
        messages.push(message + "]");
    }
    messages
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
        assert_eq!(read(write(&news)[0].as_bytes()).unwrap(), news);
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
        assert_eq!(read(write(&news)[0].as_bytes()).unwrap().len(), MOST);
    }

    #[test]
    fn what_does_not_fit_in_one_message_goes_in_the_next() {
        let hint = News::Contested {
            id: AttemptId::random(),
        };
        let long = News::Sealed {
            from: Uuid::new_v4(),
            about: About::Session(Uuid::new_v4()),
            sealed: "x".repeat(6_000),
        };
        for (news, messages) in [
            (vec![], 0),
            (vec![hint.clone(); MOST], 1),
            (vec![hint; MOST + 1], 2),
            (vec![long; 5], 3),
        ] {
            let written = write(&news);
            assert_eq!(written.len(), messages);
            let read = written
                .iter()
                .flat_map(|text| read(text.as_bytes()).unwrap());
            assert_eq!(read.collect::<Vec<_>>(), news);
        }
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
        let too_many = write(&vec![News::Contested { id }; MOST])[0].replacen(
            '[',
            "[{\"contested\":{\"id\":\"7b3ce6a6-1bd4-4c95-8a0f-111111111111\"}},",
            1,
        );
        let too_long = " ".repeat(LONGEST) + "[]";
        for message in ["", "[", "{}", "null", &too_many, &too_long] {
            assert_eq!(read(message.as_bytes()), None, "{message}");
        }
        assert_eq!(read(b"\xff"), None);
    }
}
