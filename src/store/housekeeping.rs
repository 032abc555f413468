//! What is deleted when nobody needs it any more.

use uuid::Uuid;

use super::{Store, StoreError, pending_users::PENDING_DAYS};

/// Rows of one batch: a deletion never holds locks for long.
pub(super) const BATCH: i64 = 1000;

impl Store {
    /// Deletes old attempts, sessions and entries of strangers, a batch of each; true if more are left.
    ///
    /// An attempt is over 15 minutes after it began, so what began two hours
    /// ago ended more than an hour ago.
    pub async fn delete_old(&self) -> Result<bool, StoreError> {
        let attempts = self
            .run(async |db| {
                sqlx::query!(
                    "delete from login_attempts where id in (
                        select id from login_attempts
                        where created_at < saoma_now() - interval '2 hours'
                            and ends_at < saoma_now() - interval '1 hour' limit $1)",
                    BATCH,
                )
                .execute(db)
                .await
            })
            .await?;
        let sessions = self
            .run(async |db| {
                sqlx::query!(
                    "delete from sessions where id in (
                        select s.id from sessions s where not saoma_session_lives(s) limit $1)",
                    BATCH,
                )
                .execute(db)
                .await
            })
            .await?;
        let phones = self
            .run(async |db| {
                sqlx::query!(
                    "delete from phone_sessions where id in (
                        select id from phone_sessions where expires_at < saoma_now() limit $1)",
                    BATCH,
                )
                .execute(db)
                .await
            })
            .await?;
        let pending = self
            .run(async |db| {
                sqlx::query!(
                    "delete from pending_users where reference in (
                        select reference from pending_users
                        where created_at < saoma_now() - make_interval(days => $2) limit $1)",
                    BATCH,
                    PENDING_DAYS,
                )
                .execute(db)
                .await
            })
            .await?;
        let batch = BATCH.unsigned_abs();
        Ok([attempts, sessions, phones, pending]
            .iter()
            .any(|done| done.rows_affected() == batch))
    }

    /// Sessions whose salts have served their 30 seconds: of the last minute, as a rule.
    pub async fn old_salts(&self) -> Result<Vec<Uuid>, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!(
                "select id from sessions
                 where token_salt is not null and created_at < saoma_now() - interval '30 seconds'",
            )
            .fetch_all(db)
            .await
        })
        .await
    }

    /// Erases the salts of these sessions.
    pub async fn erase_salts(&self, sessions: &[Uuid]) -> Result<(), StoreError> {
        self.run(async |db| {
            sqlx::query!(
                "update sessions set token_salt = null where id = any($1)",
                sessions,
            )
            .execute(db)
            .await
        })
        .await?;
        Ok(())
    }
}
