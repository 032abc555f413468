//! Logs: to standard error, as text or JSON lines. See docs/LOGS.md.

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging by `SAOMA_LOG` (such as `info` or `saoma=debug`) and
/// `SAOMA_LOG_FORMAT` (`text` or `json`). A second call changes nothing.
pub fn init() -> anyhow::Result<()> {
    let filter = match std::env::var("SAOMA_LOG") {
        Ok(text) if !text.is_empty() => EnvFilter::try_new(&text).map_err(|error| {
            anyhow::anyhow!(
                "SAOMA_LOG is \"{text}\": {error}. Right would be: info, warn or saoma=debug"
            )
        })?,
        _ => EnvFilter::new("info,actix_server=warn,sqlx=warn"),
    };
    let format = std::env::var("SAOMA_LOG_FORMAT").unwrap_or_default();
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format.as_str() {
        "json" => registry
            .with(fmt::layer().json().with_writer(std::io::stderr))
            .try_init(),
        "" | "text" => {
            let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
            registry
                .with(fmt::layer().with_ansi(ansi).with_writer(std::io::stderr))
                .try_init()
        }
        _ => anyhow::bail!("SAOMA_LOG_FORMAT is \"{format}\". Right would be: text or json"),
    };
    // Tests start several servers in one process; the first one's log serves all.
    let _ = started;
    Ok(())
}
