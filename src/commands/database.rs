//! What a command needs that acts on the database, also beside a server that runs.

use crate::{
    settings::{Flags, Settings},
    startup,
    store::{Store, StoreError},
};

/// Opens the database of the settings, does the work, and leaves it as it was.
pub(super) async fn with_store<T>(
    flags: &Flags,
    work: impl AsyncFnOnce(&Settings, &Store) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    startup::install_tls_provider();
    let settings = Settings::load_for_database(flags)?;
    let private = settings.data_dir.join("postgres");
    // A wrong folder would get a database of its own, and an empty answer.
    anyhow::ensure!(
        settings.database_url.is_some() || private.exists(),
        "there is no database in {}; run this with the settings of the servers (SAOMA_DATA_DIR, \
         DATABASE_URL)",
        settings.data_dir.display(),
    );
    let (store, private) = startup::open_store_beside(&settings).await?;
    let done = match startup::reach(&store).await {
        Ok(()) => work(&settings, &store).await,
        Err(error) => Err(error),
    };
    store.close().await;
    if let Some(private) = private {
        private.stop().await?;
    }
    done.map_err(|error| match error.downcast_ref() {
        Some(StoreError::Refused(_)) => {
            error.context("the database may be older than this program; `saoma migrate` updates it")
        }
        _ => error,
    })
}
