//! The batched look at everything that has an open socket on this instance.

use std::{collections::HashSet, time::Duration};

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    LIMIT, Store, StoreError,
    attempt_rows::{AttemptRow, all, attempts},
    seconds,
};
use crate::login::{attempt::Attempt, ids::AttemptId};

/// What this instance believes of an attempt.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// The attempt.
    pub id: AttemptId,
    /// Its newest version known here.
    pub version: i32,
}

/// What the database says to that.
#[derive(Debug)]
pub struct Seen {
    /// Attempts that have moved on.
    pub changed: Vec<Attempt>,
    /// Attempts without a row: lost in a crash of the database.
    pub lost: Vec<AttemptId>,
}

impl Store {
    /// Compares what is known here with the rows, in one query.
    pub async fn look_again(&self, known: &[Known]) -> Result<Seen, StoreError> {
        let ids: Vec<Uuid> = known.iter().map(|known| known.id.0).collect();
        let (rows, present) = self
            .run(async |db| {
                let rows = changed(db, known).await?;
                let present = sqlx::query_scalar!(
                    "select known.id as \"id!\" from unnest($1::uuid[]) as known(id)
                     where not exists (select from login_attempts a where a.id = known.id)",
                    &ids,
                )
                .fetch_all(db)
                .await?;
                Ok((rows, present))
            })
            .await?;
        Ok(Seen {
            changed: all(rows)?,
            lost: present.into_iter().map(AttemptId).collect(),
        })
    }

    /// Reads those of these attempts that have moved on, in one query.
    pub async fn read_changed(&self, known: &[Known]) -> Result<Vec<Attempt>, StoreError> {
        let read = async |db: &mut PgConnection| changed(db, known).await;
        all(Self::run_on(&self.news_pool, LIMIT, read).await?)
    }

    /// Those of these attempts whose code another phone tried within this time.
    pub async fn contested(
        &self,
        attempts: &[AttemptId],
        within: Duration,
    ) -> Result<Vec<AttemptId>, StoreError> {
        let ids: Vec<Uuid> = attempts.iter().map(|id| id.0).collect();
        let found = self
            .run(async |db| {
                sqlx::query_scalar!(
                    "select distinct attempt_id as \"id!\" from audit_log
                     where attempt_id = any($1) and event = 'scan' and outcome = 'contested'
                        and at > saoma_now() - make_interval(secs => $2)",
                    &ids,
                    seconds(within),
                )
                .fetch_all(db)
                .await
            })
            .await?;
        Ok(found.into_iter().map(AttemptId).collect())
    }

    /// Those of these sessions that have ended.
    pub async fn ended_sessions(&self, sessions: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        let alive = self
            .run(async |db| {
                sqlx::query_scalar!(
                    "select s.id from sessions s join users u on u.id = s.user_id
                     where s.id = any($1) and saoma_session_lives(s) and u.blocked_at is null",
                    sessions,
                )
                .fetch_all(db)
                .await
            })
            .await?;
        let alive: HashSet<Uuid> = alive.into_iter().collect();
        Ok(sessions
            .iter()
            .copied()
            .filter(|id| !alive.contains(id))
            .collect())
    }
}

async fn changed(db: &mut PgConnection, known: &[Known]) -> sqlx::Result<Vec<AttemptRow>> {
    let ids: Vec<Uuid> = known.iter().map(|known| known.id.0).collect();
    let versions: Vec<i32> = known.iter().map(|known| known.version).collect();
    attempts!(
        "",
        "from unnest($1::uuid[], $2::integer[]) as known(id, version)
         join login_attempts a on a.id = known.id
         where a.version + (a.expires_at <= saoma_now() and a.state = any($3))::integer
            <> known.version",
        &ids,
        &versions,
        &open_words(),
    )
    .fetch_all(db)
    .await
}

pub(super) fn open_words() -> Vec<String> {
    use crate::login::attempt::State;
    let open = State::ALL.into_iter().filter(|state| state.is_open());
    open.map(|state| state.as_str().to_owned()).collect()
}
