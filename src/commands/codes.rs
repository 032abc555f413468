//! `saoma codes`: the codes that are made before anybody asks for them.

use std::{sync::Arc, time::Duration};

use anyhow::Context;

use super::database::with_store;
use crate::{
    codes::{ImageStore, Maker, PoolFill},
    settings::{Flags, Settings},
    wechat::{AccessToken, Breaker, Endpoint, Wechat},
};

/// What to do with the codes.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Grow the pool of reusable codes, also while servers run
    Pool(PoolArguments),
}

/// How large the pool becomes.
#[derive(Debug, clap::Args)]
pub struct PoolArguments {
    /// Codes that there shall be; a pool that has more keeps them
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=100_000))]
    size: i64,
    #[command(flatten)]
    flags: Flags,
}

impl Action {
    /// The settings' flags.
    pub fn flags(&self) -> &Flags {
        match self {
            Self::Pool(arguments) => &arguments.flags,
        }
    }
}

/// Does it on the database of the settings.
pub async fn run(action: Action) -> anyhow::Result<()> {
    let Action::Pool(PoolArguments { size, flags }) = action;
    // WeChat is asked, so what it needs must be there as well.
    let settings = Settings::load(&flags)?;
    with_store(&flags, async |_, store| {
        let images = ImageStore::open(&settings)
            .context("the folder for code images (SAOMA_CODE_STORE) cannot be made")?
            .images();
        let wechat = Wechat::new(settings.wechat.clone(), Arc::new(AccessToken::new()));
        let breaker = Breaker::new(Endpoint::CodeImage, settings.wechat.longest_pause);
        let breaker = Arc::new(breaker);
        let fill = PoolFill {
            store: store.clone(),
            maker: Maker::new(wechat, images, breaker),
            opens: settings.code_opens(),
            pause: Duration::from_secs(2),
        };
        let mut told = None;
        let have = fill
            .fill(size, |have| {
                // A line for each hundred, and the first.
                if told.is_none_or(|told| have / 100 > told / 100) {
                    println!("{have} of {size} codes");
                }
                told = Some(have);
            })
            .await?;
        println!("The pool has {have} codes.");
        Ok(())
    })
    .await
}
