//! What views cost WeChat and the database.

use std::time::Duration;

use actix_web::rt::time::sleep;

use crate::process::Bench;

/// Counted since the server's start.
#[derive(Clone, Copy)]
pub struct Counts {
    /// Calls for codes and tokens.
    pub calls: u64,
    /// Each of the server's statements is a transaction of its own.
    pub statements: u64,
    /// Those of them that write new attempts, many in one.
    pub inserts: u64,
}

impl Counts {
    pub async fn of(bench: &Bench) -> Self {
        // A connection that has nothing to do tells its last second after ten.
        sleep(Duration::from_secs(11)).await;
        let (statements,): (i64,) = bench
            .query(
                "select xact_commit + xact_rollback from pg_stat_database
                 where datname = current_database()",
            )
            .await;
        Self {
            calls: bench.wechat_calls().await,
            statements: statements.unsigned_abs(),
            inserts: bench.metric("saoma_batches_total{of=\"begin\"}").await,
        }
    }

    pub fn since(self, before: &Self) -> Self {
        Self {
            calls: self.calls - before.calls,
            // Without the one that counts.
            statements: self.statements - before.statements - 1,
            inserts: self.inserts - before.inserts,
        }
    }
}
