//! Users, and who they are to WeChat.

use uuid::Uuid;

use super::{Store, StoreError};
use crate::login::attempt::Identity;

/// Somebody with an account here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Stable for ever.
    pub id: Uuid,
    /// As the person typed it.
    pub nickname: Option<String>,
    /// Where the picture is on this server.
    pub avatar_path: Option<String>,
}

/// Why somebody could not be registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The person has an account.
    #[error("already registered")]
    Already,
    /// He was blocked when his account was deleted.
    #[error("barred")]
    Barred,
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
        ip: &str,
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
                            and not exists (select from barred_people
                                where person_hash = saoma_person_hash($3, $4))
                        returning id
                    ), audited as (
                        insert into audit_log (event, user_id, ip) select 'register', id, $6 from added
                    ), waiting as (
                        delete from pending_users where app_id = $3 and openid = $4
                    )
                    insert into wechat_identities (app_id, openid, unionid, user_id)
                    select $3, $4, $5, id from added",
                    id,
                    nickname,
                    identity.app_id,
                    identity.openid,
                    unionid,
                    ip,
                )
                .execute(db)
                .await
            })
            .await;
        match added {
            Ok(done) if done.rows_affected() == 1 => Ok(User {
                id,
                nickname: nickname.map(str::to_owned),
                avatar_path: None,
            }),
            Ok(_) if self.is_barred(identity).await? => Err(RegisterError::Barred),
            Ok(_) => Err(RegisterError::Already),
            Err(StoreError::Refused(sqlx::Error::Database(error)))
                if error.constraint() == Some("wechat_identities_pkey") =>
            {
                Err(RegisterError::Already)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the person was blocked when his account was deleted, and has not
    /// been approved since.
    async fn is_barred(&self, identity: &Identity) -> Result<bool, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!(
                r#"select exists (select from barred_people
                    where person_hash = saoma_person_hash($1, $2)) as "barred!""#,
                identity.app_id,
                identity.openid,
            )
            .fetch_one(db)
            .await
        })
        .await
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
                "update users set nickname = $2 where id = $1
                 returning id, nickname, avatar_url as avatar_path",
                id,
                nickname,
            )
            .fetch_optional(db)
            .await
        })
        .await
    }
}
