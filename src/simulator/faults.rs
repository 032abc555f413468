//! Faults on demand: a `WeChat` that hangs, crawls, errs, hangs up or talks nonsense.

use std::time::Duration;

use rand::RngExt as _;
use serde::Deserialize;

/// More than any test needs; a caller that goes on adding is told so.
const AT_MOST: usize = 100;
/// No caller waits longer than this for a simulator that hangs.
const LONGEST: Duration = Duration::from_mins(10);

/// A way to misbehave on some requests.
#[derive(Clone, Debug, Deserialize)]
pub struct Fault {
    /// The path it concerns, or `*` for all of `WeChat`'s endpoints.
    pub path: String,
    /// What happens.
    pub mode: FaultMode,
    /// The errcode that mode `error` answers with; -1 (`system error`) if absent.
    #[serde(default)]
    pub errcode: Option<i32>,
    /// How long `slow` waits before it answers (1000 if absent) and `hang` before it hangs up
    /// (ten minutes if absent), in milliseconds; ten minutes at the most.
    #[serde(default)]
    pub delay_ms: Option<u64>,
    /// How many requests it meets; all until it is cleared if absent.
    #[serde(default)]
    pub count: Option<u32>,
    /// The share of requests it meets, from 0 to 1; all of them if absent.
    #[serde(default)]
    pub probability: Option<f64>,
}

impl Fault {
    /// On every request to a path until it is cleared.
    pub fn new(path: &str, mode: FaultMode) -> Self {
        Self {
            path: path.to_owned(),
            mode,
            errcode: None,
            delay_ms: None,
            count: None,
            probability: None,
        }
    }
}

/// What a [`Fault`] does to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultMode {
    /// Takes the request and never answers.
    Hang,
    /// Answers properly, but late.
    Slow,
    /// Answers with an errcode.
    Error,
    /// Resets the TCP connection without an answer.
    Reset,
    /// Answers 200 with a page of HTML, as a misled proxy does.
    Garbage,
    /// Answers properly, but with the first half of the body alone, as if that were all.
    Truncated,
}

/// What one request has to suffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suffering {
    Hang(Duration),
    Slow(Duration),
    Error(i32),
    Reset,
    Garbage,
    Truncated,
}

/// The faults in force, in the order in which they were asked for: the first one that fits a
/// request has it, so a script of several counted faults plays in its order.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) -> Result<(), &'static str> {
        if fault.path != "*" && (!fault.path.starts_with('/') || fault.path.starts_with("/_sim")) {
            return Err("path must be \"*\" or a path of the simulator outside /_sim");
        }
        if fault
            .probability
            .is_some_and(|share| !(0.0..=1.0).contains(&share))
        {
            return Err("probability must lie between 0 and 1");
        }
        if fault.count == Some(0) {
            return Err("count must be at least 1; leave it out for no limit");
        }
        if fault.errcode == Some(0) {
            return Err("errcode 0 means success; name another one");
        }
        if self.0.len() >= AT_MOST {
            return Err("too many faults at once; DELETE /_sim/faults first");
        }
        self.0.push(fault);
        Ok(())
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that a request to `path` meets, counted off.
    pub(super) fn take(&mut self, path: &str) -> Option<Suffering> {
        let index = self.0.iter().position(|fault| {
            let concerns = fault.path == path || (fault.path == "*" && is_wechat(path));
            concerns
                && fault
                    .probability
                    .is_none_or(|share| rand::rng().random_bool(share))
        })?;
        let fault = &mut self.0[index];
        let suffering = fault.suffering();
        if let Some(count) = &mut fault.count {
            *count -= 1;
            if *count == 0 {
                self.0.remove(index);
            }
        }
        Some(suffering)
    }
}

impl Fault {
    fn suffering(&self) -> Suffering {
        let delay = self
            .delay_ms
            .map(|ms| Duration::from_millis(ms).min(LONGEST));
        match self.mode {
            FaultMode::Hang => Suffering::Hang(delay.unwrap_or(LONGEST)),
            FaultMode::Slow => Suffering::Slow(delay.unwrap_or(Duration::from_secs(1))),
            FaultMode::Error => Suffering::Error(self.errcode.unwrap_or(-1)),
            FaultMode::Reset => Suffering::Reset,
            FaultMode::Garbage => Suffering::Garbage,
            FaultMode::Truncated => Suffering::Truncated,
        }
    }
}

/// Whether the path is one of `WeChat`'s rather than the simulator's own.
fn is_wechat(path: &str) -> bool {
    ["/cgi-bin/", "/sns/", "/wxa/"]
        .iter()
        .any(|prefix| path.starts_with(prefix))
}
