//! The database: the owner's or a private one, also beside a server that has it.

use anyhow::Context;
use secrecy::ExposeSecret;

use crate::{
    settings::Settings,
    store::{
        Store,
        private::{PrivatePostgres, PrivatePostgresError},
    },
};

/// The database of the settings, or the private one, which the caller stops.
pub(crate) async fn open_store(
    settings: &Settings,
) -> anyhow::Result<(Store, Option<PrivatePostgres>)> {
    let (options, private) = if let Some(url) = &settings.database_url {
        let options = Store::options(url.expose_secret());
        let options = options.map_err(|_| anyhow::anyhow!("DATABASE_URL is no Postgres address"));
        (options?, None)
    } else {
        let private = PrivatePostgres::start(&settings.data_dir).await?;
        (private.connect_options(), Some(private))
    };
    let store = Store::new(&options, settings.database_connections, settings.timers);
    Ok((store, private))
}

/// Like [`open_store`], also beside a server that runs on the private database.
pub(crate) async fn open_store_beside(
    settings: &Settings,
) -> anyhow::Result<(Store, Option<PrivatePostgres>)> {
    match open_store(settings).await {
        Ok(opened) => Ok(opened),
        Err(error) => match error.downcast_ref() {
            Some(PrivatePostgresError::AlreadyRunning { data_dir, .. }) => {
                let Some(options) = PrivatePostgres::of_another(data_dir)? else {
                    return Err(error);
                };
                Ok((Store::new(&options, 2, settings.timers), None))
            }
            _ => Err(error),
        },
    }
}

/// Finds out whether the database is there, and says what to look at if not.
pub(crate) async fn reach(store: &Store) -> anyhow::Result<()> {
    store.reach().await.context(
        "the database cannot be reached; is Postgres running, and does DATABASE_URL name its \
         host, port, user and database?",
    )
}
