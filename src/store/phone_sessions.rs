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
pub(super) const DAYS: i32 = 30;

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
