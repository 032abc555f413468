//! What Saoma must be, and whether it is.

use std::fmt;

use crate::peers::{
    figures::{Cost, Figures, Push},
    runs::{Runs, push_of},
    servers::SERVERS,
};

/// A figure that something must be true of.
pub struct Verdict {
    pub what: String,
    pub must: &'static str,
    pub aim: &'static str,
    pub measured: String,
    pub passed: bool,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = if self.passed { "yes" } else { "**no**" };
        let Self {
            what,
            must,
            aim,
            measured,
            ..
        } = self;
        write!(f, "| {what} | {must} | {measured} | {said} | {aim} |")
    }
}

/// The most that wait where confirms are compared.
pub const COMPARED: usize = 10_000;

/// R² of a curve that may be called a line.
const LINE: f64 = 0.9;

/// A cost is flat if it is no more than this many times as high with the most waiting.
const FLAT: f64 = 1.1;

/// Every row that has a `must`, if all servers were measured. Ratios are taken within a run, then
/// their median; of the peers the one that comes nearest counts.
pub fn verdicts(runs: &Runs) -> Vec<Verdict> {
    if runs.servers().len() < SERVERS.len() {
        return Vec::new();
    }
    let mut all = Vec::from(memory(runs));
    all.push(idle(runs));
    all.push(opens(runs));
    all.extend(pushes(runs));
    all.push(logins(runs));
    all.push(growth(runs));
    all.extend(costs(runs));
    all
}

fn memory(runs: &Runs) -> [Verdict; 3] {
    let slope = runs.of("saoma", |figures| figures.line().slope);
    // What is no line has no slope: a garbage collector may hide thousands of sockets. Such a
    // server must have more memory than Saoma in all.
    let slope_of = |figures: &Figures| {
        let line = figures.line();
        if line.r2 < LINE { f64::NAN } else { line.slope }
    };
    let ratio = runs.within(|saoma, peers| saoma.line().slope / least(peers, slope_of));
    let whole = runs.within(|saoma, peers| {
        let crooked = peers.iter().filter(|peer| peer.line().r2 < LINE);
        saoma.whole() / crooked.map(Figures::whole).fold(f64::INFINITY, f64::min)
    });
    let crooked = if whole > 0.0 {
        format!("; in all {whole:.2} of the least of those whose curve is no line")
    } else {
        String::new()
    };
    let r2 = runs.of("saoma", |figures| figures.line().r2);
    let kept = runs.of("saoma", |figures| figures.kept().unwrap_or(f64::NAN));
    [
        Verdict {
            what: "server memory for a waiting socket".to_owned(),
            must: "less than every peer",
            aim: "2.0 KB",
            measured: format!("{slope:.2} KB, {ratio:.2} of the best peer's{crooked}"),
            passed: ratio < 1.0 && whole < 1.0,
        },
        Verdict {
            what: "straightness of that curve, R²".to_owned(),
            must: "at least 0.999",
            aim: "",
            measured: format!("{r2:.5}"),
            passed: r2 >= 0.999,
        },
        Verdict {
            what: "memory that is kept 60 s after all have closed".to_owned(),
            must: "at most 25 %",
            aim: "",
            measured: format!("{:.0} %", kept * 100.0),
            passed: kept <= 0.25,
        },
    ]
}

fn idle(runs: &Runs) -> Verdict {
    let idle = runs.of("saoma", |figures| figures.idle_cpu);
    let ratio = runs.within(|saoma, peers| {
        let theirs = peers.iter().find(|peer| peer.server == "socket.io");
        saoma.idle_cpu / theirs.map_or(f64::NAN, |peer| peer.idle_cpu)
    });
    Verdict {
        what: "CPU for a waiting socket, a ping every 25 s".to_owned(),
        must: "under half of socket.io's",
        aim: "0.5 µs/s",
        measured: format!("{idle:.2} µs/s, {ratio:.2} of socket.io's"),
        passed: ratio < 0.5,
    }
}

