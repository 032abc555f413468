//! `saoma codes fill N`: the stock gets its codes now.

use std::time::Duration;

use super::{Place, codes, number, progress};
use crate::{
    codes::{
        Source,
        refill::by_hand::{Parts, StockFill},
    },
    settings::Flags,
};

/// How far.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Codes that there shall be in the stock; one that has more keeps them
    #[arg(value_name = "N", value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    size: i64,
    #[command(flatten)]
    pub(super) flags: Flags,
}

/// Fills it, no faster than `SAOMA_STOCK_RATE`.
pub(super) async fn run(arguments: &Arguments, at: &Place<'_>) -> anyhow::Result<()> {
    let (size, settings) = (arguments.size, at.settings);
    let stopping = progress::stop_at_signal()?;
    let fill = StockFill::new(Parts {
        store: at.store.clone(),
        instance: settings.instance.clone(),
        opens: settings.code_opens().into(),
        maker: at.maker()?,
        rate: settings.codes.stock_rate,
        pause: Duration::from_secs(2),
        stopping,
    });
    let have = progress::shown(size, async |tell| fill.fill(size, tell).await).await?;
    anyhow::ensure!(
        have >= size,
        "stopped: the stock has {} of {}",
        number(have),
        codes(size)
    );
    println!("The stock has {}.", codes(have));
    if settings.codes.first != Source::Stock {
        println!(
            "SAOMA_CODES is {}, so servers use them only when that has no code, and do not fill \
             the stock themselves.",
            settings.codes.first.as_str()
        );
    }
    Ok(())
}
