//! The right to fill the stock, which one instance has at a time.
//!
//! It is a transaction's advisory lock and not a session's: behind a pooler a
//! session's lock would stay with a connection that others use. The transaction
//! writes nothing and holds no snapshot between its statements, so it keeps no
//! vacuum from its work. Two that fill at once would only be quicker: each scene
//! is random, so the lock guards WeChat's limit and not the codes.

use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, timeout_at};

use super::{LIMIT, StockCount, Store, StoreError, stock};

/// A connection of its own that has the lock. Ends with it, also when the
/// instance or its network dies: then Postgres ends the transaction after a minute
/// without a statement.
#[derive(Debug)]
pub struct RefillLock(PgConnection);

impl Store {
    /// The lock; none while another instance has it.
    pub async fn lock_refill(&self) -> Result<Option<RefillLock>, StoreError> {
        let deadline = Instant::now() + LIMIT;
        let options = self.pool.connect_options();
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
}

impl RefillLock {
    /// Counts the stock by the lock's own connection: an answer means that the
    /// lock is still ours.
    pub async fn count_stock(&mut self, opens: &str) -> Result<StockCount, StoreError> {
        let deadline = Instant::now() + LIMIT;
        let counted = timeout_at(deadline, stock::count(&mut self.0, opens)).await;
        Ok(counted.map_err(|_| StoreError::TimedOut)??)
    }

    /// Lets another instance have it.
    pub async fn release(self) {
        // Whatever comes of it: the lock ends with the connection.
        let _ = timeout_at(Instant::now() + LIMIT, self.0.close()).await;
    }
}
