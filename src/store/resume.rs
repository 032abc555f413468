//! Attempts whose browsers come back, all at once when an instance has died.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    Store, StoreError,
    attempt_rows::{all, attempts},
    batches::{Batches, Rules},
};
use crate::login::{
    attempt::Attempt,
    ids::{AttemptId, Hash},
};

/// As many as sockets of one instance.
const ROOM: usize = 20_000;

/// The way to the attempts of browsers that come back.
#[derive(Debug, Clone)]
pub struct ResumeQueue(Batches<(AttemptId, Hash), Option<Attempt>>);

impl ResumeQueue {
    /// The queue of this instance, which holds the attempts from then on.
    pub fn new(store: Store, instance: String) -> Self {
        // One row may be asked for twice.
        let apart = |_: &_, _: &_| false;
        let rules = Rules {
            name: "resume",
            room: ROOM,
            at_once: 1,
            apart,
        };
        Self(Batches::new(rules, move |asked| {
            let (store, instance) = (store.clone(), instance.clone());
            async move {
                let found = store.take_attempts_over(&asked, &instance).await?;
                let found: HashMap<_, _> = found
                    .into_iter()
                    .map(|attempt| ((attempt.id, attempt.browser_hash), attempt))
                    .collect();
                Ok(asked
                    .iter()
                    .map(|key| Ok(found.get(key).cloned()))
                    .collect())
            }
        }))
    }

    /// An attempt of this browser, whose news this instance hears from now on;
    /// another browser's is as good as none. Moved and read in one statement:
    /// what was changed before is in the row, what is changed later is told here.
    pub async fn take_over(
        &self,
        id: AttemptId,
        browser: &Hash,
    ) -> Result<Option<Attempt>, StoreError> {
        self.0.ask((id, *browser)).await
    }
}

impl Store {
    async fn take_attempts_over(
        &self,
        asked: &[(AttemptId, Hash)],
        instance: &str,
    ) -> Result<Vec<Attempt>, StoreError> {
        let ids: Vec<Uuid> = asked.iter().map(|(id, _)| id.0).collect();
        let browsers: Vec<_> = asked.iter().map(|(_, browser)| browser.to_vec()).collect();
        let rows = self
            .run(async |db| {
                attempts!(
                    "with asked as (
                        select distinct id, browser_hash
                        from unnest($1::uuid[], $2::bytea[]) as t(id, browser_hash)
                    ), held as (
                        select a.id from login_attempts a
                        join asked on asked.id = a.id and asked.browser_hash = a.browser_hash
                        where a.instance <> $3
                        order by a.id for update of a
                    ), moved as (
                        update login_attempts set instance = $3
                        where id in (select id from held)
                        returning *
                    ), a as (
                        select * from moved
                        union all
                        select a.* from login_attempts a
                        join asked on asked.id = a.id and asked.browser_hash = a.browser_hash
                        where not exists (select from moved where moved.id = a.id)
                    ) ",
                    "from a",
                    &ids,
                    &browsers,
                    instance,
                )
                .fetch_all(db)
                .await
            })
            .await?;
        all(rows)
    }
}
