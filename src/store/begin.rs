//! New attempts, written together with their neighbours.
//!
//! A login page that opens adds one row. Pages open in bursts, so the rows of
//! one millisecond (at most 128) go in one statement, whose commit does not
//! wait for the disk: a row lost in a crash means "get a new code", no more.

use std::time::Duration;

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout, timeout_at},
};

use super::{
    Store, StoreError,
    attempt_rows::{all, attempts},
    seconds,
};
use crate::{
    codes::Code,
    login::{
        attempt::{Attempt, Browser},
        ids::{AttemptId, Hash},
    },
};

const WINDOW: Duration = Duration::from_millis(1);
const MOST: usize = 128;
/// Rows that may wait; more than that is answered `unavailable` at once.
const QUEUE: usize = 1024;
const LIMIT: Duration = Duration::from_secs(2);

/// An attempt about to begin.
#[derive(Debug)]
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

type Answer = oneshot::Sender<Result<Begun, StoreError>>;
type Waiting = (NewAttempt, Answer);

/// The way into the batch.
#[derive(Debug, Clone)]
pub struct BeginQueue(mpsc::Sender<Waiting>);

impl BeginQueue {
    /// Starts the task that writes the batches; it ends when the last queue is gone.
    pub fn start(store: Store, instance: String) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        actix::spawn(write_batches(store, instance, receiver));
        Self(sender)
    }

    /// Writes the attempt; it may be shown once this has answered.
    pub async fn begin(&self, new: NewAttempt) -> Result<Begun, StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.0
            .try_send((new, sender))
            .map_err(|_| StoreError::TimedOut)?;
        let answer = timeout(LIMIT, receiver).await;
        answer
            .map_err(|_| StoreError::TimedOut)?
            .map_err(|_| StoreError::TimedOut)?
    }
}

async fn write_batches(store: Store, instance: String, mut queue: mpsc::Receiver<Waiting>) {
    let mut left_over = None;
    loop {
        let first = match left_over.take() {
            Some(first) => first,
            None => match queue.recv().await {
                Some(first) => first,
                None => return,
            },
        };
        let mut batch = vec![first];
        let end = Instant::now() + WINDOW;
        while batch.len() < MOST {
            let Ok(Some(next)) = timeout_at(end, queue.recv()).await else {
                break;
            };
            // One statement sees none of its own rows, so it could not count
            // two of one browser: the second waits for the next batch.
            if batch
                .iter()
                .any(|(new, _)| new.browser_hash == next.0.browser_hash)
            {
                left_over = Some(next);
                break;
            }
            batch.push(next);
        }
        // Whoever has stopped waiting needs no row.
        batch.retain(|(_, answer)| !answer.is_closed());
        if !batch.is_empty() {
            write(&store, &instance, batch).await;
        }
    }
}

async fn write(store: &Store, instance: &str, batch: Vec<Waiting>) {
    let (rows, answers): (Vec<NewAttempt>, Vec<Answer>) = batch.into_iter().unzip();
    match store.insert_attempts(instance, &rows).await {
        Ok(changed) => {
            for (row, answer) in rows.iter().zip(answers) {
                let _ = answer.send(begun_of(row, &changed));
            }
        }
        Err(error) => {
            tracing::warn!(%error, rows = rows.len(), "new attempts could not be written");
            for answer in answers {
                let _ = answer.send(Err(StoreError::TimedOut));
            }
        }
    }
}

fn begun_of(row: &NewAttempt, changed: &[Attempt]) -> Result<Begun, StoreError> {
    let of_browser = || {
        changed
            .iter()
            .filter(|attempt| attempt.browser_hash == row.browser_hash)
    };
    let attempt = of_browser().find(|attempt| attempt.id == row.id);
    let attempt = attempt.ok_or_else(|| StoreError::Inconsistent("no new row".to_owned()))?;
    let replaced = of_browser().filter(|attempt| attempt.id != row.id);
    Ok(Begun {
        attempt: attempt.clone(),
        replaced: replaced.cloned().collect(),
    })
}

/// A browser may have this many open attempts; one more ends its oldest pending one.
const OPEN_ATTEMPTS: i64 = 4;

impl Store {
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
        let rows = Self::run_on(&self.begin_pool, async |db| {
            attempts!(
                "with new as (
                    select * from unnest($2::uuid[], $3::bytea[], $4::bytea[], $5::text[],
                        $6::text[], $7::smallint[], $8::text[], $9::text[], $10::text[], $11::text[],
                        $15::bigint[])
                    as t(id, browser_hash, scene_hash, code_name, code_source, silent_renewals,
                        browser_name, browser_os, browser_ip, return_to, epoch)
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
