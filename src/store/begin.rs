//! New attempts, written together with their neighbours.
//!
//! A login page that opens adds one row. The rows of a batch go in one
//! statement, whose commit does not wait for the disk: a row lost in a crash
//! means "get a new code", no more.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::{
    LIMIT, Store, StoreError,
    attempt_rows::{all, attempts},
    batches::{Batches, Rules},
    seconds,
};
use crate::{
    codes::Code,
    login::{
        attempt::{Attempt, Browser},
        ids::{AttemptId, Hash},
    },
};

/// Rows that may wait; more than that is answered `unavailable` at once.
const ROOM: usize = 1024;

/// After so many rows the plans are made again: those of a new site were made for empty
/// tables, and autovacuum looks once a minute.
const GROWN: [usize; 3] = [100, 1_000, 10_000];

/// An attempt about to begin.
#[derive(Debug, Clone)]
pub struct NewAttempt {
    /// Its id.
    pub id: AttemptId,
    /// The browser that asks.
    pub browser_hash: Hash,
    /// The code that its browser is shown.
    pub code: Code,
    /// Renewals in a row without a tap, so far.
    pub silent_renewals: i16,
    /// What the phone will show.
    pub browser: Browser,
    /// Where the browser goes afterwards.
    pub return_to: Option<String>,
}

/// What a beginning gave.
#[derive(Debug, Clone)]
pub struct Begun {
    /// The attempt.
    pub attempt: Attempt,
    /// An older attempt of the same browser that had to make room.
    pub replaced: Vec<Attempt>,
}

/// The way into the batch.
#[derive(Debug, Clone)]
pub struct BeginQueue(Batches<NewAttempt, Begun>);

impl BeginQueue {
    /// The queue of this instance, which holds the new attempts.
    pub fn new(store: Store, instance: String) -> Self {
        // One statement sees none of its own rows, so it could not count two of
        // one browser: the second waits for the next batch.
        let apart = |one: &NewAttempt, other: &NewAttempt| one.browser_hash == other.browser_hash;
        let rules = Rules {
            name: "begin",
            room: ROOM,
            at_once: 1,
            apart,
        };
        let begun = Arc::new(AtomicUsize::new(0));
        Self(Batches::new(rules, move |rows| {
            let (store, instance, begun) = (store.clone(), instance.clone(), begun.clone());
            async move {
                let changed = store.insert_attempts(&instance, &rows).await?;
                let before = begun.fetch_add(rows.len(), Ordering::Relaxed);
                let marks = before + 1..=before + rows.len();
                if GROWN.iter().any(|mark| marks.contains(mark)) {
                    actix::spawn(async move { store.analyze().await });
                }
                Ok(rows.iter().map(|row| begun_of(row, &changed)).collect())
            }
        }))
    }

    /// Writes the attempt; it may be shown once this has answered.
    pub async fn begin(&self, new: NewAttempt) -> Result<Begun, StoreError> {
        self.0.ask(new).await
    }
}

fn begun_of(row: &NewAttempt, changed: &[Attempt]) -> Result<Begun, StoreError> {
    let of_browser = || {
        changed
            .iter()
            .filter(|attempt| attempt.browser_hash == row.browser_hash)
    };
    let attempt = of_browser().find(|attempt| attempt.id == row.id);
    let attempt = attempt.ok_or_else(|| {
        StoreError::Inconsistent("a new attempt's code stands for another already".to_owned())
    })?;
    let replaced = of_browser().filter(|attempt| attempt.id != row.id);
    Ok(Begun {
        attempt: attempt.clone(),
        replaced: replaced.cloned().collect(),
    })
}

/// A browser may have this many open attempts; one more ends its oldest pending one.
const OPEN_ATTEMPTS: i64 = 4;

impl Store {
    /// Tells the planner how large the tables of a login are by now, for all connections of
    /// all instances.
    async fn analyze(&self) {
        let done = self.run(async |db| {
            sqlx::query("analyze login_attempts, attempt_scenes, sessions, phone_sessions, wechat_identities")
                .execute(db)
                .await
        });
        if let Err(error) = done.await {
            // Autovacuum does it in a minute.
            tracing::debug!(%error, "the tables were not analyzed");
        }
    }

