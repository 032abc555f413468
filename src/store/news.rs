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
    /// Compares what is known here with the rows. Where nothing has moved on, which is nearly
    /// always so, that is one small query.
    pub async fn look_again(&self, known: &[Known]) -> Result<Seen, StoreError> {
        let look = async |db: &mut PgConnection| {
            let (moved, lost) = moved_or_lost(db, known).await?;
            let rows = if moved.is_empty() {
                Vec::new()
            } else {
                changed(db, &moved).await?
            };
            Ok((rows, lost))
        };
        let (rows, lost) = self.pools.look.read(LIMIT, look).await?;
        Ok(Seen {
            changed: all(rows)?,
            lost,
        })
    }

    /// Reads those of these attempts that have moved on, in one query.
    pub async fn read_changed(&self, known: &[Known]) -> Result<Vec<Attempt>, StoreError> {
        let read = async |db: &mut PgConnection| changed(db, known).await;
        all(self.pools.news.read(LIMIT, read).await?)
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

/// Those that have moved on, and those that have no row any more.
async fn moved_or_lost(
    db: &mut PgConnection,
    known: &[Known],
) -> sqlx::Result<(Vec<Known>, Vec<AttemptId>)> {
    let (ids, versions) = columns(known);
    let found = sqlx::query!(
        r#"select known.id as "id!", known.version as "version!", a.id is null as "lost!"
         from unnest($1::uuid[], $2::integer[]) as known(id, version)
         left join login_attempts a on a.id = known.id
         where a.id is null
            or a.version + (a.expires_at <= (select saoma_now()) and a.state = any($3))::integer
                <> known.version"#,
        &ids,
        &versions,
        &open_words(),
    )
    .fetch_all(db)
    .await?;
    let (lost, moved): (Vec<_>, Vec<_>) = found.into_iter().partition(|row| row.lost);
    let moved = moved.into_iter().map(|row| Known {
        id: AttemptId(row.id),
        version: row.version,
    });
    let lost = lost.into_iter().map(|row| AttemptId(row.id));
    Ok((moved.collect(), lost.collect()))
}

async fn changed(db: &mut PgConnection, known: &[Known]) -> sqlx::Result<Vec<AttemptRow>> {
    let (ids, versions) = columns(known);
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

fn columns(known: &[Known]) -> (Vec<Uuid>, Vec<i32>) {
    known
        .iter()
        .map(|known| (known.id.0, known.version))
        .unzip()
}

pub(super) fn open_words() -> Vec<String> {
    use crate::login::attempt::State;
    let open = State::ALL.into_iter().filter(|state| state.is_open());
    open.map(|state| state.as_str().to_owned()).collect()
}
