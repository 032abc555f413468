//! Every sentence of the pages, in both languages with the same fields.
//!
//! `{site}`, `{host}`, `{name}`, `{number}`, `{tries}` and `{time}` are filled in by the page.

mod en;
mod zh;

use serde::Serialize;

use super::language::Language;

/// The texts of one language.
pub fn of(language: Language) -> &'static Texts {
    match language {
        Language::Zh => &zh::TEXTS,
        Language::En => &en::TEXTS,
    }
}

/// All texts of one language.
pub struct Texts {
    pub login: Login,
    pub script: Script,
    pub dashboard: Dashboard,
    pub error: Error,
    /// The label of the switch to the other language, for a screen reader.
    pub switch: &'static str,
    pub no_script: &'static str,
}

/// What the login page shows in every state.
pub struct Login {
    pub heading: &'static str,
    pub code_alt: &'static str,
    pub digits_label: &'static str,
    pub digits_submit: &'static str,
    pub not_me: &'static str,
    /// Opens the mini program from a page on the phone.
    pub open: &'static str,
    pub public_link: &'static str,
    pub tip: &'static str,
}

/// What the login page's script needs, handed to it as JSON.
#[derive(Serialize)]
pub struct Script {
    pub states: &'static [State],
    /// Under a code: how long it is good.
    pub valid: &'static str,
    /// Under a step on the phone: how long there is for it.
    pub left: &'static str,
    /// Until the page tries again by itself.
    pub retry: &'static str,
    /// Another phone tried this code.
    pub contested: &'static str,
    /// After `attempt_lost`, beside the new code.
    pub lost: &'static str,
    /// Fewer or more than the strict check's six digits.
    pub digits_missing: &'static str,
    /// Logging out failed.
    pub log_out_failed: &'static str,
    /// Stands for a nickname that is not known.
    pub nobody: &'static str,
}

/// One state of the login page: `key` is the state, or `state.reason`.
#[derive(Serialize)]
pub struct State {
    pub key: &'static str,
    pub title: &'static str,
    pub detail: &'static str,
    /// The label of the button that goes on from here, if there is one.
    pub button: Option<&'static str>,
}

/// The page after the login.
pub struct Dashboard {
    pub title: &'static str,
    pub welcome: &'static str,
    pub logged_in: &'static str,
    pub not_me: &'static str,
    pub this_session: &'static str,
    pub browser: &'static str,
    pub on: &'static str,
    pub unknown: &'static str,
    pub address: &'static str,
    pub since: &'static str,
    pub active: &'static str,
    pub chat: Chat,
    pub log_out: &'static str,
    pub log_out_failed: &'static str,
    /// The sessions in other browsers.
    pub others: &'static str,
    pub no_others: &'static str,
    pub listing: &'static str,
    pub list_failed: &'static str,
    pub last_seen: &'static str,
    pub end: &'static str,
    pub keep: &'static str,
    pub end_question: &'static str,
    pub end_others: &'static str,
    pub end_others_question: &'static str,
    pub one_ended: &'static str,
    pub others_ended: &'static str,
    pub end_failed: &'static str,
    pub ended: &'static str,
    pub ended_detail: &'static str,
    pub log_in: &'static str,
    pub nobody: &'static str,
}

/// What browser and phone say to each other.
pub struct Chat {
    pub title: &'static str,
    pub here: &'static str,
    pub away: &'static str,
    pub note: &'static str,
    pub label: &'static str,
    pub send: &'static str,
    pub you: &'static str,
    pub phone: &'static str,
    pub undelivered: &'static str,
    pub too_long: &'static str,
    pub offline: &'static str,
}

/// The pages that say that something did not work.
pub struct Error {
    pub not_found: Words,
    pub slow_down: Words,
    pub unavailable: Words,
    pub other: Words,
    pub request: &'static str,
    pub retry: &'static str,
    pub try_again: &'static str,
    pub home: &'static str,
}

/// A heading and the sentence under it.
pub struct Words {
    pub title: &'static str,
    pub detail: &'static str,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Language, of};

    fn keys(language: Language) -> BTreeSet<&'static str> {
        let states = of(language).script.states;
        let keys: BTreeSet<_> = states.iter().map(|state| state.key).collect();
        assert_eq!(keys.len(), states.len(), "a state is told twice");
        keys
    }

    #[test]
    fn both_languages_tell_the_same_states_with_the_same_buttons() {
        assert_eq!(keys(Language::Zh), keys(Language::En));
        for english in of(Language::En).script.states {
            let states = of(Language::Zh).script.states;
            let chinese = states.iter().find(|state| state.key == english.key);
            assert_eq!(
                chinese.unwrap().button.is_some(),
                english.button.is_some(),
                "{}",
                english.key
            );
        }
    }

    #[test]
    fn every_end_that_the_protocol_names_has_its_own_words() {
        let ends = [
            (
                "expired",
                "not_scanned not_confirmed not_checked not_redeemed",
            ),
            ("cancelled", "by_phone by_browser replaced"),
            (
                "failed",
                "number_wrong code_wrong registration_closed user_blocked account_deleted \
                 attempt_lost attempt_unknown",
            ),
        ];
        for (state, reasons) in ends {
            for reason in reasons.split_whitespace() {
                let key = format!("{state}.{reason}");
                assert!(keys(Language::En).contains(key.as_str()), "{key}");
            }
        }
    }
}
