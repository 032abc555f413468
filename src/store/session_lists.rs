//! A user's sessions: listed, ended, reported.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Store, StoreError};
use crate::login::attempt::Browser;

/// Nobody reads further; the newest come first.
const MOST: i64 = 100;

/// One of a user's signed-in browsers.
#[derive(Debug, Clone)]
pub struct ListedSession {
    /// Its id.
    pub id: Uuid,
    /// The browser that signed in.
    pub browser: Browser,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Last request, to the minute.
    pub last_seen_at: DateTime<Utc>,
    /// The phone's list has not shown it before.
    pub is_new: bool,
}

/// Who ends a session, for the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// One of the user's browsers.
    Browser,
    /// The user's phone.
    Phone,
}

impl EndedBy {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "by_browser",
            Self::Phone => "by_phone",
        }
    }
}

impl Store {
    /// The user's live sessions, the newest first, at most 100. With `on_phone`
    /// they are no longer new after this.
    pub async fn list_sessions(
        &self,
        user: Uuid,
        on_phone: bool,
    ) -> Result<Vec<ListedSession>, StoreError> {
        let rows = self
            .run(async |db| {
                sqlx::query!(
                    r#"with live as (
                        select * from sessions s
                        where s.user_id = $1 and saoma_session_lives(s)
                        order by s.created_at desc limit $2
                    ), listed as (
                        update sessions s set listed_at = saoma_now() from live
                        where s.id = live.id and live.listed_at is null and $3
                    )
                    select id as "id!", browser_name as "browser_name!", browser_os as "browser_os!",
                        browser_ip as "browser_ip!", created_at as "created_at!",
                        last_seen_at as "last_seen_at!", listed_at is null as "is_new!"
                    from live order by created_at desc"#,
                    user,
                    MOST,
                    on_phone,
                )
                .fetch_all(db)
                .await
            })
            .await?;
        let sessions = rows.into_iter().map(|row| ListedSession {
            id: row.id,
            browser: Browser {
                name: row.browser_name,
                os: row.browser_os,
                ip: row.browser_ip,
                place: None,
            },
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            is_new: row.is_new,
        });
        Ok(sessions.collect())
    }

    /// Ends one of the user's sessions; false if he has no such session.
    pub async fn end_session(
        &self,
        user: Uuid,
        id: Uuid,
        by: EndedBy,
        ip: &str,
    ) -> Result<bool, StoreError> {
        let ended = self
            .end_sessions_where(user, Some(id), None, by, ip)
            .await?;
        Ok(!ended.is_empty())
    }

    /// Ends all of the user's sessions but `kept`; returns those that ended.
    pub async fn end_all_sessions(
        &self,
        user: Uuid,
        kept: Option<Uuid>,
        by: EndedBy,
        ip: &str,
    ) -> Result<Vec<Uuid>, StoreError> {
        self.end_sessions_where(user, None, kept, by, ip).await
    }

    async fn end_sessions_where(
        &self,
        user: Uuid,
        only: Option<Uuid>,
        kept: Option<Uuid>,
        by: EndedBy,
        ip: &str,
    ) -> Result<Vec<Uuid>, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!(
                r#"with ended as (
                    delete from sessions s
                    where user_id = $1 and ($2::uuid is null or id = $2) and id is distinct from $3
                        and saoma_session_lives(s)
                    returning id, user_id, attempt_id, browser_name, browser_os
                ), audited as (
                    insert into audit_log (event, outcome, user_id, attempt_id, session_id, ip,
                        browser_name, browser_os)
                    select 'session_ended', $4, user_id, attempt_id, id, $5, browser_name, browser_os
                    from ended
                )
                select id as "id!" from ended"#,
                user,
                only,
                kept,
                by.as_str(),
                ip,
            )
            .fetch_all(db)
            .await
        })
        .await
    }

    /// 'This was not me': ends the session and marks its login in the audit
    /// log, also when the session has ended already. Saying it again adds
    /// nothing. False if the user never had such a session.
    pub async fn report_session(&self, user: Uuid, id: Uuid, ip: &str) -> Result<bool, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!(
                r#"with ended as (
                    delete from sessions where user_id = $1 and id = $2
                    returning id
                ), login as (
                    select id from audit_log
                    where session_id = $2 and user_id = $1 and event = 'login'
                ), marked as (
                    update audit_log set reported_at = saoma_now()
                    where id in (select id from login) and reported_at is null
                    returning attempt_id, session_id, browser_name, browser_os
                ), audited as (
                    insert into audit_log (event, user_id, attempt_id, session_id, ip, browser_name,
                        browser_os)
                    select 'report', $1, attempt_id, session_id, $3, browser_name, browser_os
                    from marked
                )
                select exists (select from ended) or exists (select from login) as "found!""#,
                user,
                id,
                ip,
            )
            .fetch_one(db)
            .await
        })
        .await
    }
}
