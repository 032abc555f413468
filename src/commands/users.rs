//! `saoma users`: who has an account, who waits for one, and who may not come in.

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use uuid::Uuid;

use super::database::with_store;
use crate::{
    settings::Flags,
    store::{DeletedBy, Store},
};

/// What to do with users.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Show the users, the newest first
    List(Listing),
    /// Show who wanted in while registration was closed
    Pending(Listing),
    /// Give an account to the person whose phone shows this reference
    Approve(Approval),
    /// End a user's sessions and let him in no more
    Block(One),
    /// Let a blocked user in again
    Unblock(One),
    /// Delete a user and all that is kept about him
    Delete(One),
}

/// How many.
#[derive(Debug, clap::Args)]
pub struct Listing {
    /// Show so many at the most
    #[arg(long, default_value_t = 1000)]
    limit: u32,
    #[command(flatten)]
    flags: Flags,
}

/// Whose phone.
#[derive(Debug, clap::Args)]
pub struct Approval {
    /// Such as BCDF-GHJK
    reference: String,
    #[command(flatten)]
    flags: Flags,
}

/// Which user.
#[derive(Debug, clap::Args)]
pub struct One {
    /// His id, as `saoma users list` shows it
    user: Uuid,
    #[command(flatten)]
    flags: Flags,
}

impl Action {
    /// The settings' flags.
    pub fn flags(&self) -> &Flags {
        match self {
            Self::List(listing) | Self::Pending(listing) => &listing.flags,
            Self::Approve(approval) => &approval.flags,
            Self::Block(one) | Self::Unblock(one) | Self::Delete(one) => &one.flags,
        }
    }
}

/// Does it on the database of the settings.
pub async fn run(action: Action) -> anyhow::Result<()> {
    with_store(action.flags(), async |_, store| act(&action, store).await).await
}

async fn act(action: &Action, store: &Store) -> anyhow::Result<()> {
    match action {
        Action::List(listing) => list(store, listing.limit.into()).await,
        Action::Pending(listing) => pending(store, listing.limit.into()).await,
        Action::Approve(approval) => approve(store, &approval.reference).await,
        Action::Block(one) => {
            let done = store.block_user(one.user).await?;
            anyhow::ensure!(done, "{} is no user, or is blocked already", one.user);
            println!("Blocked. His sessions end within 3 s.");
            Ok(())
        }
        Action::Unblock(one) => {
            let done = store.unblock_user(one.user).await?;
            anyhow::ensure!(done, "{} is no blocked user", one.user);
            println!("He may log in again.");
            Ok(())
        }
        Action::Delete(one) => {
            let identity = store.find_identity(one.user).await?;
            let identity = identity.with_context(|| format!("{} is no user", one.user))?;
            let ended = store.delete_person(&identity, DeletedBy::Owner).await?;
            println!("Deleted. {} sessions end within 3 s.", ended.len());
            Ok(())
        }
    }
}

async fn list(store: &Store, limit: i64) -> anyhow::Result<()> {
    let users = store.list_users(limit).await?;
    if users.is_empty() {
        println!("There are no users yet.");
        return Ok(());
    }
    println!(
        "{:36}  {:20}  {:>8}  {:7}  nickname",
        "user", "since", "sessions", "state"
    );
    for user in users {
        let state = if user.blocked_at.is_some() {
            "blocked"
        } else {
            "active"
        };
        println!(
            "{:36}  {:20}  {:>8}  {state:7}  {}",
            user.id,
            shown(user.created_at),
            user.sessions,
            user.nickname.as_deref().unwrap_or("-"),
        );
    }
    Ok(())
}

async fn pending(store: &Store, limit: i64) -> anyhow::Result<()> {
    let waiting = store.list_pending_users(limit).await?;
    if waiting.is_empty() {
        println!("Nobody waits.");
        return Ok(());
    }
    println!("{:9}  {:20}  from", "reference", "asked");
    for person in waiting {
        println!(
            "{:9}  {:20}  {}",
            person.reference,
            shown(person.created_at),
            person.ip
        );
    }
    Ok(())
}

async fn approve(store: &Store, reference: &str) -> anyhow::Result<()> {
    let reference = reference.trim().to_ascii_uppercase();
    let user = store.approve_pending_user(&reference).await?;
    let user = user.with_context(|| {
        format!("nobody waits under {reference}; `saoma users pending` shows who does")
    })?;
    println!("Approved: he is user {user} and may scan again.");
    Ok(())
}

/// To the second, in UTC.
fn shown(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
