//! The right to fill the stock, which one instance has at a time.
//!
//! It is a transaction's advisory lock and not a session's: behind a pooler a
//! session's lock would stay with a connection that others use. The transaction
//! writes nothing and holds no snapshot between its statements, so it keeps no
//! vacuum from its work. Two that fill at once would only be quicker: each scene
//! is random, so the lock guards WeChat's limit and not the codes.

use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, timeout_at};

use super::{Counted, LIMIT, StockCount, Store, StoreError, stock};

/// What the lock's connection calls itself, before the instance's name.
const HOLDER: &str = "saoma fills for ";

/// A connection of its own that has the lock. Ends with it, also when the
/// instance or its network dies: then Postgres ends the transaction after a minute
/// without a statement.
#[derive(Debug)]
pub struct RefillLock(PgConnection);

impl Store {
    /// The lock for this instance; none while another has it.
    pub async fn lock_refill(&self, instance: &str) -> Result<Option<RefillLock>, StoreError> {
        let deadline = Instant::now() + LIMIT;
        let options = self
            .pools
            .any
            .options()
            .clone()
            .application_name(&format!("{HOLDER}{instance}"));
        let locked = async {
            let mut connection = PgConnection::connect_with(&options).await?;
            sqlx::raw_sql("begin; set local idle_in_transaction_session_timeout = '60s'")
                .execute(&mut connection)
                .await?;
            let ours = sqlx::query_scalar!(
                r#"select pg_try_advisory_xact_lock(hashtext('saoma stock')) as "ours!""#
            )
            .fetch_one(&mut connection)
            .await?;
            if ours {
                return Ok(Some(RefillLock(connection)));
            }
            connection.close().await?;
            Ok(None)
        };
        let answer: Result<sqlx::Result<_>, _> = timeout_at(deadline, locked).await;
        Ok(answer.map_err(|_| StoreError::TimedOut)??)
    }

    /// The instance that has the lock now, as far as Postgres knows it.
    pub async fn refill_holder(&self) -> Result<Option<String>, StoreError> {
        let name = self
            .run(async |db| {
                sqlx::query_scalar!(
                    r#"select coalesce(application_name, '') as "name!"
                    from pg_locks join pg_stat_activity using (pid)
                    where locktype = 'advisory' and objsubid = 1 and granted
                        and pg_locks.database =
                            (select oid from pg_database where datname = current_database())
                        and (classid::bigint << 32) | objid::bigint
                            = hashtext('saoma stock')::bigint
                    limit 1"#
                )
                .fetch_optional(db)
                .await
            })
            .await?;
        Ok(name.and_then(|name| Some(name.strip_prefix(HOLDER)?.to_owned())))
    }
}

impl RefillLock {
    /// Counts the stock, up to `most`, by the lock's own connection: an answer means
    /// that the lock is still ours.
    pub async fn count_stock(
        &mut self,
        opens: &str,
        most: u32,
        before: Counted,
    ) -> Result<StockCount, StoreError> {
        let deadline = Instant::now() + LIMIT;
        let counted = timeout_at(deadline, stock::count(&mut self.0, opens, most, before)).await;
        Ok(counted.map_err(|_| StoreError::TimedOut)??)
    }

    /// Lets another instance have it.
    pub async fn release(self) {
        // Whatever comes of it: the lock ends with the connection.
        let _ = timeout_at(Instant::now() + LIMIT, self.0.close()).await;
    }
}
