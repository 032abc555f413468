//! A login attempt: its states, what may lead from one to the next, and what
//! its browser reads about it.
//!
//! `pending` → `scanned` → (`approved`) → `confirmed` → `redeemed`, or out by
//! `expired`, `cancelled` or `failed`. This table is the one truth: the guarded
//! UPDATEs of `store` bind [`Step::leaves`] and [`Step::enters`].

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{
    check::Check,
    ids::{AttemptId, Hash},
    reason::Reason,
};
use crate::{error::Error, session::protocol::ServerMessage};

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A code is shown.
    Pending,
    /// A phone holds it.
    Scanned,
    /// The phone agreed; the strict check is still open.
    Approved,
    /// The browser may redeem.
    Confirmed,
    /// It became a session.
    Redeemed,
    /// Its time ran out. Never written: an open attempt past its time is this.
    Expired,
    /// Somebody ended it.
    Cancelled,
    /// It could not go on.
    Failed,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Scanned,
        Self::Approved,
        Self::Confirmed,
        Self::Redeemed,
        Self::Expired,
        Self::Cancelled,
        Self::Failed,
    ];

    /// The word in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Scanned => "scanned",
            Self::Approved => "approved",
            Self::Confirmed => "confirmed",
            Self::Redeemed => "redeemed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// The state of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether something can still happen.
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Pending | Self::Scanned | Self::Approved | Self::Confirmed
        )
    }

    /// The reason of an attempt whose time ran out in this state.
    pub const fn expiry_reason(self) -> Option<Reason> {
        match self {
            Self::Pending => Some(Reason::NotScanned),
            Self::Scanned => Some(Reason::NotConfirmed),
            Self::Approved => Some(Reason::NotChecked),
            Self::Confirmed => Some(Reason::NotRedeemed),
            _ => None,
        }
    }
}

/// Something that moves an attempt on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A new scene for the same attempt.
    Renew,
    /// A phone claims it.
    Scan,
    /// The same phone scans again: a fresh nonce, nothing else.
    Rescan,
    /// The user agreed but has no account.
    AwaitRegistration,
    /// The user has an account now.
    Register,
    /// The user agreed.
    Confirm,
    /// The user agreed; the strict check is still to come.
    Approve,
    /// The browser typed what the phone showed.
    PassCheck,
    /// The browser takes its session.
    Redeem,
    /// Refused on the phone.
    CancelByPhone,
    /// Ended by the browser, or replaced by a newer attempt.
    CancelByBrowser,
    /// It cannot go on.
    Fail,
    /// The browser typed something else once too often.
    FailCheck,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 13] = [
        Self::Renew,
        Self::Scan,
        Self::Rescan,
        Self::AwaitRegistration,
        Self::Register,
        Self::Confirm,
        Self::Approve,
        Self::PassCheck,
        Self::Redeem,
        Self::CancelByPhone,
        Self::CancelByBrowser,
        Self::Fail,
        Self::FailCheck,
    ];

    /// The states that this step may lead out of.
    pub const fn leaves(self) -> &'static [State] {
        match self {
            Self::Renew | Self::Scan => &[State::Pending],
            Self::Rescan => &[State::Scanned, State::Approved, State::Confirmed],
            Self::AwaitRegistration
            | Self::Register
            | Self::Confirm
            | Self::Approve
            | Self::Fail => &[State::Scanned],
            Self::PassCheck | Self::FailCheck => &[State::Approved],
            Self::Redeem => &[State::Confirmed],
            Self::CancelByPhone => &[State::Scanned, State::Approved, State::Confirmed],
            Self::CancelByBrowser => &[State::Pending, State::Scanned, State::Approved],
        }
    }

    /// The state that this step leads to from `state`; none if it may not.
    pub fn next(self, state: State) -> Option<State> {
        self.leaves().contains(&state).then(|| self.enters(state))
    }

    /// [`Step::leaves`] as the database's words.
    pub fn leaves_words(self) -> Vec<String> {
        self.leaves()
            .iter()
            .map(|state| state.as_str().to_owned())
            .collect()
    }

    const fn enters(self, from: State) -> State {
        match self {
            Self::Renew | Self::Rescan => from,
            Self::Scan | Self::AwaitRegistration | Self::Register => State::Scanned,
            Self::Approve => State::Approved,
            Self::Confirm | Self::PassCheck => State::Confirmed,
            Self::Redeem => State::Redeemed,
            Self::CancelByPhone | Self::CancelByBrowser => State::Cancelled,
            Self::Fail | Self::FailCheck => State::Failed,
        }
    }
}

/// An attempt as the database had it at the moment of reading.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// The browser that asked for it, and the only one that may redeem it.
    pub browser_hash: Hash,
    /// Where it stands, `expired` included.
    pub state: State,
    /// Why it ended.
    pub reason: Option<Reason>,
    /// Grows with every change.
    pub version: i32,
    /// Whole seconds until it expires; 0 once it is over.
    pub expires_in: i64,
    /// The instance that holds its socket.
    pub instance: String,
    /// Name of the newest code's image.
    pub code_name: String,
    /// Where that code came from.
    pub code_source: String,
    /// Renewals in a row without a tap.
    pub silent_renewals: i16,
    /// A confirm came from somebody without an account, who may register now.
    pub awaiting_registration: bool,
    /// The browser that asked.
    pub browser: Browser,
    /// When the browser asked first.
    pub requested_at: DateTime<Utc>,
    /// Where the browser goes afterwards.
    pub return_to: Option<String>,
    /// Who scanned.
    pub claimer: Option<Identity>,
    /// Who confirmed.
    pub user_id: Option<Uuid>,
    /// What the person is asked for besides the confirm.
    pub check: Check,
    /// The two digits that the page shows for [`Check::Number`].
    pub number: Option<i16>,
    /// Wrong answers that end it, this one included.
    pub tries_left: i16,
    /// Seconds from the code to its scan.
    pub code_age: Option<i32>,
    /// Whether the code that was scanned is one of the pool.
    pub reusable_code: bool,
}