fn opens(runs: &Runs) -> Verdict {
    let opens = |figures: &Figures| figures.opens.per_second;
    let mine = runs.of("saoma", opens);
    let ratio = smallest(runs.beside(|saoma, peer| opens(saoma) / opens(peer)));
    Verdict {
        what: "sockets opened with a ticket, row committed, in a second".to_owned(),
        must: "above every peer, and 5,000",
        aim: "10,000",
        measured: format!("{mine:.0}, {ratio:.2} times the best peer's"),
        passed: ratio > 1.0 && mine >= 5_000.0,
    }
}

fn pushes(runs: &Runs) -> impl Iterator<Item = Verdict> {
    type Of = fn(&Push) -> f64;
    let parts: [(&str, &str, Of); 2] = [
        ("p50", "0.5 ms", |push| push.p50),
        ("p99", "2.5 ms", |push| push.p99),
    ];
    let push = runs.push("saoma", COMPARED);
    parts.into_iter().filter_map(move |(name, aim, part)| {
        let of =
            |figures: &Figures| push_of(figures, COMPARED).map_or(f64::NAN, |push| part(&push));
        let ratio = largest(runs.beside(|saoma, peer| of(saoma) / of(peer)));
        let (push, waiting) = (push?, push?.waiting);
        Some(Verdict {
            what: format!("durable confirm to push, {waiting} waiting, 500 a second, {name}"),
            must: "below every peer",
            aim,
            measured: format!("{:.2} ms, {ratio:.2} of the best peer's", part(&push)),
            passed: ratio < 1.0,
        })
    })
}

fn logins(runs: &Runs) -> Verdict {
    let logins = |figures: &Figures| figures.logins.per_second;
    let mine = runs.of("saoma", logins);
    let ratio = smallest(runs.beside(|saoma, peer| logins(saoma) / logins(peer)));
    Verdict {
        what: "whole logins in a second".to_owned(),
        must: "2 times the best peer's",
        aim: "2,500",
        measured: format!("{mine:.0}, {ratio:.2} times the best peer's"),
        passed: ratio >= 2.0,
    }
}

fn growth(runs: &Runs) -> Verdict {
    let growth = runs.of("saoma", |figures| figures.push_growth().unwrap_or(f64::NAN));
    Verdict {
        what: "p99 of a push with the most waiting against 1,000".to_owned(),
        must: "at most 1.3 times",
        aim: "1.1",
        measured: format!("{growth:.2} times"),
        passed: growth <= 1.3,
    }
}

fn costs(runs: &Runs) -> Vec<Verdict> {
    let [few, many] = runs.costs("saoma")[..] else {
        return Vec::new();
    };
    let verdicts = COSTS.iter().map(|(what, of)| {
        let (few, many) = (of(&few), of(&many));
        let ratio = many / few;
        Verdict {
            what: format!("{what} of a login with the most waiting against 1,000"),
            must: "flat (at most 1.1 times)",
            aim: "",
            measured: format!("{} and {}: {ratio:.2} times", Short(many), Short(few)),
            passed: ratio <= FLAT,
        }
    });
    verdicts.collect()
}

type OfCost = fn(&Cost) -> f64;

/// What a login costs, as a person reads it.
const COSTS: [(&str, OfCost); 3] = [
    ("CPU of server and database, ms,", |cost| {
        (cost.server_cpu + cost.database_cpu) / 1e3
    }),
    ("statements", |cost| cost.statements),
    ("bytes on the wire", |cost| cost.bytes),
];

/// Few digits for a small number, none behind the point for a large one.
pub struct Short(pub f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match self.0.abs() {
            100.0.. => 0,
            10.0.. => 1,
            _ => 2,
        };
        write!(f, "{:.*}", digits, self.0)
    }
}

fn least(peers: &[Figures], of: impl Fn(&Figures) -> f64) -> f64 {
    peers.iter().map(of).fold(f64::NAN, f64::min)
}

fn smallest(ratios: impl Iterator<Item = f64>) -> f64 {
    ratios.fold(f64::NAN, f64::min)
}

fn largest(ratios: impl Iterator<Item = f64>) -> f64 {
    ratios.fold(f64::NAN, f64::max)
}
