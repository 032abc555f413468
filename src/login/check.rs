//! What a person has to compare or type besides the confirm: the check policy.
//!
//! A number goes from the browser's page to the phone and stops stale codes and
//! wrong screens; the strict check's six digits go from the phone to the browser
//! and stop a picture that somebody mailed. Neither stops a live relay; see
//! docs/SECURITY.md.

use aws_lc_rs::hmac;
use subtle::ConstantTimeEq;

use super::{ids::AttemptId, keys::SecretKey};

/// The entry scene of a camera on a mini-program code, in WeChat's table.
pub const CAMERA: i32 = 1047;

/// What one login asks for, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// The confirm alone.
    None,
    /// The page shows two digits, the phone types them.
    Number,
    /// The phone shows six digits after its confirm, the page types them.
    Code,
}

impl Check {
    const ALL: [Self; 3] = [Self::None, Self::Number, Self::Code];

    /// The word in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Number => "number",
            Self::Code => "code",
        }
    }

    /// The check of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.as_str() == word)
    }
}

/// `SAOMA_CHECK`: what the owner wants to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckPolicy {
    /// Nothing for a single-use code that a camera scanned, else the number.
    Auto,
    /// Always this one.
    Always(Check),
}

/// The checks of one scan. Which of them holds depends on the code, which the
/// row alone knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checks {
    /// For a code that serves one attempt only.
    pub single_use: Check,
    /// For a code of the pool, which others have seen before.
    pub reusable: Check,
}

impl CheckPolicy {
    /// The policy of a setting's word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "auto" => Some(Self::Auto),
            word => Check::parse(word).map(Self::Always),
        }
    }

    /// What a scan by this entry scene asks for. WeChat's number is what the
    /// phone reports: a signal, so everything but the camera asks for more.
    pub fn for_entry(self, entry_scene: i32) -> Checks {
        match self {
            Self::Always(check) => Checks {
                single_use: check,
                // Whatever the owner says: a late scan of a code that another's
                // page shows by now must not do without the number.
                reusable: check.max(Check::Number),
            },
            Self::Auto => Checks {
                single_use: if entry_scene == CAMERA {
                    Check::None
                } else {
                    Check::Number
                },
                reusable: Check::Number,
            },
        }
    }
}

/// Makes the six digits of the strict check. They are nowhere stored: each
/// server with the secret key gets the same ones from the attempt's id.
pub struct CheckCodes(hmac::Key);

impl CheckCodes {
    /// Digits that nobody without this key can tell.
    pub fn new(key: &SecretKey) -> anyhow::Result<Self> {
        let key = key.derive("check codes")?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// The digits of this attempt.
    pub fn of(&self, attempt: AttemptId) -> String {
        let tag = hmac::sign(&self.0, attempt.0.as_bytes());
        // 64 bits over a million: no digit is likelier than another by more than 1 in 10^13.
        let number = tag.as_ref().iter().take(8);
        let number = number.fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        format!("{:06}", number % 1_000_000)
    }

    /// Whether these are the digits, told in the same time for all that are not.
    pub fn is_right(&self, attempt: AttemptId, typed: &str) -> bool {
        let right = self.of(attempt);
        right.as_bytes().ct_eq(typed.trim().as_bytes()).into()
    }
}

impl std::fmt::Debug for CheckCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CheckCodes(…)")
    }
}

/// The two digits that a phone sent; none for what can be no number of ours.
pub fn number_of(text: &str) -> Option<i16> {
    let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_camera_alone_spares_the_number_and_only_for_a_single_use_code() {
        let auto = CheckPolicy::parse("auto").unwrap();
        assert_eq!(auto.for_entry(CAMERA).single_use, Check::None);
        assert_eq!(auto.for_entry(CAMERA).reusable, Check::Number);
        for entry_scene in [1007, 1011, 1012, 1013, 1048, 1049, 0, -1] {
            assert_eq!(auto.for_entry(entry_scene).single_use, Check::Number);
        }
    }

    #[test]
    fn an_owners_choice_holds_for_every_entry_and_never_spares_a_reusable_code_the_number() {
        for check in Check::ALL {
            let policy = CheckPolicy::parse(check.as_str()).unwrap();
            for entry_scene in [CAMERA, 1048] {
                let checks = policy.for_entry(entry_scene);
                assert_eq!(checks.single_use, check);
                assert_eq!(checks.reusable, check.max(Check::Number));
            }
        }
        assert_eq!(CheckPolicy::parse("sometimes"), None);
    }

    #[test]
    fn only_two_digits_are_a_number() {
        assert_eq!(number_of("07"), Some(7));
        assert_eq!(number_of("99"), Some(99));
        for other in ["", "7", "007", "-7", "+7", " 7", "7 ", "٠٧", "ab"] {
            assert_eq!(number_of(other), None, "{other:?}");
        }
    }

    #[test]
    fn six_digits_belong_to_one_attempt_and_one_key() {
        let codes = CheckCodes(hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]));
        let others = CheckCodes(hmac::Key::new(hmac::HMAC_SHA256, &[2; 32]));
        let attempt = AttemptId::random();
        let code = codes.of(attempt);
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()));
        assert!(codes.is_right(attempt, &code) && codes.is_right(attempt, &format!(" {code} ")));
        assert!(!codes.is_right(attempt, &code[1..]) && !codes.is_right(attempt, ""));
        let same = |other: &str| code == other;
        // One in a million each, so three at once are no chance.
        let ids = [(); 3].map(|()| AttemptId::random());
        assert!(!ids.iter().all(|id| same(&codes.of(*id))));
        assert!(!ids.iter().all(|id| codes.of(*id) == others.of(*id)));
    }
}
