//! Logs: to standard error, as text or JSON lines. See docs/LOGS.md.

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging by the environment alone; see [`init_with`].
pub fn init() -> anyhow::Result<()> {
    let value = |name| std::env::var(name).unwrap_or_default();
    init_with(&value("SAOMA_LOG"), &value("SAOMA_LOG_FORMAT"))
}

/// Starts logging what `SAOMA_LOG` says (such as `info` or `saoma=debug`) in the
/// form of `SAOMA_LOG_FORMAT` (`text` or `json`); empty means the default. A
/// second call changes nothing.
pub fn init_with(wanted: &str, format: &str) -> anyhow::Result<()> {
    let wanted = match wanted.trim() {
        // actix-http calls each malformed request an error: whoever sends some could fill a disk.
        "" => "info,actix_http=off,actix_server=warn,sqlx=warn",
        wanted => wanted,
    };
    let filter = EnvFilter::try_new(wanted).map_err(|error| {
        anyhow::anyhow!(
            "SAOMA_LOG is \"{wanted}\": {error}. Right would be: info, warn or saoma=debug"
        )
    })?;
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format.trim() {
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
