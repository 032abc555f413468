//! Browsers' sessions: redeeming an attempt, finding and ending a session.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    Store, StoreError, User,
    attempt_rows::{all, attempts},
};
use crate::login::{
    attempt::{Attempt, Browser, Step},
    ids::{AttemptId, Hash},
};

/// 30 days, whatever happens.
pub const SESSION_DAYS: i32 = 30;
/// How long the same browser may fetch the same token again.
const SALT_SECONDS: f64 = 30.0;

/// A session about to be made.
#[derive(Debug)]
pub struct NewSession {
    /// Its id.
    pub id: Uuid,
    /// Of the token that goes into the cookie.
    pub token_hash: Hash,
    /// Gives the token again, with the browser's secret.
    pub salt: [u8; 32],
}

/// What a redeem has done.
#[derive(Debug)]
pub struct Redeemed {
    /// The attempt itself, and the browser's other attempts that ended with it.
    pub changed: Vec<Attempt>,
}

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
    /// Turns a confirmed attempt into a session, ends the browser's other open
    /// attempts and the session that it had before: all or nothing, in one
    /// statement. None if the guard refused.
    pub async fn redeem_attempt(
        &self,
        id: AttemptId,
        browser: &Hash,
        new: &NewSession,
        previous_token: Option<&Hash>,
    ) -> Result<Option<Redeemed>, StoreError> {
        let rows = self
            .run(async |db| {
                attempts!(
                    "with redeemed as (
                        update login_attempts set state = 'redeemed', version = saoma_next_version(version, expires_at)
                        where id = $1 and browser_hash = $2
                            and user_id in (select id from users where blocked_at is null)
                            and state = any($8) and expires_at > saoma_now()
                        returning *
                    ), session as (
                        insert into sessions (id, token_hash, attempt_id, user_id, token_salt,
                            browser_name, browser_os, browser_ip, expires_at, phone_session_id)
                        select $3, $4, id, user_id, $5, browser_name, browser_os, browser_ip,
                            saoma_now() + make_interval(days => $6), phone_session_id
                        from redeemed
                    ), others as (
                        update login_attempts a set
                            state = 'cancelled', reason = 'redeemed_elsewhere',
                            version = saoma_next_version(a.version, a.expires_at), awaiting_registration = false
                        from redeemed r
                        where a.browser_hash = $2 and a.id <> $1
                            and a.expires_at > saoma_now()
                            and a.state in ('pending', 'scanned', 'approved', 'confirmed')
                        returning a.*
                    ), previous as (
                        delete from sessions s using redeemed where s.token_hash = $7
                        returning s.id, s.user_id, s.attempt_id, s.browser_name, s.browser_os
                    ), audited as (
                        insert into audit_log (event, outcome, user_id, attempt_id, session_id, ip,
                            browser_name, browser_os, entry_scene, check_kind)
                        select 'login', 'ok', user_id, id, $3, browser_ip, browser_name, browser_os,
                            entry_scene, check_kind
                        from redeemed
                        union all
                        select 'session_ended', 'replaced', user_id, attempt_id, id, null,
                            browser_name, browser_os, null, null
                        from previous
                    ) ",
                    "from (select * from redeemed union all select * from others) a",
                    id.0,
                    browser.as_slice(),
                    new.id,
                    new.token_hash.as_slice(),
                    new.salt.as_slice(),
                    SESSION_DAYS,
                    previous_token.map(<[u8; 32]>::as_slice),
                    &Step::Redeem.leaves_words(),
                )
                .fetch_all(db)
                .await
            })
            .await?;
        let changed = all(rows)?;
        let done = changed.iter().any(|attempt| attempt.id == id);
        Ok(done.then_some(Redeemed { changed }))
    }

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
                    from sessions where attempt_id = $1"#,
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
                avatar_url: row.avatar_url,
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
                "select u.id, u.nickname, u.avatar_url
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
