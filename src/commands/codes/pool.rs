//! `saoma codes pool`: the reusable codes are made.

use std::time::Duration;

use super::{Place, codes, number, progress};
use crate::{codes::PoolFill, settings::Flags};

/// How large the pool becomes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Codes that there shall be; a pool that has more keeps them
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=100_000))]
    size: i64,
    #[command(flatten)]
    pub(super) flags: Flags,
}

/// Grows it.
pub(super) async fn run(arguments: &Arguments, at: &Place<'_>) -> anyhow::Result<()> {
    let size = arguments.size;
    let fill = PoolFill {
        store: at.store.clone(),
        maker: at.maker()?,
        opens: at.settings.code_opens(),
        pause: Duration::from_secs(2),
        stopping: progress::stop_at_signal()?,
    };
    let have = progress::shown(size, async |tell| fill.fill(size, tell).await).await?;
    anyhow::ensure!(
        have >= size,
        "stopped: the pool has {} of {}",
        number(have),
        codes(size)
    );
    println!("The pool has {}.", codes(have));
    Ok(())
}
