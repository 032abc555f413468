//! What a query can fail with.

/// Why the store gave no answer. The text is for the log.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Postgres could not be asked, or refused for a moment.
    #[error("database: {0}")]
    Unavailable(#[from] sqlx::Error),
    /// No answer within the limit of a use case.
    #[error("database: no answer in time")]
    TimedOut,
    /// A row says what no code of ours writes.
    #[error("database row with an impossible value: {0}")]
    Inconsistent(String),
}
