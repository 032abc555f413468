//! What nobody needs any more is deleted, and what nobody came for is noted.
//!
//! Every statement here looks at some rows and lets others go on: one that
//! looked at all of a table would hold up logins, and with millions of rows end
//! at its time limit.

use std::time::{Duration, Instant, SystemTime};

use tokio::time::{MissedTickBehavior, interval, sleep};
use uuid::Uuid;

use super::{ids::first_id_of, limits::Limits, recent_phones::RecentPhones};
use crate::store::{Store, StoreError};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// Between two statements.
const BREATH: Duration = Duration::from_millis(5);
/// Sessions that are older when a look comes to them are left to the next that takes all.
const MISSED: Duration = Duration::from_secs(300);

/// Who tidies on behalf of one instance.
#[derive(Debug)]
pub struct Tidy {
    /// The rows.
    pub store: Store,
    /// Counters, of which the old ones go.
    pub limits: Limits,
    /// Phones, of which the old ones go.
    pub recent_phones: RecentPhones,
    /// How long an attempt lasts at the most.
    pub attempt: Duration,
    /// How old entries of the audit log get.
    pub audit_retention: Duration,
}

impl Tidy {
    /// Until the process ends.
    pub async fn run(self) {
        actix::spawn(delete_ended_every_hour(self.store.clone()));
        let mut tick = interval(MINUTE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Older attempts are deleted.
        let mut attempts_since = first_id_of(SystemTime::now() - 3 * HOUR);
        loop {
            tick.tick().await;
            let began = SystemTime::now();
            self.limits.forget_quiet();
            self.recent_phones.forget_old(Instant::now());
            if let Err(error) = tidy_sessions(&self.store, first_id_of(began - MISSED)).await {
                tracing::debug!(%error, "salts are erased at the next look");
            }
            match note_uncollected(&self.store, attempts_since).await {
                Ok(()) => attempts_since = first_id_of(began - self.attempt - MISSED),
                Err(error) => {
                    tracing::debug!(%error, "logins that nobody collected are noted at the next look");
                }
            }
            while let Ok(true) = self.store.delete_old().await {
                sleep(BREATH).await;
            }
            while let Ok(true) = self.store.delete_old_audit(self.audit_retention).await {
                sleep(BREATH).await;
            }
        }
    }
}

/// Sessions that have ended open nothing, so there is no hurry. Of several instances that were
/// started together each has its own time.
async fn delete_ended_every_hour(store: Store) {
    sleep(HOUR.mul_f64(rand::random_range(0.0..0.2))).await;
    loop {
        let pause = match delete_ended(&store).await {
            Ok(()) => HOUR,
            Err(error) => {
                tracing::debug!(%error, "sessions that have ended are deleted later");
                MINUTE
            }
        };
        sleep(pause.mul_f64(rand::random_range(0.9..1.1))).await;
    }
}

/// Deletes sessions that have ended and erases old salts, of sessions with an id above this one.
async fn tidy_sessions(store: &Store, since: Uuid) -> Result<(), StoreError> {
    walk(since, |after| store.tidy_sessions(after)).await
}

/// Notes the logins that nobody collected, of attempts with an id above this one.
pub async fn note_uncollected(store: &Store, since: Uuid) -> Result<(), StoreError> {
    walk(since, |after| store.note_uncollected(after)).await
}

/// Deletes all sessions and phones' sessions that have ended, and erases all old salts.
pub async fn delete_ended(store: &Store) -> Result<(), StoreError> {
    tidy_sessions(store, Uuid::nil()).await?;
    walk(Uuid::nil(), |after| store.delete_ended_phones(after)).await
}

/// Takes a table some rows at a time, in the order of their ids: each step says after which the
/// next one goes on, if there may be more.
async fn walk(
    since: Uuid,
    step: impl AsyncFn(Uuid) -> Result<Option<Uuid>, StoreError>,
) -> Result<(), StoreError> {
    let mut after = since;
    while let Some(last) = step(after).await? {
        after = last;
        sleep(BREATH).await;
    }
    Ok(())
}
