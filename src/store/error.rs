//! What a query can fail with.

use std::io;

use sqlx::{
    error::DatabaseError,
    postgres::{PgDatabaseError, PgSeverity},
};

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

impl StoreError {
    /// Whether the database is away or too slow, for whoever asks it.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::TimedOut)
    }

    /// Whether it is sure that the statement changed nothing. A commit may work though its
    /// answer comes too late, or is lost with its connection (classes 08 and 57P).
    pub fn is_undone(&self) -> bool {
        let (Self::Unavailable(error) | Self::Refused(error)) = self else {
            return false;
        };
        match error {
            sqlx::Error::Database(refusal) => {
                refusal.code().is_some() && !is_farewell(refusal.as_ref())
            }
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
            _ => false,
        }
    }
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

/// Whether the connection is as good as before: the server has answered, and goes on.
pub(super) fn leaves_intact(error: &sqlx::Error) -> bool {
    let has_answered = matches!(error, sqlx::Error::Database(_) | sqlx::Error::RowNotFound);
    has_answered && !is_cut(error)
}

/// Whether the connection has ended.
pub(super) fn is_cut(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(refusal) => {
            let severity = refusal
                .try_downcast_ref::<PgDatabaseError>()
                .map(PgDatabaseError::severity);
            matches!(severity, Some(PgSeverity::Fatal | PgSeverity::Panic))
                || is_farewell(refusal.as_ref())
        }
        _ => false,
    }
}

/// Whether a server that took no connection may take one in a moment.
pub(super) fn may_pass(error: &sqlx::Error) -> bool {
    const NO_ROOM: &str = "53300";
    is_starting(error)
        || match error {
            sqlx::Error::Io(error) => error.kind() == io::ErrorKind::ConnectionRefused,
            sqlx::Error::Database(refusal) => refusal.code().as_deref() == Some(NO_ROOM),
            _ => false,
        }
}

/// What Postgres answers while it starts or recovers.
pub(super) fn is_starting(error: &sqlx::Error) -> bool {
    let refusal = error.as_database_error();
    refusal.and_then(DatabaseError::code).as_deref() == Some("57P03")
}

/// What says that the connection ends (classes 08 and 57P).
fn is_farewell(refusal: &dyn DatabaseError) -> bool {
    let code = refusal.code().unwrap_or_default();
    code.starts_with("08") || code.starts_with("57P")
}
