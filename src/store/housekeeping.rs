//! What is deleted when nobody needs it any more.

use uuid::Uuid;

use super::{Store, StoreError, pending_users::PENDING_DAYS};

/// Rows of one batch: a deletion never holds locks for long.
pub(super) const BATCH: i64 = 1000;

impl Store {
    /// Deletes old attempts and entries of strangers, a batch of each; true if more are left.
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
        Ok([attempts, pending]
            .iter()
            .any(|done| done.rows_affected() == batch))
    }

    /// Of some sessions with an id above `after`, deletes those that have ended and erases the
    /// salts that have served their 30 seconds. Says up to which it looked, if there may be more.
    pub async fn tidy_sessions(&self, after: Uuid) -> Result<Option<Uuid>, StoreError> {
        // After a burst of logins all of them have salts; for 250 it took 5 ms.
        const SOME: i64 = 100;
        self.run(async |db| {
            sqlx::query_scalar!(
                r#"with seen as materialized (
                    select s.id, saoma_session_lives(s) as lives, s.token_salt is not null
                        and s.created_at < saoma_now() - interval '30 seconds' as salted
                    from sessions s where s.id > $1 order by s.id limit $2
                ), erased as (
                    update sessions set token_salt = null
                    where id = any(array(select id from seen where lives and salted))
                ), gone as (
                    delete from sessions s
                    where s.id = any(array(select id from seen where not lives))
                        and not saoma_session_lives(s)
                )
                select id as "id!" from seen order by id offset $2 - 1"#,
                after,
                SOME,
            )
            .fetch_optional(db)
            .await
        })
        .await
    }

    /// Deletes those that have ended of a batch of phones' sessions with an id above `after`. Says
    /// up to which it looked, if there may be more.
    pub async fn delete_ended_phones(&self, after: Uuid) -> Result<Option<Uuid>, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!(
                r#"with seen as materialized (
                    select id, expires_at < saoma_now() as over
                    from phone_sessions where id > $1 order by id limit $2
                ), gone as (
                    delete from phone_sessions
                    where id = any(array(select id from seen where over))
                        and expires_at < saoma_now()
                )
                select id as "id!" from seen order by id offset $2 - 1"#,
                after,
                BATCH,
            )
            .fetch_optional(db)
            .await
        })
        .await
    }
}
