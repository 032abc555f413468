//! What the owner may do with users.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Store, StoreError};
use crate::login::attempt::Identity;

/// A user as the owner sees him.
#[derive(Debug, Clone)]
pub struct ListedUser {
    /// His id.
    pub id: Uuid,
    /// As he typed it.
    pub nickname: Option<String>,
    /// Since when he has an account.
    pub created_at: DateTime<Utc>,
    /// Since when it is blocked.
    pub blocked_at: Option<DateTime<Utc>>,
    /// Live sessions.
    pub sessions: i64,
}

impl Store {
    /// Users, the newest first, at most `limit`.
    pub async fn list_users(&self, limit: i64) -> Result<Vec<ListedUser>, StoreError> {
        self.run(async |db| {
            sqlx::query_as!(
                ListedUser,
                r#"select u.id, u.nickname, u.created_at, u.blocked_at,
                    (select count(*) from sessions s
                     where s.user_id = u.id and saoma_session_lives(s)) as "sessions!"
                from users u order by u.created_at desc, u.id limit $1"#,
                limit,
            )
            .fetch_all(db)
            .await
        })
        .await
    }

    /// Blocks a user: his sessions end, and so do the logins that he is about
    /// to finish. False if there is no such user who is not blocked.
    pub async fn block_user(&self, id: Uuid) -> Result<bool, StoreError> {
        let blocked = self
            .run(async |db| {
                sqlx::query_scalar!(
                    r#"with blocked as (
                        update users set blocked_at = saoma_now()
                        where id = $1 and blocked_at is null
                        returning id
                    ), ended as (
                        delete from sessions s using blocked b where s.user_id = b.id
                        returning s.id, s.user_id, s.attempt_id, s.browser_name, s.browser_os
                    ), attempts as (
                        update login_attempts a set
                            state = 'failed', reason = 'user_blocked',
                            version = saoma_next_version(a.version, a.expires_at)
                        from blocked b
                        join wechat_identities i on i.user_id = b.id
                        where a.app_id = i.app_id and a.openid = i.openid
                            and a.user_id = b.id and a.state = any($2) and a.expires_at > saoma_now()
                        returning a.id, a.user_id, a.browser_name, a.browser_os
                    ), audited as (
                        insert into audit_log (event, outcome, user_id, attempt_id, session_id,
                            browser_name, browser_os)
                        select 'user_blocked', 'ok', id, null, null, null, null from blocked
                        union all
                        select 'session_ended', 'user_blocked', user_id, attempt_id, id,
                            browser_name, browser_os from ended
                        union all
                        select 'login', 'user_blocked', user_id, id, null,
                            browser_name, browser_os from attempts
                    )
                    select id as "id!" from blocked"#,
                    id,
                    &["approved".to_owned(), "confirmed".to_owned()],
                )
                .fetch_optional(db)
                .await
            })
            .await?;
        Ok(blocked.is_some())
    }

    /// Lets a blocked user in again, by a new login: what a redeem or a confirm
    /// left that ran beside the block ends now. False if there is no such blocked user.
    pub async fn unblock_user(&self, id: Uuid) -> Result<bool, StoreError> {
        let unblocked = self
            .run(async |db| {
                sqlx::query_scalar!(
                    r#"with unblocked as (
                        update users set blocked_at = null where id = $1 and blocked_at is not null
                        returning id
                    ), ended as (
                        delete from sessions s using unblocked u where s.user_id = u.id
                    ), attempts as (
                        update login_attempts a set
                            state = 'failed', reason = 'user_blocked',
                            version = saoma_next_version(a.version, a.expires_at)
                        from unblocked u
                        join wechat_identities i on i.user_id = u.id
                        where a.app_id = i.app_id and a.openid = i.openid
                            and a.user_id = u.id and a.state = any($2) and a.expires_at > saoma_now()
                    ), audited as (
                        insert into audit_log (event, user_id) select 'user_unblocked', id from unblocked
                    )
                    select id as "id!" from unblocked"#,
                    id,
                    &["approved".to_owned(), "confirmed".to_owned()],
                )
                .fetch_optional(db)
                .await
            })
            .await?;
        Ok(unblocked.is_some())
    }

    /// Who a user is to WeChat; any of his identities.
    pub async fn find_identity(&self, user: Uuid) -> Result<Option<Identity>, StoreError> {
        self.run(async |db| {
            sqlx::query_as!(
                Identity,
                "select app_id, openid from wechat_identities where user_id = $1 limit 1",
                user,
            )
            .fetch_optional(db)
            .await
        })
        .await
    }
}
