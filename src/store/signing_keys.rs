//! The rows of the keys that sign access tokens.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};

use super::{Store, StoreError, seconds};

/// A signing key as the database keeps it.
#[derive(Debug, Clone)]
pub struct SealedKey {
    /// Names the key in a token's header.
    pub kid: String,
    /// Ed25519, 32 bytes.
    pub public_key: Vec<u8>,
    /// The private part, sealed.
    pub sealed_private: Vec<u8>,
    /// When it was made, and published with it.
    pub created_at: DateTime<Utc>,
    /// From when it signs.
    pub signs_from: DateTime<Utc>,
    /// The database's time when the row was read.
    pub read_at: DateTime<Utc>,
}

/// A key that is to be added.
#[derive(Debug)]
pub struct NewSigningKey {
    /// Names the key.
    pub kid: String,
    /// Ed25519, 32 bytes.
    pub public_key: Vec<u8>,
    /// The private part, sealed.
    pub sealed_private: Vec<u8>,
    /// How long it is published before it signs.
    pub published_before: Duration,
}

/// What changes in the table, all of it or nothing.
#[derive(Debug, Default)]
pub struct KeyChange {
    /// A new key.
    pub add: Option<NewSigningKey>,
    /// Names of keys and their private parts, sealed anew.
    pub seal_anew: Vec<(String, Vec<u8>)>,
    /// Names of keys that are published no more.
    pub delete: Vec<String>,
}

impl Store {
    /// All keys, the newest first.
    pub async fn list_signing_keys(&self) -> Result<Vec<SealedKey>, StoreError> {
        self.run(list).await
    }

    /// Reads all keys and changes them by `plan`, alone among all instances.
    /// When the plan fails nothing is changed, and its error is the inner one.
    pub async fn change_signing_keys(
        &self,
        plan: impl FnOnce(&[SealedKey]) -> anyhow::Result<KeyChange>,
    ) -> Result<anyhow::Result<()>, StoreError> {
        self.run(async |db| {
            let mut transaction = db.begin().await?;
            sqlx::query!("select pg_advisory_xact_lock(hashtext('saoma signing keys'))")
                .execute(&mut *transaction)
                .await?;
            let change = match plan(&list(&mut transaction).await?) {
                Ok(change) => change,
                Err(refused) => return Ok(Err(refused)),
            };
            apply(&mut transaction, &change).await?;
            transaction.commit().await?;
            Ok(Ok(()))
        })
        .await
    }
}

async fn list(db: &mut PgConnection) -> sqlx::Result<Vec<SealedKey>> {
    sqlx::query_as!(
        SealedKey,
        r#"select kid, public_key, sealed_private, created_at, signs_from,
            saoma_now() as "read_at!"
         from signing_keys order by signs_from desc, created_at desc"#,
    )
    .fetch_all(db)
    .await
}

async fn apply(db: &mut PgConnection, change: &KeyChange) -> sqlx::Result<()> {
    if let Some(key) = &change.add {
        sqlx::query!(
            "insert into signing_keys (kid, public_key, sealed_private, signs_from)
             values ($1, $2, $3, saoma_now() + make_interval(secs => $4))",
            key.kid,
            key.public_key,
            key.sealed_private,
            seconds(key.published_before),
        )
        .execute(&mut *db)
        .await?;
    }
    for (kid, sealed) in &change.seal_anew {
        sqlx::query!(
            "update signing_keys set sealed_private = $2 where kid = $1",
            kid,
            sealed,
        )
        .execute(&mut *db)
        .await?;
    }
    sqlx::query!(
        "delete from signing_keys where kid = any($1)",
        &change.delete,
    )
    .execute(db)
    .await?;
    Ok(())
}