    /// Writes the attempts whose codes stand for no other: a database that was set back may
    /// have codes as free that somebody was shown.
    async fn insert_attempts(
        &self,
        instance: &str,
        new: &[NewAttempt],
    ) -> Result<Vec<Attempt>, StoreError> {
        let ids: Vec<_> = new.iter().map(|n| n.id.0).collect();
        let browsers: Vec<_> = new.iter().map(|n| n.browser_hash.to_vec()).collect();
        let scenes: Vec<_> = new.iter().map(|n| n.code.scene.to_vec()).collect();
        let code_names: Vec<_> = new.iter().map(|n| n.code.image.clone()).collect();
        let sources: Vec<_> = new
            .iter()
            .map(|n| n.code.source.as_str().to_owned())
            .collect();
        let epochs: Vec<_> = new.iter().map(|n| n.code.epoch).collect();
        let renewals: Vec<_> = new.iter().map(|n| n.silent_renewals).collect();
        let names: Vec<_> = new.iter().map(|n| n.browser.name.clone()).collect();
        let systems: Vec<_> = new.iter().map(|n| n.browser.os.clone()).collect();
        let addresses: Vec<_> = new.iter().map(|n| n.browser.ip.clone()).collect();
        let returns: Vec<_> = new.iter().map(|n| n.return_to.clone()).collect();
        let rows = self.pools.begin.run(LIMIT, async |db| {
            attempts!(
                "with new as (
                    select * from unnest($2::uuid[], $3::bytea[], $4::bytea[], $5::text[],
                        $6::text[], $7::smallint[], $8::text[], $9::text[], $10::text[], $11::text[],
                        $15::bigint[])
                    as t(id, browser_hash, scene_hash, code_name, code_source, silent_renewals,
                        browser_name, browser_os, browser_ip, return_to, epoch)
                    where not exists (
                        select from attempt_scenes s
                        where s.scene_hash = t.scene_hash and s.epoch >= t.epoch)
                ), inserted as (
                    insert into login_attempts (id, browser_hash, instance, code_name, code_source,
                        silent_renewals, browser_name, browser_os, browser_ip, return_to,
                        expires_at, ends_at)
                    select id, browser_hash, $1, code_name, code_source, silent_renewals,
                        browser_name, browser_os, browser_ip, return_to,
                        saoma_now() + make_interval(secs => least($12::float8, $13::float8)),
                        saoma_now() + make_interval(secs => $13::float8)
                    from new
                    returning *
                ), scenes as (
                    insert into attempt_scenes as old (scene_hash, attempt_id, expires_at, epoch)
                    select new.scene_hash, i.id, i.expires_at, new.epoch
                    from new join inserted i on i.id = new.id
                    on conflict (scene_hash) do update set
                        attempt_id = excluded.attempt_id, expires_at = excluded.expires_at,
                        epoch = excluded.epoch, created_at = excluded.created_at
                    where old.epoch < excluded.epoch
                ), crowded as (
                    select distinct on (a.browser_hash) a.id
                    from login_attempts a join new on new.browser_hash = a.browser_hash
                    where a.state = 'pending' and a.expires_at > saoma_now() and $14 <= (
                        select count(*) from login_attempts o
                        where o.browser_hash = a.browser_hash and o.expires_at > saoma_now()
                            and o.state in ('pending', 'scanned', 'approved', 'confirmed'))
                    order by a.browser_hash, a.created_at
                ), replaced as (
                    update login_attempts set
                        state = 'cancelled', reason = 'replaced', version = saoma_next_version(version, expires_at)
                    where id in (select id from crowded) and state = 'pending'
                    returning *
                ) ",
                "from (select * from inserted union all select * from replaced) a",
                instance,
                &ids,
                &browsers,
                &scenes,
                &code_names,
                &sources,
                &renewals,
                &names,
                &systems,
                &addresses,
                &returns as &[Option<String>],
                seconds(self.timers.scan),
                seconds(self.timers.attempt),
                OPEN_ATTEMPTS,
                &epochs,
            )
            .fetch_all(db)
            .await
        })
        .await?;
        all(rows)
    }
}
