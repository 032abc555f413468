//! Reading the audit log. Its rows are written together with what they tell of.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{Scan, Store, StoreError, seconds};
use crate::login::ids::AttemptId;

/// One thing that happened.
#[derive(Debug, Clone, Serialize)]
pub struct AuditEntry {
    /// Grows, with gaps; a smaller one may appear a moment after a larger one.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// What, such as `login`.
    pub event: String,
    /// How it ended, such as `ok` or `number_wrong`.
    pub outcome: String,
    /// Who, if he has an account.
    pub user_id: Option<Uuid>,
    /// In which login.
    pub attempt_id: Option<Uuid>,
    /// In which session.
    pub session_id: Option<Uuid>,
    /// From where, masked.
    pub ip: Option<String>,
    /// The browser that asked for the login.
    pub browser_name: Option<String>,
    /// Its system.
    pub browser_os: Option<String>,
    /// WeChat's entry scene of the scan.
    pub entry_scene: Option<i32>,
    /// What the person was asked for.
    pub check_kind: Option<String>,
    /// When the user said that it was not him.
    pub reported_at: Option<DateTime<Utc>>,
}

/// Which entries.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditQuery {
    /// Of this user only.
    pub user: Option<Uuid>,
    /// Not older than this.
    pub since: Option<Duration>,
    /// At most so many, the newest of them.
    pub limit: i64,
}

impl Store {
    /// The newest entries that the query means, the oldest of them first.
    pub async fn read_audit(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        let mut entries = self
            .run(async |db| {
                sqlx::query_as!(
                    AuditEntry,
                    "select id, at, event, outcome, user_id, attempt_id, session_id, ip,
                        browser_name, browser_os, entry_scene, check_kind, reported_at
                     from audit_log
                     where ($1::uuid is null or user_id = $1)
                        and ($2::float8 is null or at >= saoma_now() - make_interval(secs => $2))
                     order by id desc limit $3",
                    query.user,
                    query.since.map(seconds),
                    query.limit,
                )
                .fetch_all(db)
                .await
            })
            .await?;
        entries.reverse();
        Ok(entries)
    }

    /// The first entries above an id, at most `limit`.
    pub async fn read_audit_after(
        &self,
        id: i64,
        user: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.run(async |db| {
            sqlx::query_as!(
                AuditEntry,
                "select id, at, event, outcome, user_id, attempt_id, session_id, ip,
                    browser_name, browser_os, entry_scene, check_kind, reported_at
                 from audit_log
                 where id > $1 and ($2::uuid is null or user_id = $2)
                 order by id limit $3",
                id,
                user,
                limit,
            )
            .fetch_all(db)
            .await
        })
        .await
    }

    /// Notes the logins that were confirmed and never collected by their browser, each once, of
    /// some attempts with an id above `after`. Says up to which it looked, if there may be more.
    /// Whoever deleted his account meanwhile has none.
    ///
    /// An attempt that was noted has a reason, which an older version does not write: it has the
    /// entry alone. A redeem that came in time may still be under way for 2 s.
    ///
    /// Their ids go in a list: a join was planned, while the statistics knew of no login that was
    /// confirmed, as all of those times all that were seen, and took 0.4 s for a thousand.
    pub async fn note_uncollected(&self, after: Uuid) -> Result<Option<Uuid>, StoreError> {
        const SOME: i64 = 1024;
        self.run(async |db| {
            sqlx::query_scalar!(
                r#"with seen as materialized (
                    select id, state = 'confirmed' and reason is null
                        and expires_at < saoma_now() - interval '3 seconds' as uncollected
                    from login_attempts where id > $1 order by id limit $2
                ), noted as (
                    update login_attempts a set reason = 'uncollected'
                    where a.id = any(array(select id from seen where uncollected))
                        and a.state = 'confirmed' and a.reason is null and a.user_id is not null
                        and not exists (
                            select from audit_log l
                            where l.attempt_id = a.id and l.outcome = 'uncollected')
                    returning a.*
                ), audited as (
                    insert into audit_log (event, outcome, user_id, attempt_id, ip, browser_name,
                        browser_os, entry_scene, check_kind)
                    select 'login', reason, user_id, id, browser_ip, browser_name, browser_os,
                        entry_scene, check_kind
                    from noted
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

    /// Notes that another phone tried a code that one phone holds.
    pub async fn note_contest(
        &self,
        attempt: AttemptId,
        scan: &Scan<'_>,
    ) -> Result<(), StoreError> {
        self.run(async |db| {
            sqlx::query!(
                "insert into audit_log (event, outcome, user_id, attempt_id, ip, entry_scene)
                 values ('scan', 'contested', saoma_user_of($1, $2), $3, $4, $5)",
                scan.identity.app_id,
                scan.identity.openid,
                attempt.0,
                scan.ip,
                scan.entry_scene,
            )
            .execute(db)
            .await
        })
        .await?;
        Ok(())
    }

    /// Deletes a batch of entries older than `age`; true if more are left.
    ///
    /// It looks at the oldest by their ids, in the order of which they were
    /// written: the index on their times keeps the bounds of what was deleted
    /// before, and would have the whole log read each time.
    pub async fn delete_old_audit(&self, age: Duration) -> Result<bool, StoreError> {
        let deleted = self
            .run(async |db| {
                sqlx::query!(
                    "delete from audit_log where id = any(array(
                        select id from (select id, at from audit_log order by id limit $2) oldest
                        where at < saoma_now() - make_interval(secs => $1)))",
                    seconds(age),
                    super::housekeeping::BATCH,
                )
                .execute(db)
                .await
            })
            .await?;
        Ok(deleted.rows_affected() == super::housekeeping::BATCH.unsigned_abs())
    }
}
