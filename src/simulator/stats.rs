//! What has been asked of the simulator so far.

use std::collections::BTreeMap;

use serde::Serialize;

use super::phone;
use super::quotas::Endpoint;

/// The counters of one path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PathStats {
    /// Requests that arrived.
    pub calls: u64,
    /// Those answered with an errcode, or not properly answered because of a fault.
    pub errors: u64,
    /// Those answered with a code image.
    pub images: u64,
}

/// Counters by path. Only paths listed from the start are counted, so the map stays small.
#[derive(Debug)]
pub(super) struct Stats(BTreeMap<String, PathStats>);

/// What an endpoint's answer was, left in the response for the counters to find.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    Error,
    Image,
}

impl Default for Stats {
    fn default() -> Self {
        let paths = Endpoint::ALL
            .map(Endpoint::path)
            .into_iter()
            .chain(phone::COUNTED_PATHS);
        Self(
            paths
                .map(|path| (path.to_owned(), PathStats::default()))
                .collect(),
        )
    }
}

impl Stats {
    /// One request has arrived.
    pub(super) fn call(&mut self, path: &str) {
        if let Some(stats) = self.0.get_mut(path) {
            stats.calls += 1;
        }
    }

    /// It was answered so.
    pub(super) fn outcome(&mut self, path: &str, outcome: Outcome) {
        if let Some(stats) = self.0.get_mut(path) {
            match outcome {
                Outcome::Error => stats.errors += 1,
                Outcome::Image => stats.images += 1,
            }
        }
    }

    pub(super) fn snapshot(&self) -> BTreeMap<String, PathStats> {
        self.0.clone()
    }
}
