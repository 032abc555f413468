//! One request to S3-compatible storage: bounded, timed, tried again.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use awc::SendClientRequest;
use bytes::Bytes;
use tokio::time::{sleep, timeout};

use super::error::ImageError;
use crate::wechat::{announced_length, why_not_read, why_not_sent};

/// For everything, pauses included: a page may be waiting.
const WHOLE: Duration = Duration::from_secs(5);
/// For one try, connecting included.
const TRY: Duration = Duration::from_secs(3);
const TRIES: u32 = 3;
/// Before the second try, in milliseconds, at random; three times as long before the third.
const PAUSE: Range<u64> = 50..150;

/// What the storage answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

/// Sends a request until it is answered; only for requests that may arrive twice.
pub(super) async fn ask(
    request: impl Fn() -> SendClientRequest,
    longest_body: usize,
) -> Result<Answer, ImageError> {
    let end = Instant::now() + WHOLE;
    let mut tries = 0;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let answer = timeout(TRY.min(left), once(request(), longest_body)).await;
        let why = match answer {
            Ok(Ok(answer)) if !answer.is_busy() => return Ok(answer),
            Ok(Ok(answer)) => answer.words(),
            Ok(Err(why)) => why,
            Err(_) => "it takes too long".to_owned(),
        };
        tries += 1;
        let pause = rand::random_range(PAUSE) * 3_u64.pow(tries - 1);
        let pause = Duration::from_millis(pause);
        if tries == TRIES || Instant::now() + pause >= end {
            return Err(ImageError::Away(why));
        }
        sleep(pause).await;
    }
}

/// The error says why, in words that cannot hold the signed address.
async fn once(request: SendClientRequest, longest_body: usize) -> Result<Answer, String> {
    let mut response = request.await.map_err(|error| why_not_sent(&error))?;
    let status = response.status().as_u16();
    let announced = announced_length(response.headers());
    let body = response.body().limit(longest_body).await;
    let body = body.map_err(|error| why_not_read(&error, longest_body))?;
    // awc takes a connection that breaks within the body for the body's end.
    if announced.is_some_and(|length| length != body.len()) {
        return Err("the connection broke within the answer".to_owned());
    }
    Ok(Answer { status, body })
}

impl Answer {
    pub(super) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the same request may be answered otherwise a moment later.
    fn is_busy(&self) -> bool {
        self.status >= 500 || matches!(self.status, 408 | 429)
    }

    /// Whether the object is what is missing, and not the bucket.
    pub(super) fn is_missing_object(&self) -> bool {
        self.status == 404 && self.error_code() != Some("NoSuchBucket")
    }

    /// An answer that is none of the expected ones.
    pub(super) fn refusal(&self) -> ImageError {
        let advice = match self.error_code() {
            Some("NoSuchBucket") => "; is the bucket's name in SAOMA_CODE_STORE right?",
            Some("SignatureDoesNotMatch" | "InvalidAccessKeyId") => {
                "; are SAOMA_CODE_STORE_KEY_ID and SAOMA_CODE_STORE_SECRET right?"
            }
            Some("RequestTimeTooSkewed") => "; is this machine's clock right?",
            Some("AccessDenied") => {
                "; may this key read, write, delete and list there? A clock that is wrong looks like this too"
            }
            _ if (300..400).contains(&self.status) => {
                "; are region and endpoint in SAOMA_CODE_STORE those of the bucket?"
            }
            _ => "",
        };
        ImageError::Refused(format!("{}{advice}", self.words()))
    }

    fn words(&self) -> String {
        match self.error_code() {
            Some(code) => format!("status {}, {code}", self.status),
            None => format!("status {}", self.status),
        }
    }

    /// The word that S3 and its likes put into an error's body.
    fn error_code(&self) -> Option<&str> {
        const LONGEST: usize = 64;
        let body = std::str::from_utf8(&self.body).ok()?;
        let (code, _) = body.split_once("<Code>")?.1.split_once("</Code>")?;
        let is_word = code.len() <= LONGEST && code.bytes().all(|c| c.is_ascii_alphanumeric());
        is_word.then_some(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &'static str) -> Answer {
        let body = Bytes::from_static(body.as_bytes());
        Answer { status, body }
    }

    #[test]
    fn a_missing_bucket_is_no_missing_image() {
        assert!(answer(404, "").is_missing_object());
        assert!(answer(404, "<Error><Code>NoSuchKey</Code></Error>").is_missing_object());
        let no_bucket = answer(404, "<Error><Code>NoSuchBucket</Code></Error>");
        assert!(!no_bucket.is_missing_object());
        let refusal = no_bucket.refusal().to_string();
        assert!(refusal.contains("SAOMA_CODE_STORE"), "{refusal}");
    }

    #[test]
    fn only_a_word_of_an_answer_is_repeated() {
        let forged = answer(403, "<Code>ERROR forged\nline</Code>");
        assert_eq!(forged.words(), "status 403");
        let endless = answer(403, "<Code>Access");
        assert_eq!(endless.words(), "status 403");
        assert_eq!(
            answer(403, "<Code>AccessDenied</Code>").words(),
            "status 403, AccessDenied"
        );
    }
}
