//! What the server keeps: keys, rows, files, and the time by which it does.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;

use super::{Checked, Finding, wrong};
use crate::{
    login::keys::SecretKey,
    places::Places,
    settings::Settings,
    startup,
    store::{
        Store,
        private::{PrivatePostgres, PrivatePostgresError},
    },
};

/// Tokens are refused and codes end too early or late when clocks differ by more.
const CLOCKS_APART: TimeDelta = TimeDelta::seconds(30);

/// Whether a server would take it; makes none.
pub(super) fn secret_key(settings: &Settings) -> Checked {
    let unfit = |error: anyhow::Error| {
        wrong(
            format!("{error:#}"),
            "密钥不能使用。请按上面的提示更换 SAOMA_SECRET_KEY。",
        )
    };
    let key = SecretKey::find(settings).map_err(unfit)?;
    let Some(key) = key else {
        return Ok("made at the first start".to_owned());
    };
    key.refuse_unfit().map_err(unfit)?;
    Ok(format!("from {}", key.source()))
}

/// The database of the settings comes with its store, the private one without.
pub(super) async fn database(settings: &Settings) -> Result<(String, Option<Store>), Finding> {
    let Some(url) = &settings.database_url else {
        return Ok((private_database(settings).await?, None));
    };
    let options = Store::options(url.expose_secret()).map_err(|_| {
        wrong(
            "DATABASE_URL is no Postgres address",
            "DATABASE_URL 不是有效的 Postgres 地址。",
        )
    })?;
    let store = Store::new(&options, 2, settings.timers);
    let version = match store.reach().await {
        Ok(()) => store.server_version().await,
        Err(error) => Err(error),
    };
    let version = version.map_err(|error| {
        wrong(
            format!("{error}. Is Postgres running, and does DATABASE_URL name its host and user?"),
            "无法连接数据库。请确认 Postgres 正在运行，并检查 DATABASE_URL 中的主机、端口和用户。",
        )
    })?;
    let major = version
        .split('.')
        .next()
        .and_then(|major| major.parse().ok());
    if major.is_none_or(|major: u32| major < 15) {
        return Err(wrong(
            format!("Postgres {version} is too old; Saoma needs 15 or newer"),
            format!("Postgres {version} 版本过低，Saoma 需要 15 或更高版本。"),
        ));
    }
    Ok((format!("Postgres {version}"), Some(store)))
}

async fn private_database(settings: &Settings) -> Checked {
    let failed = |error: &dyn std::fmt::Display| {
        wrong(
            error.to_string(),
            "内置的 PostgreSQL 无法启动，请查看 postgres-log 目录中的日志。",
        )
    };
    match PrivatePostgres::start(&settings.data_dir).await {
        Ok(private) => {
            let found = format!("private PostgreSQL in {}", private.cluster().display());
            private.stop().await.map_err(|error| failed(&error))?;
            Ok(found)
        }
        // That is how it should be while the server runs.
        Err(PrivatePostgresError::AlreadyRunning { .. }) => {
            Ok("private PostgreSQL, held by the Saoma that runs".to_owned())
        }
        Err(error) => Err(failed(&error)),
    }
}

/// This machine's clock against the database's and WeChat's.
pub(super) async fn clock(settings: &Settings, store: Option<&Store>) -> Checked {
    let mut compared = Vec::new();
    if let Some(store) = store
        && let Ok(theirs) = store.clock().await
    {
        compared.push(("the database", "数据库", theirs));
    }
    if let Some(theirs) = super::network::date_of(&settings.wechat.base_url).await {
        compared.push(("WeChat", "微信", theirs));
    }
    if compared.is_empty() {
        return Err(Finding::Skipped(
            "there was no other clock to compare it with",
        ));
    }
    let now = Utc::now();
    for (en, zh, theirs) in &compared {
        let apart: TimeDelta = now - *theirs;
        if apart.abs() > CLOCKS_APART {
            let seconds = apart.num_seconds().abs();
            return Err(wrong(
                format!(
                    "this machine's clock is {seconds} s from that of {en}; set it by NTP (such as chrony) on both"
                ),
                format!("本机时钟与{zh}相差 {seconds} 秒。请在两边启用 NTP 校时（例如 chrony）。"),
            ));
        }
    }
    let names: Vec<&str> = compared
        .iter()
        .map(|(en, _, _): &(_, _, DateTime<Utc>)| *en)
        .collect();
    Ok(format!("agrees with {}", names.join(" and ")))
}

/// The token that all instances share.
pub(super) async fn access_token(settings: &Settings, store: Option<&Store>) -> Checked {
    let Some(store) = store else {
        return Err(Finding::Skipped(
            "it lies in the database, which was not looked into",
        ));
    };
    let none_yet = Err(Finding::Skipped(
        "none is shared yet; the first code asks for it",
    ));
    let Ok(Some(key)) = SecretKey::find(settings) else {
        return none_yet;
    };
    let steward = startup::steward(settings, &key, store)
        .map_err(|error| wrong(format!("{error:#}"), "无法读取共享的 access_token。"))?;
    match steward.shared_for().await {
        // A database that no server has brought up yet has no such table.
        Ok(None) | Err(_) => none_yet,
        Ok(Some(Some(time))) => Ok(format!(
            "shared by all instances, {} s left",
            time.as_secs()
        )),
        Ok(Some(None)) => Err(wrong(
            "the one in the database was sealed with another SAOMA_SECRET_KEY; give all instances the same key",
            "数据库中的 access_token 由另一个 SAOMA_SECRET_KEY 加密。请让所有实例使用同一个密钥。",
        )),
    }
}

/// Reads the files as the start would.
pub(super) fn address_databases(settings: &Settings) -> Checked {
    let places = Places::open(&settings.geoip).map_err(|error| {
        wrong(
            error.to_string(),
            "IP 地址库无法读取，请检查 SAOMA_GEOIP_* 指定的文件。",
        )
    })?;
    let names = places.names();
    if names.is_empty() {
        return Ok("none; the phone shows no places".to_owned());
    }
    Ok(names.join(", "))
}