/// A browser as people know it. The address is masked: IPv4 /24, IPv6 /48.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Browser {
    /// Such as "Chrome".
    pub name: String,
    /// Such as "Windows".
    pub os: String,
    /// Such as "203.0.113.0/24".
    pub ip: String,
    /// Town or country, when an address database is configured.
    pub place: Option<String>,
}

/// Who somebody is to WeChat. Personal data: it is never logged.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The mini program.
    pub app_id: String,
    /// The person, for that mini program.
    pub openid: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(…)")
    }
}

impl Attempt {
    /// Whether this person's phone holds the attempt.
    pub fn is_claimed_by(&self, identity: &Identity) -> bool {
        self.claimer.as_ref() == Some(identity)
    }

    /// Why `step` did not happen: the state that another was faster to reach.
    pub fn refusal(&self, step: Step) -> Error {
        match self.state {
            State::Expired => Error::AttemptExpired,
            State::Cancelled => Error::AttemptCancelled,
            State::Failed => Error::AttemptFailed,
            State::Redeemed => Error::AlreadyRedeemed,
            _ if step == Step::Redeem => Error::NotConfirmed,
            State::Confirmed => Error::AlreadyConfirmed,
            State::Pending | State::Scanned | State::Approved => Error::AlreadyScanned,
        }
    }

    /// The one message that tells the browser the current state.
    pub fn message(&self, code_url: impl FnOnce(&str) -> String) -> ServerMessage {
        let (attempt, version, expires_in) = (self.id, self.version, self.expires_in);
        let reason = self.reason.map_or("attempt_lost", Reason::as_str);
        match self.state {
            State::Pending => ServerMessage::Ticket {
                attempt,
                version,
                code_url: code_url(&self.code_name),
                expires_in,
                source: self.code_source.clone(),
            },
            State::Scanned if self.awaiting_registration => ServerMessage::NotRegistered {
                attempt,
                version,
                expires_in,
            },
            State::Scanned => ServerMessage::Scanned {
                attempt,
                version,
                expires_in,
                check: self.check.as_str(),
                number: self
                    .number
                    .filter(|_| self.check == Check::Number)
                    .map(|number| format!("{number:02}")),
            },
            State::Approved => ServerMessage::CodeNeeded {
                attempt,
                version,
                expires_in,
                tries_left: self.tries_left,
            },
            State::Confirmed => ServerMessage::LoginSucceeded {
                attempt,
                version,
                expires_in,
            },
            State::Redeemed => ServerMessage::Redeemed { attempt, version },
            State::Expired => ServerMessage::Expired {
                attempt,
                version,
                reason,
            },
            // The browser signed in by another of its attempts: for this one, too, that is the end.
            State::Cancelled if self.reason == Some(Reason::RedeemedElsewhere) => {
                ServerMessage::Redeemed { attempt, version }
            }
            State::Cancelled => ServerMessage::Cancelled {
                attempt,
                version,
                reason,
            },
            State::Failed => ServerMessage::Failed {
                attempt,
                version,
                reason,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_word_of_the_database_comes_back_as_its_state() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
    }

    #[test]
    fn nothing_leads_out_of_an_attempt_that_is_over() {
        for step in Step::ALL {
            assert!(
                step.leaves().iter().all(|state| state.is_open()),
                "{step:?}"
            );
        }
    }

    proptest! {
        /// Any number of phones and tabs may send anything in any order.
        #[test]
        fn redeemed_is_reached_only_by_scan_confirm_redeem_and_only_once(
            steps in prop::collection::vec(prop::sample::select(Step::ALL.to_vec()), 0..60),
        ) {
            let mut state = State::Pending;
            let mut road = Vec::new();
            for step in steps {
                if let Some(next) = step.next(state) {
                    state = next;
                    road.push(step);
                }
            }
            let count = |wanted: Step| road.iter().filter(|step| **step == wanted).count();
            let position = |wanted: Step| road.iter().position(|step| *step == wanted);
            prop_assert_eq!(state == State::Redeemed, count(Step::Redeem) == 1);
            let agreed = count(Step::Confirm) + count(Step::PassCheck);
            prop_assert!(count(Step::Scan) <= 1 && agreed <= 1 && count(Step::Redeem) <= 1);
            if state == State::Redeemed {
                let agreed = position(Step::Confirm).or(position(Step::PassCheck));
                prop_assert!(position(Step::Scan) < agreed && agreed < position(Step::Redeem));
                prop_assert!(count(Step::PassCheck) == count(Step::Approve));
                prop_assert!(position(Step::Approve).is_none_or(|at| Some(at) < agreed));
                prop_assert_eq!(road.last(), Some(&Step::Redeem));
            }
        }
    }
}
