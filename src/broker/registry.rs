//! Which other instances live: each says so in the database every few seconds.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail};
use tokio::{
    sync::{Mutex, watch},
    time::{Instant, MissedTickBehavior, interval, sleep},
};

use crate::store::{Instance, OtherInstance, Store, StoreError};

/// Whoever missed so many beats is dead.
const MISSED: u32 = 3;
/// A row that was not renewed for so many beats is deleted: a minute.
const FORGOTTEN: u32 = 12;
/// Between two looks at whether a name is held by a process that lives.
const WATCH_EVERY: Duration = Duration::from_millis(100);

/// This instance's place among all on the database. A clone is cheap.
#[derive(Debug, Clone)]
pub struct Registry(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Store,
    own: Instance,
    every: Duration,
    others: watch::Sender<Arc<[OtherInstance]>>,
    /// Whether this process has left. Held while the row is written, so that no
    /// beat comes after the end.
    left: Mutex<bool>,
}

impl Registry {
    /// Enters this process's name.
    ///
    /// Fails when another process of this name lives. One that was killed holds
    /// its name until it has missed a beat: the start waits for that long.
    pub async fn enter(store: Store, own: Instance, every: Duration) -> anyhow::Result<Self> {
        let registry = Self(Arc::new(Shared {
            store,
            own,
            every,
            others: watch::Sender::new(Arc::new([])),
            left: Mutex::new(false),
        }));
        registry.take_name().await?;
        registry.look().await?;
        Ok(registry)
    }

    async fn take_name(&self) -> anyhow::Result<()> {
        let Shared {
            store, own, every, ..
        } = &*self.0;
        let not_entered = "this instance could not be entered in the database's list";
        if store
            .beat(own, *every * MISSED)
            .await
            .context(not_entered)?
        {
            return Ok(());
        }
        let held = store.last_beat(&own.name).await?;
        let until = Instant::now() + *every + *every / 5;
        while Instant::now() < until {
            sleep(WATCH_EVERY.min(*every)).await;
            match store.last_beat(&own.name).await? {
                None => break,
                Some(newer) if Some(newer) != held => bail!(
                    "another Saoma named \"{}\" works on this database: give each process an \
                     SAOMA_INSTANCE of its own, or none for a random one",
                    own.name
                ),
                Some(_) => {}
            }
        }
        let taken = store.beat(own, Duration::ZERO).await.context(not_entered)?;
        anyhow::ensure!(taken, "two processes named \"{}\" start at once", own.name);
        Ok(())
    }

    /// Beats until the process ends.
    pub async fn run(self) {
        let mut tick = interval(self.0.every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut named, mut reached) = (true, true);
        loop {
            tick.tick().await;
            match self.beat().await {
                Ok(ours) if ours != named => {
                    named = ours;
                    if !ours {
                        let name = &self.0.own.name;
                        tracing::error!(%name, "another process took this one's name; give each a SAOMA_INSTANCE of its own");
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "this instance says that it lives at its next beat");
                }
            }
            if self.reaches_all() != reached {
                reached = !reached;
                say(reached);
            }
        }
    }

    async fn beat(&self) -> Result<bool, StoreError> {
        let Shared {
            store, own, every, ..
        } = &*self.0;
        let left = self.0.left.lock().await;
        if *left {
            return Ok(true);
        }
        let ours = store.beat(own, *every * MISSED).await?;
        drop(left);
        self.look().await?;
        Ok(ours)
    }

    /// Reads who else lives.
    pub async fn look(&self) -> Result<(), StoreError> {
        let Shared {
            store,
            own,
            every,
            others,
            ..
        } = &*self.0;
        let found = store
            .other_instances(&own.name, *every * MISSED, *every * FORGOTTEN)
            .await?;
        let count = u32::try_from(found.len() + 1).unwrap_or(u32::MAX);
        metrics::gauge!("saoma_instances").set(count);
        let changed = **others.borrow() != *found;
        if changed {
            let names: Vec<&str> = found.iter().map(|other| other.name.as_str()).collect();
            tracing::info!(others = ?names, "the instances beside this one");
            others.send_replace(found.into());
        }
        Ok(())
    }

    /// The other instances that live, as last seen.
    pub fn others(&self) -> Arc<[OtherInstance]> {
        self.0.others.borrow().clone()
    }

    /// Tells when the others change.
    pub fn watch(&self) -> watch::Receiver<Arc<[OtherInstance]>> {
        self.0.others.subscribe()
    }

    /// Whether this instance has a way to each of the others.
    pub fn reaches_all(&self) -> bool {
        let way = self.0.own.way;
        self.others().iter().all(|other| match way {
            "redis" => other.way == "redis",
            "direct" => other.internal_url.is_some(),
            _ => false,
        })
    }

    /// Gives the name back, so that the next process of this name starts at once.
    pub async fn leave(&self) {
        let mut left = self.0.left.lock().await;
        *left = true;
        if let Err(error) = self.0.store.forget_instance(&self.0.own).await {
            tracing::debug!(%error, "this instance's row is left to the others");
        }
    }
}

fn say(reached: bool) {
    if reached {
        tracing::info!("news reach all other instances again");
    } else {
        tracing::warn!(
            "there are other instances that this one cannot tell: their browsers hear of a \
             phone's confirm up to three seconds late. Give all of them the same REDIS_URL, \
             or each a SAOMA_INTERNAL_URL"
        );
    }
}
