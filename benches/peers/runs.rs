//! All runs, and what they say together: the median of each figure, and ratios within a run.

use crate::peers::figures::{Cost, Figures, Flow, Push, median};

/// The figures of each run, Saoma's first.
pub struct Runs(pub Vec<Vec<Figures>>);

impl Runs {
    /// Names of the servers, in their order.
    pub fn servers(&self) -> Vec<&str> {
        self.0[0].iter().map(|figures| &*figures.server).collect()
    }

    /// The median of a server's figure.
    pub fn of(&self, server: &str, value: impl Fn(&Figures) -> f64) -> f64 {
        median(self.all(server).map(value))
    }

    /// The median over the runs of what is said of Saoma and its peers in that run.
    pub fn within(&self, say: impl Fn(&Figures, &[Figures]) -> f64) -> f64 {
        median(self.0.iter().map(|run| say(&run[0], &run[1..])))
    }

    /// How Saoma compares with each peer: the median over the runs of what is said of the two in that
    /// run.
    pub fn beside(&self, say: impl Fn(&Figures, &Figures) -> f64) -> impl Iterator<Item = f64> {
        let peers = 1..self.0[0].len();
        peers.map(move |peer| median(self.0.iter().map(|run| say(&run[0], &run[peer]))))
    }

    /// A server's pushes with as many waiting as it had, but no more than so many.
    pub fn push(&self, server: &str, most: usize) -> Option<Push> {
        let pushes = self
            .all(server)
            .filter_map(|figures| push_of(figures, most));
        let pushes: Vec<_> = pushes.collect();
        Some(Push {
            waiting: pushes.first()?.waiting,
            p50: median(pushes.iter().map(|push| push.p50)),
            p99: median(pushes.iter().map(|push| push.p99)),
            worst_p99: pushes
                .iter()
                .map(|push| push.worst_p99)
                .fold(f64::NAN, f64::max),
            failed: pushes.iter().map(|push| push.failed).sum(),
        })
    }

    /// What a server does as fast as it goes; failures of all runs.
    pub fn flow(&self, server: &str, of: fn(&Figures) -> Flow) -> Flow {
        Flow {
            per_second: self.of(server, |figures| of(figures).per_second),
            p50: self.of(server, |figures| of(figures).p50),
            p99: self.of(server, |figures| of(figures).p99),
            failed: self.all(server).map(|figures| of(figures).failed).sum(),
        }
    }

    /// A login's cost with the fewest and with the most waiting.
    pub fn costs(&self, server: &str) -> Vec<Cost> {
        let ends = [<[Cost]>::first, <[Cost]>::last];
        ends.into_iter()
            .filter_map(|end| {
                let costs = self.all(server).filter_map(|figures| end(&figures.costs));
                let costs: Vec<_> = costs.collect();
                let of = |value: fn(&Cost) -> f64| median(costs.iter().map(|cost| value(cost)));
                Some(Cost {
                    waiting: costs.first()?.waiting,
                    server_cpu: of(|cost| cost.server_cpu),
                    database_cpu: of(|cost| cost.database_cpu),
                    clients_cpu: of(|cost| cost.clients_cpu),
                    statements: of(|cost| cost.statements),
                    bytes: of(|cost| cost.bytes),
                    wal: of(|cost| cost.wal),
                })
            })
            .collect()
    }

    fn all(&self, server: &str) -> impl Iterator<Item = &Figures> {
        let all = self.0.iter().flatten();
        all.filter(move |figures| figures.server == server)
    }
}

/// The pushes with the most waiting, but no more than so many.
pub fn push_of(figures: &Figures, most: usize) -> Option<Push> {
    figures
        .pushes
        .iter()
        .copied()
        .rfind(|push| push.waiting <= most)
}
