//! Users, and who they are to WeChat.

use uuid::Uuid;

use super::{Store, StoreError};
use crate::login::attempt::Identity;

/// Somebody with an account here.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct User {
    /// Stable for ever.
    pub id: Uuid,
    /// As the person typed it.
    pub nickname: Option<String>,
    /// Served from this server's own origin.
    pub avatar_url: Option<String>,
}

/// Why somebody could not be registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The person has an account.
    #[error("already registered")]
    Already,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Whether somebody is registered by another mini program than this one.
    pub async fn has_people_of_other_apps(&self, app_id: &str) -> Result<bool, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!(
                r#"select exists(select from wechat_identities where app_id <> $1) as "exists!""#,
                app_id,
            )
            .fetch_one(db)
            .await
        })
        .await
    }

    /// Adds a user with this identity, both or neither.
    pub async fn add_user(
        &self,
        identity: &Identity,
        unionid: Option<&str>,
        nickname: Option<&str>,
    ) -> Result<User, RegisterError> {
        let id = Uuid::new_v4();
        let added = self
            .run(async |db| {
                sqlx::query!(
                    "with added as (
                        insert into users (id, nickname)
                        select $1, $2
                        where not exists (
                            select from wechat_identities where app_id = $3 and openid = $4)
                        returning id
                    )
                    insert into wechat_identities (app_id, openid, unionid, user_id)
                    select $3, $4, $5, id from added",
                    id,
                    nickname,
                    identity.app_id,
                    identity.openid,
                    unionid,
                )
                .execute(db)
                .await
            })
            .await;
        match added {
            Ok(done) if done.rows_affected() == 1 => Ok(User {
                id,
                nickname: nickname.map(str::to_owned),
                avatar_url: None,
            }),
            Ok(_) => Err(RegisterError::Already),
            Err(StoreError::Refused(sqlx::Error::Database(error)))
                if error.constraint() == Some("wechat_identities_pkey") =>
            {
                Err(RegisterError::Already)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps a unionid that WeChat gives later than the account was made.
    pub async fn keep_unionid(&self, identity: &Identity, unionid: &str) -> Result<(), StoreError> {
        self.run(async |db| {
            sqlx::query!(
                "update wechat_identities set unionid = $3
                 where app_id = $1 and openid = $2 and unionid is distinct from $3",
                identity.app_id,
                identity.openid,
                unionid,
            )
            .execute(db)
            .await
        })
        .await?;
        Ok(())
    }

    /// Changes the nickname.
    pub async fn rename_user(&self, id: Uuid, nickname: &str) -> Result<Option<User>, StoreError> {
        self.run(async |db| {
            sqlx::query_as!(
                User,
                "update users set nickname = $2 where id = $1 returning id, nickname, avatar_url",
                id,
                nickname,
            )
            .fetch_optional(db)
            .await
        })
        .await
    }

    /// Deletes everything that we keep of a person, in one transaction.
    pub async fn delete_person(&self, identity: &Identity) -> Result<(), StoreError> {
        self.run(async |db| {
            sqlx::query!(
                "with identities as (
                    select i.app_id, i.openid, i.user_id from wechat_identities i
                    where i.user_id = (
                        select user_id from wechat_identities where app_id = $1 and openid = $2)
                    union select $1, $2, null
                ), phones as (
                    delete from phone_sessions p using identities i
                    where p.app_id = i.app_id and p.openid = i.openid
                ), attempts as (
                    update login_attempts a set
                        app_id = null, openid = null, user_id = null, nonce_hash = null,
                        version = saoma_next_version(a.version, a.expires_at), awaiting_registration = false,
                        state = case when a.state = any($3) and a.expires_at > saoma_now() then 'failed' else a.state end,
                        reason = case when a.state = any($3) and a.expires_at > saoma_now() then 'account_deleted' else a.reason end
                    from identities i where a.app_id = i.app_id and a.openid = i.openid
                )
                delete from users u using identities i where u.id = i.user_id",
                identity.app_id,
                identity.openid,
                &["scanned".to_owned(), "approved".to_owned(), "confirmed".to_owned()],
            )
            .execute(db)
            .await
        })
        .await?;
        Ok(())
    }
}
