//! Each instance looks at the keys by itself, so a change needs no restart.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use super::{SecretKey, SigningKeys, rotation};
use crate::{
    settings::Settings,
    store::{KeyChange, Store},
};

/// The longest that a change of the keys stays unseen by an instance whose database answers.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Keeps one instance's signing keys as the database has them, and changes them
/// there when their time has come.
#[derive(Clone)]
pub struct KeyWatch {
    settings: Arc<Settings>,
    secret: Arc<SecretKey>,
    store: Store,
    keys: Arc<SigningKeys>,
}

impl std::fmt::Debug for KeyWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyWatch")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

impl KeyWatch {
    /// Opens the database's keys, and makes the first one.
    ///
    /// Fails when neither the secret key nor one that it replaces has sealed them.
    pub async fn start(
        settings: Arc<Settings>,
        secret: Arc<SecretKey>,
        store: Store,
    ) -> anyhow::Result<Self> {
        let keys = Arc::new(SigningKeys::none(&settings));
        let watch = Self {
            settings,
            secret,
            store,
            keys,
        };
        let needed = watch.once().await?;
        if !needed && !watch.secret.old.is_empty() {
            tracing::info!(
                "nothing is sealed under the old secret key any more; when all instances have the \
                 new one, remove SAOMA_SECRET_KEY_OLD, or secret.key.old"
            );
        }
        Ok(watch)
    }

    /// The keys that it keeps.
    pub fn keys(&self) -> Arc<SigningKeys> {
        self.keys.clone()
    }

    /// Looks again and again until the process ends.
    pub async fn run(self) {
        // A server that is in a hurry with all else is so with this.
        let often = 5 * self.settings.timers.recheck;
        let mut tick = interval(LOOK_EVERY.min(often));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = String::new();
        loop {
            tick.tick().await;
            match self.once().await {
                Ok(_) => told.clear(),
                Err(error) => {
                    let problem = format!("{error:#}");
                    // The same problem every 10 s is one problem.
                    if told != problem {
                        tracing::warn!(%error, "the signing keys stay as they are");
                        told = problem;
                    }
                }
            }
        }
    }

    /// One look. True when something was sealed anew under this secret key.
    pub async fn once(&self) -> anyhow::Result<bool> {
        let mut keys = self.store.list_signing_keys().await?;
        let plan = |keys: &[_]| rotation::due(keys, &self.secret, self.settings.key_rotation);
        let mut sealed_anew = false;
        let changed = match plan(&keys) {
            Ok(None) => Ok(()),
            Ok(Some(_)) => {
                let changed = self.store.change_signing_keys(|keys| {
                    // Another instance may have done it since.
                    let change = plan(keys)?.unwrap_or_default();
                    sealed_anew = !change.seal_anew.is_empty();
                    tell(&change);
                    Ok(change)
                });
                let changed = changed.await?;
                keys = self.store.list_signing_keys().await?;
                changed
            }
            Err(error) => Err(error),
        };
        // What others may sign with is published even when it does not open here.
        self.keys.take(&keys, &self.secret)?;
        changed?;
        Ok(sealed_anew)
    }
}

/// Says what changes.
fn tell(change: &KeyChange) {
    if let Some(key) = &change.add {
        let signs_in = key.published_before.as_secs();
        tracing::info!(kid = %key.kid, signs_in, "a new signing key is published");
    }
    if !change.seal_anew.is_empty() {
        let keys = change.seal_anew.len();
        tracing::info!(
            keys,
            "signing keys were sealed anew under the new secret key"
        );
    }
    for kid in &change.delete {
        tracing::info!(%kid, "a signing key whose tokens have died was deleted");
    }
}
