//! The rows of the keys that sign access tokens.

use sqlx::Connection;

use super::{Store, StoreError};

/// A signing key as the database keeps it.
#[derive(Debug, Clone)]
pub struct SealedKey {
    /// Names the key in a token's header.
    pub kid: String,
    /// Ed25519, 32 bytes.
    pub public_key: Vec<u8>,
    /// The private part, sealed.
    pub sealed_private: Vec<u8>,
}

impl Store {
    /// All keys, the newest first.
    pub async fn list_signing_keys(&self) -> Result<Vec<SealedKey>, StoreError> {
        self.run(async |db| {
            sqlx::query_as!(
                SealedKey,
                "select kid, public_key, sealed_private from signing_keys order by created_at desc",
            )
            .fetch_all(db)
            .await
        })
        .await
    }

    /// Adds the first key; of two instances that start at once, one adds it.
    pub async fn add_first_signing_key(&self, key: &SealedKey) -> Result<(), StoreError> {
        self.run(async |db| {
            let mut transaction = db.begin().await?;
            sqlx::query!("select pg_advisory_xact_lock(hashtext('saoma signing keys'))")
                .execute(&mut *transaction)
                .await?;
            sqlx::query!(
                "insert into signing_keys (kid, public_key, sealed_private)
                 select $1, $2, $3 where not exists (select from signing_keys)",
                key.kid,
                key.public_key,
                key.sealed_private,
            )
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await
        })
        .await?;
        Ok(())
    }
}
