//! Which server processes work on this database.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Store, StoreError, seconds};

/// What a process says of itself.
#[derive(Debug, Clone)]
pub struct Instance {
    /// `SAOMA_INSTANCE`.
    pub name: String,
    /// Random for each process.
    pub process: Uuid,
    /// By what it hears of the others.
    pub way: &'static str,
    /// Where the others reach its admin address.
    pub internal_url: Option<String>,
    /// By what others address what they seal for this process; random.
    pub channel: Uuid,
}

/// What is known of another process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherInstance {
    /// Its name.
    pub name: String,
    /// By what it hears of the others.
    pub way: String,
    /// Where it is reached.
    pub internal_url: Option<String>,
    /// Its program's version.
    pub version: String,
    /// By what it is addressed with sealed news; a version that opens none has none.
    pub channel: Option<Uuid>,
}

impl Store {
    /// Says that this process lives. False when another process has its name.
    ///
    /// A row that was not renewed for `dead_after` is anybody's.
    pub async fn beat(&self, own: &Instance, dead_after: Duration) -> Result<bool, StoreError> {
        let written = self
            .run(async |db| {
                sqlx::query!(
                    "insert into instances as i (name, process, way, internal_url, version, channel)
                     values ($1, $2, $3, $4, $5, $7)
                     on conflict (name) do update set
                        process = excluded.process, way = excluded.way,
                        internal_url = excluded.internal_url, version = excluded.version,
                        channel = excluded.channel,
                        started_at = case when i.process = excluded.process
                            then i.started_at else excluded.started_at end,
                        heartbeat_at = excluded.heartbeat_at
                     where i.process = excluded.process
                        or i.heartbeat_at < saoma_now() - make_interval(secs => $6)",
                    own.name,
                    own.process,
                    own.way,
                    own.internal_url,
                    env!("CARGO_PKG_VERSION"),
                    seconds(dead_after),
                    own.channel,
                )
                .execute(db)
                .await
            })
            .await?;
        Ok(written.rows_affected() == 1)
    }

    /// When the process of this name last said that it lives.
    pub async fn last_beat(&self, name: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!("select heartbeat_at from instances where name = $1", name)
                .fetch_optional(db)
                .await
        })
        .await
    }

    /// The other processes that live; deletes the rows of those long gone.
    pub async fn other_instances(
        &self,
        own: &str,
        dead_after: Duration,
        forget_after: Duration,
    ) -> Result<Vec<OtherInstance>, StoreError> {
        self.run(async |db| {
            sqlx::query!(
                "delete from instances
                 where name <> $1 and heartbeat_at < saoma_now() - make_interval(secs => $2)",
                own,
                seconds(forget_after),
            )
            .execute(&mut *db)
            .await?;
            sqlx::query_as!(
                OtherInstance,
                "select name, way, internal_url, version, channel from instances
                 where name <> $1 and heartbeat_at >= saoma_now() - make_interval(secs => $2)
                 order by name",
                own,
                seconds(dead_after),
            )
            .fetch_all(db)
            .await
        })
        .await
    }

    /// This process goes: its name is free at once.
    pub async fn forget_instance(&self, own: &Instance) -> Result<(), StoreError> {
        self.run(async |db| {
            sqlx::query!(
                "delete from instances where name = $1 and process = $2",
                own.name,
                own.process,
            )
            .execute(db)
            .await
        })
        .await?;
        Ok(())
    }
}
