//! Deletes codes that were used, the image first: no image is left without its row.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use super::Images;
use crate::store::{Store, StoreError};

const EVERY: Duration = Duration::from_secs(60);

/// Tidies once a minute until the process ends.
pub async fn run(store: Store, images: Images, opens: Arc<str>) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        // The store has told what is wrong with it.
        let _ = images.delete_unfinished().await;
        // More batches are left to the next minute only when something is away.
        while matches!(once(&store, &images, &opens).await, Ok(true)) {}
    }
}

/// One batch; true if more may be left. Codes that open something else than `opens`
/// count as used from now on.
pub async fn once(store: &Store, images: &Images, opens: &str) -> Result<bool, StoreError> {
    store.retire_unfit_codes(opens).await?;
    let used = store.used_codes().await?;
    let found = used.len();
    let mut gone = Vec::with_capacity(found);
    for code in used {
        match images.delete(&code.image).await {
            Ok(()) => gone.push(code.id),
            Err(error) => {
                tracing::warn!(%error, image = code.image, "a used code's image could not be deleted");
                break;
            }
        }
    }
    store.delete_codes(&gone).await?;
    Ok(found > 0 && gone.len() == found)
}
