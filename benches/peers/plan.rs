//! How much of what is done to each server.

use std::time::Duration;

use crate::peers::{servers::Server, verdicts::COMPARED};

/// The sizes of one run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where memory is read; the last is the most that ever wait.
    pub steps: Vec<usize>,
    /// How many wait while confirms are pushed.
    pub pushes: Vec<usize>,
    /// How many wait while logins are counted up.
    pub costs: Vec<usize>,
    /// With so many all rest, once for each ping.
    pub idle: Duration,
    /// After all have closed, until memory is read again; none: not measured.
    pub afterwards: Option<Duration>,
    /// Rounds of confirms, with nothing else at the same time.
    pub rounds: usize,
    /// Confirms of a round; each has a page of its own.
    pub confirms: usize,
    /// For opening pages, and for logging in, as fast as it goes.
    pub flat_out: Duration,
    /// Pages that open at once.
    pub at_once: usize,
    /// Logins of a cost's measurement.
    pub logins: usize,
}

/// Of all phones together.
pub const CONFIRMS_PER_SECOND: usize = 500;
/// While logins are counted up, so that the rest of the machine has time too.
pub const LOGINS_PER_SECOND: usize = 100;
/// Who logs in at once when as many as possible do: a burst.
pub const LOGINS_AT_ONCE: usize = 256;

impl Plan {
    /// `make bench`: under 20 minutes for all.
    pub fn quick(server: &Server) -> Self {
        let most = if server.is_slow { 2_000 } else { 5_000 };
        Self {
            steps: within(&[1_000, 2_000, 3_500, 5_000], most),
            pushes: vec![1_000, most],
            costs: vec![1_000, most],
            idle: Duration::from_secs(25),
            // A minute each is too long here; what must be shown is Saoma's.
            afterwards: server.is_saoma().then_some(Duration::from_secs(60)),
            rounds: 3,
            confirms: 700,
            flat_out: Duration::from_secs(5),
            at_once: at_once(server),
            logins: 300,
        }
    }

    /// `make bench-full`: one of its three runs.
    pub fn full(server: &Server) -> Self {
        let most = if server.is_slow { 5_000 } else { 19_000 };
        Self {
            steps: within(&[1_000, 2_000, 5_000, 10_000, 14_500, 19_000], most),
            pushes: if server.is_slow {
                vec![1_000, most]
            } else {
                vec![1_000, COMPARED, most]
            },
            costs: vec![1_000, most],
            idle: Duration::from_secs(50),
            afterwards: Some(Duration::from_secs(60)),
            rounds: 5,
            confirms: 1_000,
            flat_out: Duration::from_secs(8),
            at_once: at_once(server),
            logins: 1_000,
        }
    }

    /// To see that all of it works, in seconds; its figures say nothing.
    pub fn smoke(server: &Server) -> Self {
        Self {
            steps: vec![200, 300, 400],
            pushes: vec![200, 400],
            costs: vec![200, 400],
            idle: Duration::from_secs(2),
            afterwards: Some(Duration::from_secs(2)),
            rounds: 1,
            confirms: 100,
            flat_out: Duration::from_secs(2),
            at_once: at_once(server),
            logins: 100,
        }
    }

    pub fn most(&self) -> usize {
        self.steps[self.steps.len() - 1]
    }

    /// Codes that are enough for the start that is for the rest, warm-up included.
    pub fn codes(&self) -> usize {
        let confirms = (self.pushes.len() + 1) * (self.rounds + 1) * self.confirms;
        let logins = self.costs.len() * self.logins;
        3 * self.most() + confirms + logins + 20_000
    }

    /// The same for what goes as fast as it can.
    pub fn codes_flat_out(&self) -> usize {
        // More than any of them opens in a second.
        let flat_out = 20_000.0 * self.flat_out.as_secs_f64();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "some seconds"
        )]
        let flat_out = flat_out as usize;
        flat_out + 20_000
    }
}

fn within(sizes: &[usize], most: usize) -> Vec<usize> {
    sizes.iter().copied().filter(|size| *size <= most).collect()
}

/// Daphne refuses none, but loses those that wait too long.
fn at_once(server: &Server) -> usize {
    if server.is_slow { 16 } else { 64 }
}
