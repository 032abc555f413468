//! `saoma doctor`: looks at what a server needs, and says what is wrong.

use std::{net::ToSocketAddrs, sync::Arc, time::Duration};

use secrecy::ExposeSecret;

use crate::{
    broker::redis::Address,
    login::keys::SecretKey,
    places::Places,
    settings::{Flags, Settings},
    store::{
        Store,
        private::{PrivatePostgres, PrivatePostgresError},
    },
    wechat::{AccessToken, Wechat},
};

/// Checks all; fails if anything is wrong.
pub async fn run(flags: &Flags) -> anyhow::Result<()> {
    let settings = match Settings::load(flags) {
        Ok(settings) => settings,
        Err(error) => {
            println!("✗ settings: {error}");
            anyhow::bail!("the settings are wrong; nothing else was checked");
        }
    };
    println!("✓ settings");
    crate::startup::install_tls_provider();
    let mut wrong = 0;
    let checks = [
        ("secret key", secret_key(&settings)),
        ("database", database(&settings).await),
        ("public address", public_address(&settings).await),
        ("WeChat", wechat(&settings).await),
        ("proxy", proxy(&settings).await),
        ("Redis", redis(&settings).await),
        ("other instances", other_instances(&settings).await),
        ("address databases", address_databases(&settings)),
    ];
    let count = checks.len();
    for (name, outcome) in checks {
        match outcome {
            Ok(found) => println!("✓ {name}: {found}"),
            Err(problem) => {
                wrong += 1;
                println!("✗ {name}: {problem}");
            }
        }
    }
    anyhow::ensure!(wrong == 0, "{wrong} of {count} checks failed");
    Ok(())
}

/// Whether a server would take it; makes none.
fn secret_key(settings: &Settings) -> Result<String, String> {
    let key = SecretKey::find(settings).map_err(|error| format!("{error:#}"))?;
    let Some(key) = key else {
        return Ok("made at the first start".to_owned());
    };
    key.refuse_unfit().map_err(|error| error.to_string())?;
    Ok(format!("from {}", key.source()))
}

async fn database(settings: &Settings) -> Result<String, String> {
    let Some(url) = &settings.database_url else {
        return match PrivatePostgres::start(&settings.data_dir).await {
            Ok(private) => {
                let found = format!("private PostgreSQL in {}", private.cluster().display());
                private.stop().await.map_err(|error| error.to_string())?;
                Ok(found)
            }
            // That is how it should be while the server runs.
            Err(PrivatePostgresError::AlreadyRunning { .. }) => {
                Ok("private PostgreSQL, held by the Saoma that runs".to_owned())
            }
            Err(error) => Err(error.to_string()),
        };
    };
    let options = Store::options(url.expose_secret())
        .map_err(|_| "DATABASE_URL is no Postgres address".to_owned())?;
    let store = Store::new(&options, 2, settings.timers);
    let version = match store.reach().await {
        Ok(()) => store.server_version().await,
        Err(error) => Err(error),
    };
    store.close().await;
    let version = version.map_err(|error| {
        format!("{error}. Is Postgres running, and does DATABASE_URL name its host and user?")
    })?;
    let major: u32 = version
        .split('.')
        .next()
        .and_then(|major| major.parse().ok())
        .unwrap_or(0);
    if major < 15 {
        return Err(format!(
            "Postgres {version} is too old; Saoma needs 15 or newer"
        ));
    }
    Ok(format!("Postgres {version}"))
}

