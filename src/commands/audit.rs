//! `saoma audit`: who did what, when, from where, with what outcome.

use std::{
    collections::{BTreeSet, VecDeque},
    fmt::Write as _,
    io::Write as _,
    time::Duration,
};

use chrono::SecondsFormat;
use tokio::time::sleep;
use uuid::Uuid;

use super::database::with_store;
use crate::{
    settings::{Flags, duration},
    store::{AuditEntry, AuditQuery, Store},
};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Entries of one look.
const MOST: i64 = 1000;
/// Entries get their numbers before they are committed, which takes 2 s at the
/// most: so many looks back, a smaller number may still appear.
const LOOKS_BACK: usize = 5;

/// What to show.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Go on with what happens from now on, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Of this user only
    #[arg(long, value_name = "ID")]
    user: Option<Uuid>,
    /// Not older than this, such as 24h or 7d
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    since: Option<Duration>,
    /// So many at the most, the newest of them
    #[arg(long, default_value_t = 100)]
    limit: u32,
    #[command(flatten)]
    pub(super) flags: Flags,
}

/// Prints the log of the settings' database.
pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    with_store(&arguments.flags, async |_, store| {
        let shown = show(&arguments, store).await?;
        if !arguments.follow {
            return Ok(());
        }
        tokio::select! {
            followed = follow(&arguments, store, shown) => followed,
            stopped = tokio::signal::ctrl_c() => Ok(stopped?),
        }
    })
    .await
}

async fn show(arguments: &Arguments, store: &Store) -> anyhow::Result<BTreeSet<i64>> {
    let query = AuditQuery {
        user: arguments.user,
        since: arguments.since,
        limit: arguments.limit.into(),
    };
    let entries = store.read_audit(&query).await?;
    print(&entries, arguments.json)?;
    Ok(entries.iter().map(|entry| entry.id).collect())
}

async fn follow(
    arguments: &Arguments,
    store: &Store,
    mut shown: BTreeSet<i64>,
) -> anyhow::Result<()> {
    let newest = AuditQuery {
        limit: 1,
        ..AuditQuery::default()
    };
    let newest = store.read_audit(&newest).await?;
    let mut floors = VecDeque::from([newest.first().map_or(0, |entry| entry.id)]);
    loop {
        let floor = floors.front().copied().unwrap_or_default();
        // What is shown again and again must not keep what is new from being read.
        let most = MOST + i64::try_from(shown.len())?;
        let entries = store.read_audit_after(floor, arguments.user, most).await?;
        let fresh: Vec<_> = entries
            .into_iter()
            .filter(|entry| shown.insert(entry.id))
            .collect();
        print(&fresh, arguments.json)?;
        // More may be waiting already.
        if fresh.len() >= usize::try_from(MOST)? {
            continue;
        }
        let highest = shown.last().copied().unwrap_or_default();
        floors.push_back(highest.max(floor));
        if floors.len() > LOOKS_BACK {
            floors.pop_front();
        }
        shown = shown.split_off(&floor);
        sleep(LOOK_EVERY).await;
    }
}

fn print(entries: &[AuditEntry], json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for entry in entries {
        let line = if json {
            serde_json::to_string(entry)?
        } else {
            line(entry)
        };
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}

/// Only what is known; nothing in it comes from outside but the browser's name,
/// which is one of our words.
fn line(entry: &AuditEntry) -> String {
    let at = entry.at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut line = format!("{at}  {} {}", entry.event, entry.outcome);
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = write!(line, "  {name}={value}");
        }
    };
    add("user", entry.user_id.map(|id| id.to_string()));
    add("from", entry.ip.clone());
    let browser = entry.browser_name.as_ref().zip(entry.browser_os.as_ref());
    add(
        "browser",
        browser.map(|(name, os)| format!("\"{name} on {os}\"")),
    );
    add("entry", entry.entry_scene.map(|scene| scene.to_string()));
    add("check", entry.check_kind.clone());
    add("attempt", entry.attempt_id.map(|id| id.to_string()));
    add("session", entry.session_id.map(|id| id.to_string()));
    let reported = entry
        .reported_at
        .map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
    add("not_me", reported);
    line
}
