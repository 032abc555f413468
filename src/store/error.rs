//! What a query can fail with.

/// Why the store gave no answer. The text is for the log.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Postgres could not be asked, or refused for a moment.
    #[error("database: {0}")]
    Unavailable(sqlx::Error),
    /// No answer within the limit of a use case.
    #[error("database: no answer in time")]
    TimedOut,
    /// The statement or its answer makes no sense to the other side: our fault.
    #[error("database: {0}")]
    Refused(sqlx::Error),
    /// A row says what no code of ours writes.
    #[error("database row with an impossible value: {0}")]
    Inconsistent(String),
}

impl From<sqlx::Error> for StoreError {
    /// Data exceptions (22), broken constraints (23) and wrong statements (42)
    /// come again however often one asks; everything else may pass.
    fn from(error: sqlx::Error) -> Self {
        let ours = match &error {
            sqlx::Error::Database(refusal) => refusal
                .code()
                .is_some_and(|code| ["22", "23", "42"].contains(&code.get(..2).unwrap_or(""))),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => true,
            _ => false,
        };
        if ours {
            Self::Refused(error)
        } else {
            Self::Unavailable(error)
        }
    }
}
