//! Strangers who wanted in while registration was closed.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Store, StoreError};
use crate::login::attempt::Identity;

/// Days that an entry waits for the owner.
pub(super) const PENDING_DAYS: i32 = 30;

/// Somebody who waits for the owner's word.
#[derive(Debug, Clone)]
pub struct PendingUser {
    /// What his phone shows.
    pub reference: String,
    /// Where from, masked.
    pub ip: String,
    /// When he last asked.
    pub created_at: DateTime<Utc>,
}

impl Store {
    /// Notes that this person wants in; a second time gives the first reference again.
    pub async fn add_pending_user(
        &self,
        identity: &Identity,
        unionid: Option<&str>,
        reference: &str,
        ip: &str,
    ) -> Result<String, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!(
                "insert into pending_users (reference, app_id, openid, unionid, ip)
                 values ($1, $2, $3, $4, $5)
                 on conflict (app_id, openid) do update
                    set ip = excluded.ip, created_at = excluded.created_at
                 returning reference",
                reference,
                identity.app_id,
                identity.openid,
                unionid,
                ip,
            )
            .fetch_one(db)
            .await
        })
        .await
    }

    /// The reference of somebody who waits.
    pub async fn find_pending_user(
        &self,
        identity: &Identity,
    ) -> Result<Option<String>, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!(
                "select reference from pending_users where app_id = $1 and openid = $2",
                identity.app_id,
                identity.openid,
            )
            .fetch_optional(db)
            .await
        })
        .await
    }

    /// All who wait, the newest first, at most `limit`.
    pub async fn list_pending_users(&self, limit: i64) -> Result<Vec<PendingUser>, StoreError> {
        self.run(async |db| {
            sqlx::query_as!(
                PendingUser,
                "select reference, ip, created_at from pending_users
                 order by created_at desc limit $1",
                limit,
            )
            .fetch_all(db)
            .await
        })
        .await
    }

    /// Makes a user of the person with this reference, also of somebody who was
    /// blocked before his account was deleted. None if nobody has it,
    /// or if he has an account by now.
    pub async fn approve_pending_user(&self, reference: &str) -> Result<Option<Uuid>, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!(
                r#"with pending as (
                    delete from pending_users where reference = $1
                    returning app_id, openid, unionid
                ), forgiven as (
                    delete from barred_people b using pending p
                    where b.person_hash = saoma_person_hash(p.app_id, p.openid)
                ), added as (
                    insert into users (id)
                    select $2 from pending where saoma_user_of(app_id, openid) is null
                    returning id
                ), identity as (
                    insert into wechat_identities (app_id, openid, unionid, user_id)
                    select app_id, openid, unionid, added.id from pending cross join added
                ), audited as (
                    insert into audit_log (event, user_id) select 'user_approved', id from added
                )
                select id as "id!" from added"#,
                reference,
                Uuid::new_v4(),
            )
            .fetch_optional(db)
            .await
        })
        .await
    }
}
