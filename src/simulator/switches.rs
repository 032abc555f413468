//! What tests switch on and off while the simulator runs.

use super::quotas::{Endpoint, Quotas};
use super::state::SharedState;

/// Behaviour on which the documentation is silent or that depends on the account.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, all combine"
)]
pub(super) struct Switches {
    pub(super) bound_to_open_platform: bool,
    pub(super) ip_allowed: bool,
    pub(super) ip_allowed_on_sns: bool,
    pub(super) sns_as_json: bool,
    pub(super) country_code_as_number: bool,
    pub(super) overlap_after_forced_refresh: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            bound_to_open_platform: true,
            ip_allowed: true,
            ip_allowed_on_sns: true,
            sns_as_json: false,
            country_code_as_number: false,
            overlap_after_forced_refresh: true,
        }
    }
}

/// Switches and quotas. Each takes effect from the next request on.
impl SharedState {
    /// Whether the mini programs are bound to an Open Platform account, that is, whether
    /// jscode2session tells a unionid. They are, at first.
    pub fn set_bound_to_open_platform(&self, bound: bool) {
        self.world().switches.bound_to_open_platform = bound;
    }

    /// Whether the caller's address is on the allowlist of the token endpoints (40164).
    pub fn set_ip_allowed(&self, allowed: bool) {
        self.world().switches.ip_allowed = allowed;
    }

    /// The same for jscode2session, where the documentation knows no allowlist but users report
    /// refusals.
    pub fn set_ip_allowed_on_sns(&self, allowed: bool) {
        self.world().switches.ip_allowed_on_sns = allowed;
    }

    /// Whether jscode2session sends its JSON as `application/json` instead of `text/plain`.
    pub fn set_sns_as_json(&self, json: bool) {
        self.world().switches.sns_as_json = json;
    }

    /// Whether getuserphonenumber sends `countryCode` as a number, as it used to.
    pub fn set_country_code_as_number(&self, number: bool) {
        self.world().switches.country_code_as_number = number;
    }

    /// Whether a stable token lives on for five minutes after one forced refresh. It does, at
    /// first; a second forced refresh ends it in any case.
    pub fn set_overlap_after_forced_refresh(&self, overlap: bool) {
        self.world().switches.overlap_after_forced_refresh = overlap;
    }

    /// Whether the first mini program has a published version, without which codes can be made
    /// only with `check_path` false (41030).
    pub fn set_published(&self, published: bool) {
        self.world().apps[0].published = published;
    }

    /// Whether `WeChat` takes the user with this openid for a high risk (40226).
    pub fn set_blocked(&self, openid: &str, blocked: bool) {
        let mut world = self.world();
        if blocked {
            world.blocked.insert(openid.to_owned());
        } else {
            world.blocked.remove(openid);
        }
    }

    /// Limits the calls of an endpoint by calendar day in China (45009); `None` lifts the limit.
    pub fn set_daily_quota(&self, endpoint: Endpoint, calls: Option<u32>) {
        self.world().quotas.limit_by_day(endpoint, calls);
    }

    /// Limits the calls of an endpoint by minute (45011); `None` lifts the limit.
    pub fn set_minute_quota(&self, endpoint: Endpoint, calls: Option<u32>) {
        self.world().quotas.limit_by_minute(endpoint, calls);
    }

    /// Sets the limits that `WeChat` publishes, and forgets what has been used of earlier ones.
    pub fn set_published_quotas(&self) {
        self.world().quotas = Quotas::published();
    }
}
