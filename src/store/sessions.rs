//! Browsers' sessions: redeeming an attempt, finding and ending a session.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Store, StoreError, User};
use crate::login::{
    attempt::Browser,
    ids::{AttemptId, Hash},
};

/// 30 days, whatever happens.
pub const SESSION_DAYS: i32 = 30;
/// How long the same browser may fetch the same token again.
const SALT_SECONDS: f64 = 30.0;

/// A live session with its user.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// Who is signed in.
    pub user: User,
    /// The browser that signed in.
    pub browser: Browser,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Last request, to the minute.
    pub last_seen_at: DateTime<Utc>,
}

impl Store {
    /// The session that an attempt became, and the salt while it is fresh.
    pub async fn find_session_of_attempt(
        &self,
        id: AttemptId,
    ) -> Result<Option<(Uuid, Option<Vec<u8>>)>, StoreError> {
        let row = self
            .run(async |db| {
                sqlx::query!(
                    r#"select id, case
                        when created_at > saoma_now() - make_interval(secs => $2) then token_salt
                        end as "salt?"
                    from sessions s where attempt_id = $1 and saoma_session_lives(s)"#,
                    id.0,
                    SALT_SECONDS,
                )
                .fetch_optional(db)
                .await
            })
            .await?;
        Ok(row.map(|row| (row.id, row.salt)))
    }

    /// The live session of a token. Notes the visit, at most once a minute.
    pub async fn find_session(&self, token: &Hash) -> Result<Option<Session>, StoreError> {
        let row = self
            .run(async |db| {
                let row = sqlx::query!(
                    r#"select s.id, s.browser_name, s.browser_os, s.browser_ip, s.created_at,
                        s.last_seen_at, u.id as user_id, u.nickname, u.avatar_url,
                        s.presented_at is null or s.last_seen_at < saoma_now() - interval '1 minute'
                            as "stale!"
                    from sessions s join users u on u.id = s.user_id
                    where s.token_hash = $1 and saoma_session_lives(s) and u.blocked_at is null"#,
                    token.as_slice(),
                )
                .fetch_optional(&mut *db)
                .await?;
                if row.as_ref().is_some_and(|row| row.stale) {
                    sqlx::query!(
                        "update sessions set last_seen_at = saoma_now(),
                            presented_at = coalesce(presented_at, saoma_now())
                         where token_hash = $1",
                        token.as_slice(),
                    )
                    .execute(db)
                    .await?;
                }
                Ok(row)
            })
            .await?;
        Ok(row.map(|row| Session {
            id: row.id,
            user: User {
                id: row.user_id,
                nickname: row.nickname,
                avatar_path: row.avatar_url,
            },
            browser: Browser {
                name: row.browser_name,
                os: row.browser_os,
                ip: row.browser_ip,
                place: None,
            },
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
        }))
    }

    /// The user that a session belongs to, unless he is blocked.
    pub async fn find_session_user(&self, id: Uuid) -> Result<Option<User>, StoreError> {
        self.run(async |db| {
            sqlx::query_as!(
                User,
                "select u.id, u.nickname, u.avatar_url as avatar_path
                 from sessions s join users u on u.id = s.user_id
                 where s.id = $1 and u.blocked_at is null",
                id,
            )
            .fetch_optional(db)
            .await
        })
        .await
    }

    /// Ends the session of a token; its id, if there was one.
    pub async fn delete_session(&self, token: &Hash, ip: &str) -> Result<Option<Uuid>, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!(
                r#"with ended as (
                    delete from sessions where token_hash = $1
                    returning id, user_id, attempt_id, browser_name, browser_os
                ), audited as (
                    insert into audit_log (event, user_id, attempt_id, session_id, ip, browser_name,
                        browser_os)
                    select 'logout', user_id, attempt_id, id, $2, browser_name, browser_os from ended
                )
                select id as "id!" from ended"#,
                token.as_slice(),
                ip,
            )
            .fetch_optional(db)
            .await
        })
        .await
    }
}
