//! Why an attempt ended.

/// The reasons of PROTOCOL, section 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the protocol's words")]
pub enum Reason {
    NotScanned,
    NotConfirmed,
    NotChecked,
    NotRedeemed,
    ByPhone,
    ByBrowser,
    Replaced,
    NumberWrong,
    CodeWrong,
    RegistrationClosed,
    UserBlocked,
    AccountDeleted,
    AttemptLost,
    AttemptUnknown,
    /// Never on the wire: the browser signed in by another of its attempts.
    RedeemedElsewhere,
}

impl Reason {
    const ALL: [Self; 15] = [
        Self::NotScanned,
        Self::NotConfirmed,
        Self::NotChecked,
        Self::NotRedeemed,
        Self::ByPhone,
        Self::ByBrowser,
        Self::Replaced,
        Self::NumberWrong,
        Self::CodeWrong,
        Self::RegistrationClosed,
        Self::UserBlocked,
        Self::AccountDeleted,
        Self::AttemptLost,
        Self::AttemptUnknown,
        Self::RedeemedElsewhere,
    ];

    /// The word in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotScanned => "not_scanned",
            Self::NotConfirmed => "not_confirmed",
            Self::NotChecked => "not_checked",
            Self::NotRedeemed => "not_redeemed",
            Self::ByPhone => "by_phone",
            Self::ByBrowser => "by_browser",
            Self::Replaced => "replaced",
            Self::NumberWrong => "number_wrong",
            Self::CodeWrong => "code_wrong",
            Self::RegistrationClosed => "registration_closed",
            Self::UserBlocked => "user_blocked",
            Self::AccountDeleted => "account_deleted",
            Self::AttemptLost => "attempt_lost",
            Self::AttemptUnknown => "attempt_unknown",
            Self::RedeemedElsewhere => "redeemed_elsewhere",
        }
    }

    /// The word that others may read: how the browser signed in is its own affair.
    pub const fn as_public_str(self) -> &'static str {
        match self {
            Self::RedeemedElsewhere => Self::Replaced.as_str(),
            other => other.as_str(),
        }
    }

    /// The reason of a word; a word of a newer version is unknown here.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}
