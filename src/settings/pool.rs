//! How the reusable codes are shared out.

use std::time::Duration;

use super::{SettingsError, Timers, parse::Values};
use crate::codes::PoolOrder;

/// Unless the timers ask for more.
const QUARANTINE: Duration = Duration::from_secs(900);
/// What the default quarantine keeps beyond the timers.
const BEYOND: Duration = Duration::from_secs(60);

/// How the reusable codes are shared out.
#[derive(Debug, Clone, Copy)]
pub struct PoolSettings {
    /// Which of the free codes is leased.
    pub order: PoolOrder,
    /// How long a code rests after its lease.
    pub quarantine: Duration,
    /// Leases for one address within a lease and its quarantine; 0: no limit.
    pub per_address: u32,
}

impl PoolSettings {
    pub(super) fn from_values(values: &Values, timers: &Timers) -> Result<Self, SettingsError> {
        let order = values.one_of("SAOMA_POOL_ORDER", "random", &["random", "lowest"])?;
        Ok(Self {
            order: match &*order {
                "lowest" => PoolOrder::Lowest,
                _ => PoolOrder::Random,
            },
            quarantine: quarantine(values, timers)?,
            per_address: values.number("SAOMA_MAX_POOL_PER_ADDRESS", 10, 0..=u32::MAX)?,
        })
    }
}

/// Longer than a whole login may take: whoever saw the code of one login must be
/// through with it before another's page shows the same.
fn quarantine(values: &Values, timers: &Timers) -> Result<Duration, SettingsError> {
    const NAME: &str = "SAOMA_POOL_QUARANTINE";
    let all = timers.scan + timers.confirm + timers.register + timers.check + timers.redeem;
    let default = QUARANTINE.max(all + BEYOND);
    let default = format!("{}ms", default.as_millis());
    let quarantine = values.duration(NAME, &default)?;
    if quarantine > all {
        return Ok(quarantine);
    }
    Err(SettingsError::new(
        NAME,
        &values.text(NAME, "")?,
        "a code must rest longer than SAOMA_SCAN_TTL, SAOMA_CONFIRM_TTL, SAOMA_REGISTER_TTL, \
         SAOMA_CHECK_TTL and SAOMA_REDEEM_TTL together",
        &format!("more than {} s, such as 15m", all.as_secs_f64().ceil()),
    ))
}
