//! Where codes come from, and how many are made ahead.

use std::path::Path;

use url::Url;

use super::{CodeStore, SettingsError, parse::Values};
use crate::codes::Source;

/// The owner's choices about codes.
#[derive(Debug, Clone)]
pub struct CodeSettings {
    /// The source that is asked first.
    pub first: Source,
    /// The least number of codes that a full stock has.
    pub stock_size: u32,
    /// The most that it ever has, however many are used.
    pub stock_max: u32,
    /// Codes for the stock in a minute, of all instances together.
    pub stock_rate: u32,
    /// Where their images are kept.
    pub store: CodeStore,
    /// How many bytes of images are kept in memory.
    pub cache: usize,
    /// The address in the simulator's codes, which open nothing else; no setting.
    pub phone_url: Option<Url>,
}

impl CodeSettings {
    pub(super) fn from_values(values: &Values, data_dir: &Path) -> Result<Self, SettingsError> {
        let words = Source::ALL.map(Source::as_str);
        let first = values.one_of("SAOMA_CODES", Source::Stock.as_str(), &words)?;
        let stock_size = values.number("SAOMA_STOCK_SIZE", 2_000, 1..=1_000_000)?;
        let most = stock_size.max(20_000);
        Ok(Self {
            // Every word that is allowed above is a source's.
            first: Source::parse(&first).unwrap_or(Source::Stock),
            stock_size,
            stock_max: values.number("SAOMA_STOCK_MAX", most, stock_size..=1_000_000)?,
            stock_rate: values.number("SAOMA_STOCK_RATE", 3_000, 60..=5_000)?,
            store: CodeStore::from_values(values, data_dir)?,
            cache: usize::try_from(values.number("SAOMA_CODE_CACHE", 32, 0..=4096)?).unwrap_or(0)
                << 20,
            phone_url: None,
        })
    }
}
