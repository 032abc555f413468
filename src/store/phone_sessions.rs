//! A phone's own session, so that WeChat is asked once and not at every scan.

use uuid::Uuid;

use super::{Store, StoreError, User};
use crate::login::{attempt::Identity, ids::Hash};

/// A phone that WeChat has vouched for.
#[derive(Debug, Clone)]
pub struct PhoneSession {
    /// Its id.
    pub id: Uuid,
    /// Who holds the phone.
    pub identity: Identity,
    /// The person across an owner's apps, if WeChat says.
    pub unionid: Option<String>,
    /// His account here, if he has one.
    pub user: Option<User>,
    /// The owner has blocked that account.
    pub blocked: bool,
}

/// 30 days, sliding.
const DAYS: i32 = 30;

/// Whole seconds that a new phone session lasts.
pub const PHONE_SESSION_SECONDS: i64 = DAYS as i64 * 86_400;

impl Store {
    /// Adds a session for a phone that WeChat has just vouched for.
    pub async fn add_phone_session(
        &self,
        token: &Hash,
        identity: &Identity,
        unionid: Option<&str>,
    ) -> Result<(), StoreError> {
        self.run(async |db| {
            sqlx::query!(
                "insert into phone_sessions (id, token_hash, app_id, openid, unionid, expires_at)
                 values ($1, $2, $3, $4, $5, saoma_now() + make_interval(days => $6))",
                Uuid::new_v4(),
                token.as_slice(),
                identity.app_id,
                identity.openid,
                unionid,
                DAYS,
            )
            .execute(db)
            .await
        })
        .await?;
        Ok(())
    }

    /// The phone session of a token, with its user. Moves its end along once a day.
    pub async fn find_phone_session(
        &self,
        token: &Hash,
    ) -> Result<Option<PhoneSession>, StoreError> {
        let row = self
            .run(async |db| {
                let row = sqlx::query!(
                    r#"select p.id, p.app_id, p.openid, p.unionid,
                        p.expires_at < saoma_now() + make_interval(days => $2) - interval '1 day'
                            as "stale!",
                        u.blocked_at is not null as "blocked!", u.id as "user_id?", u.nickname as "nickname?", u.avatar_url as "avatar_url?"
                    from phone_sessions p
                    left join wechat_identities i on i.app_id = p.app_id and i.openid = p.openid
                    left join users u on u.id = i.user_id
                    where p.token_hash = $1 and p.expires_at > saoma_now()"#,
                    token.as_slice(),
                    DAYS,
                )
                .fetch_optional(&mut *db)
                .await?;
                if row.as_ref().is_some_and(|row| row.stale) {
                    sqlx::query!(
                        "update phone_sessions
                         set expires_at = saoma_now() + make_interval(days => $2)
                         where token_hash = $1",
                        token.as_slice(),
                        DAYS,
                    )
                    .execute(db)
                    .await?;
                }
                Ok(row)
            })
            .await?;
        Ok(row.map(|row| PhoneSession {
            id: row.id,
            identity: Identity {
                app_id: row.app_id,
                openid: row.openid,
            },
            unionid: row.unionid,
            blocked: row.blocked,
            user: row.user_id.map(|id| User {
                id,
                nickname: row.nickname,
                avatar_url: row.avatar_url,
            }),
        }))
    }

    /// Ends a phone session.
    pub async fn delete_phone_session(&self, id: Uuid) -> Result<(), StoreError> {
        self.run(async |db| {
            sqlx::query!("delete from phone_sessions where id = $1", id)
                .execute(db)
                .await
        })
        .await?;
        Ok(())
    }
}
