//! `saoma keys`: the keys that sign access tokens, also while servers run.

use anyhow::Context;
use chrono::TimeDelta;

use super::database::with_store;
use crate::{
    login::keys::{
        SecretKey,
        rotation::{self, KeyState, PUBLISHED_BEFORE, shown, states},
    },
    settings::{Flags, Settings},
    store::Store,
};

/// What to do with the keys.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Show each key, its age and what it does
    List(Flags),
    /// Publish a new key, which signs in six minutes
    Rotate(RotateArguments),
}

/// How the keys change.
#[derive(Debug, clap::Args)]
pub struct RotateArguments {
    /// A private key has become known: sign with a new one at once, publish no other any more.
    /// Access tokens that were given out are refused by services as soon as they ask for the keys
    #[arg(long)]
    now: bool,
    #[command(flatten)]
    flags: Flags,
}

impl Action {
    /// The settings' flags.
    pub fn flags(&self) -> &Flags {
        match self {
            Self::List(flags) => flags,
            Self::Rotate(arguments) => &arguments.flags,
        }
    }
}

/// Does it on the database of the settings.
pub async fn run(action: Action) -> anyhow::Result<()> {
    with_store(action.flags(), async |settings, store| {
        if let Action::Rotate(RotateArguments { now, .. }) = &action {
            rotate(settings, store, *now).await?;
        }
        list(store).await
    })
    .await
}

async fn rotate(settings: &Settings, store: &Store, now: bool) -> anyhow::Result<()> {
    // Never made here: the servers would not know it.
    let secret = SecretKey::find(settings)?.with_context(|| {
        format!(
            "there is no secret key in {}; run this with the settings of the servers",
            settings.data_dir.display()
        )
    })?;
    let plan = if now {
        rotation::at_once
    } else {
        rotation::next
    };
    let changed = store
        .change_signing_keys(|keys| plan(keys, &secret))
        .await
        .context("the keys could not be changed")?;
    changed?;
    if now {
        println!(
            "A new key signs. Running servers take it within 10 s; other services may hold the old \
             one for 5 minutes more.\n"
        );
    } else {
        let minutes = PUBLISHED_BEFORE.as_secs() / 60;
        println!("A new key is published. It signs in {minutes} minutes.\n");
    }
    Ok(())
}

async fn list(store: &Store) -> anyhow::Result<()> {
    let keys = store
        .list_signing_keys()
        .await
        .context("the keys could not be read")?;
    if keys.is_empty() {
        println!("There is no key yet; the first start makes one.");
    }
    for (key, state) in keys.iter().zip(states(&keys)) {
        let age = age(key.read_at - key.created_at);
        let state = match state {
            KeyState::Next(from) => format!("published, signs from {}", shown(from)),
            KeyState::Signing => format!("signing since {}", shown(key.signs_from)),
            KeyState::Retiring(until) => format!("retiring, published until {}", shown(until)),
            KeyState::Dead => "over, deleted by a running server within 10 s".to_owned(),
        };
        println!("{}  {age:>8}  {state}", key.kid);
    }
    Ok(())
}

/// In the largest unit that is full.
fn age(age: TimeDelta) -> String {
    let units = [
        (age.num_days(), "d"),
        (age.num_hours(), "h"),
        (age.num_minutes(), "min"),
    ];
    let largest = units.iter().find(|(number, _)| *number > 0);
    largest.map_or_else(
        || format!("{} s", age.num_seconds()),
        |(number, unit)| format!("{number} {unit}"),
    )
}
