//! Deletes codes that were used, the image first: no image is left without its row.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::time::{MissedTickBehavior, interval};

use super::Images;
use crate::store::{Store, StoreError};

const EVERY: Duration = Duration::from_secs(60);
/// Images that are deleted at once: one after the other, a bucket would lose fewer than a busy
/// site uses.
const AT_ONCE: usize = 8;

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
    let deletions = stream::iter(used).map(async |code| {
        let deleted = images.delete(&code.image).await;
        deleted.map(|()| code.id)
    });
    let mut deletions = deletions.buffer_unordered(AT_ONCE);
    while let Some(deleted) = deletions.next().await {
        match deleted {
            Ok(id) => gone.push(id),
            Err(error) => {
                tracing::warn!(%error, "the images of used codes could not be deleted");
                break;
            }
        }
    }
    store.delete_codes(&gone).await?;
    Ok(found > 0 && gone.len() == found)
}