/// Asks the public address for `/healthz`, as a browser would reach it.
async fn public_address(settings: &Settings) -> Result<String, String> {
    let url = &settings.public_url;
    let (host, port) = (
        url.host_str().unwrap_or_default().to_owned(),
        url.port_or_known_default().unwrap_or(80),
    );
    let name = host.clone();
    let resolved = actix_web::web::block(move || (name.as_str(), port).to_socket_addrs()).await;
    if !matches!(resolved, Ok(Ok(_))) {
        return Err(format!("{host} has no address; is its DNS entry made?"));
    }
    let client = crate::wechat::https_client(Duration::from_secs(5));
    let health = format!("{url}healthz");
    match client.get(&health).send().await {
        Ok(response) if response.status().is_success() => Ok(format!("{url} answers")),
        Ok(response) => Err(format!(
            "{health} answers {}; does the proxy pass requests on to {}?",
            response.status(),
            settings.listen
        )),
        Err(error) => Err(format!(
            "{health} does not answer ({error}); is the server running, and the proxy in front?"
        )),
    }
}

async fn wechat(settings: &Settings) -> Result<String, String> {
    let token = Arc::new(AccessToken::new());
    match Wechat::new(settings.wechat.clone(), token)
        .check_token()
        .await
    {
        Ok(()) => Ok("AppID and AppSecret are right".to_owned()),
        Err(error) => Err(format!(
            "{error}. {} / {}",
            error.advice_en(),
            error.advice_zh()
        )),
    }
}

const NOT_RUNNING: &str = "the server does not run here; ask again while it does";

/// What the running server warns of; none when none runs.
async fn warnings(settings: &Settings) -> Option<Vec<serde_json::Value>> {
    let client = crate::wechat::https_client(Duration::from_secs(5));
    let ready = format!("http://{}/readyz", settings.admin_listen);
    let mut response = client.get(&ready).send().await.ok()?;
    let body: serde_json::Value = response.json().await.unwrap_or_default();
    Some(body["warnings"].as_array().cloned().unwrap_or_default())
}

async fn redis(settings: &Settings) -> Result<String, String> {
    let url = settings.redis_url.as_ref();
    let Some(address) = url.and_then(|url| Address::parse(url.expose_secret())) else {
        return Ok("none; one instance needs none".to_owned());
    };
    match address.check().await {
        Ok(()) => Ok("answers, and takes subscriptions".to_owned()),
        Err(problem) => Err(format!(
            "{problem}. Is it Redis 6 or newer, does it run, and does REDIS_URL name its host, \
             user and password?"
        )),
    }
}

/// Asks the running server whether its news reach the others.
async fn other_instances(settings: &Settings) -> Result<String, String> {
    let Some(warnings) = warnings(settings).await else {
        return Ok(NOT_RUNNING.to_owned());
    };
    let warned = |name: &str| warnings.iter().any(|warning| warning == name);
    if warned("instances_unreached") {
        return Err(
            "there are some that this one has no way to: give all the same REDIS_URL, or each a \
             SAOMA_INTERNAL_URL. Until then browsers hear of a confirm up to three seconds late"
                .to_owned(),
        );
    }
    if warned("broker_down") {
        return Err(
            "news do not reach them now; browsers hear of a confirm up to three seconds late. The \
             server's log says why"
                .to_owned(),
        );
    }
    Ok("news reach all there are".to_owned())
}

/// Asks the running server whether it saw a proxy that nobody declared.
async fn proxy(settings: &Settings) -> Result<String, String> {
    let Some(warnings) = warnings(settings).await else {
        return Ok(NOT_RUNNING.to_owned());
    };
    if warnings.iter().any(|warning| warning == "untrusted_proxy") {
        return Err(
            "requests come through a proxy that is not in SAOMA_TRUSTED_PROXIES, so all visitors \
             count as one address; set it to the proxy's address, such as 127.0.0.1"
                .to_owned(),
        );
    }
    Ok("none that is undeclared".to_owned())
}

/// Reads the files as the start would.
fn address_databases(settings: &Settings) -> Result<String, String> {
    let places = Places::open(&settings.geoip).map_err(|error| error.to_string())?;
    let names = places.names();
    if names.is_empty() {
        return Ok("none; the phone shows no places".to_owned());
    }
    Ok(names.join(", "))
}
