//! One run of one server, from its start to its stop.

use std::time::Duration;

use actix_web::rt::time::sleep;

use crate::peers::{
    client::work::{Server as Address, Work},
    database::spent,
    figures::{Cost, Figures, FlatOut, Flow, Point, Push},
    fleet::{Fleet, Outcome},
    plan::{CONFIRMS_PER_SECOND, LOGINS_AT_ONCE, LOGINS_PER_SECOND, Plan},
    servers::{Server, Started},
};

/// What a server does as fast as it goes. It is started for it alone.
pub async fn flat_out(server: &Server, plan: &Plan) -> FlatOut {
    let mut run = Run::start(server, plan, plan.codes_flat_out()).await;
    let logins = run.logins().await;
    let opens = run.opens().await;
    run.started.stop().await;
    FlatOut { opens, logins }
}

/// All else of a server, which is started for it alone.
pub async fn measure(server: &Server, plan: &Plan, flat_out: FlatOut) -> Figures {
    let mut run = Run::start(server, plan, plan.codes()).await;
    // Allocators that give memory back do so after seconds: jemalloc's ten, and some more.
    sleep(Duration::from_secs(20)).await;
    let base = run.point().await;
    let memory = run.memory().await;
    let idle_cpu = run.idle().await;
    run.close().await;
    let afterwards = run.afterwards().await;
    let mut pushes = Vec::new();
    let mut costs = Vec::new();
    for waiting in sorted(&plan.pushes, &plan.costs) {
        if plan.pushes.contains(&waiting) {
            pushes.push(run.push(waiting).await);
        }
        if plan.costs.contains(&waiting) {
            costs.push(run.cost(waiting).await);
        }
    }
    // Each page would say that its server has gone.
    run.close().await;
    run.started.stop().await;
    Figures {
        server: server.name.to_owned(),
        base,
        memory,
        afterwards,
        idle_cpu,
        opens: flat_out.opens,
        logins: flat_out.logins,
        pushes,
        costs,
    }
}

fn sorted(one: &[usize], other: &[usize]) -> Vec<usize> {
    let mut all = [one, other].concat();
    all.sort_unstable();
    all.dedup();
    all
}

struct Run<'a> {
    server: &'a Server,
    plan: &'a Plan,
    started: Started,
    fleet: Fleet,
    waiting: usize,
}

impl<'a> Run<'a> {
    async fn start(server: &'a Server, plan: &'a Plan, codes: usize) -> Self {
        let started = server.start(codes).await;
        let address = Address {
            port: started.port,
            dialect: server.dialect,
        };
        let mut run = Self {
            server,
            plan,
            started,
            fleet: Fleet::start(address).await,
            waiting: 0,
        };
        run.warm_up().await;
        run
    }

    /// Code that is translated while it runs has run by then, and pools are as large as they get.
    async fn warm_up(&mut self) {
        self.views(400).await;
        let logins = Work::Logins {
            millis: 3_000,
            at_once: LOGINS_AT_ONCE / Fleet::processes(),
        };
        let outcome = self.fleet.each(logins).await;
        self.check("warm-up", &outcome);
        self.settle().await;
    }

    /// Opens about so many pages and closes them. Saoma's own first codes, which nobody here can
    /// scan, are used up by that.
    async fn views(&mut self, count: usize) {
        let outcome = self.fleet.open(count, self.plan.at_once).await;
        self.check("first pages", &outcome);
        self.fleet.each(Work::Close).await;
    }

    async fn memory(&mut self) -> Vec<Point> {
        let mut points = Vec::new();
        for &step in &self.plan.steps {
            self.wait_with(step).await;
            points.push(self.point().await);
        }
        points
    }

    async fn point(&mut self) -> Point {
        self.settle().await;
        let memory = self.started.memory();
        Point {
            sockets: self.waiting,
            pss: memory.pss,
            rss: memory.rss,
        }
    }

    async fn idle(&mut self) -> f64 {
        let before = self.started.cpu();
        sleep(self.plan.idle).await;
        let used = self.started.cpu().since(&before);
        used * 1e6 / self.plan.idle.as_secs_f64() / self.waiting as f64
    }

    async fn afterwards(&mut self) -> Option<Point> {
        sleep(self.plan.afterwards?).await;
        Some(self.point().await)
    }

    /// Rounds in which only confirms are sent; in between, their pages are opened and scanned.
    async fn push(&mut self, waiting: usize) -> Push {
        self.wait_with(waiting - self.plan.confirms).await;
        let confirms = Work::Confirms {
            count: self.plan.confirms,
            every_micros: 1_000_000 / CONFIRMS_PER_SECOND as u64,
        };
        // What is touched once is touched before.
        let mut all = self
            .fleet
            .one(Work::Confirms {
                count: 50,
                every_micros: 10_000,
            })
            .await;
        all.times.reset();
        all.failed = 0;
        // What opening them has left to the disk is on it by then.
        sleep(Duration::from_secs(2)).await;
        let mut p99s = Vec::new();
        for _ in 0..self.plan.rounds {
            // One that was given too much still has it to do.
            self.settle().await;
            let round = self.fleet.one(confirms).await;
            self.check("confirms", &round);
            p99s.push(round.quantile(0.99));
            all.times.add(&round.times).unwrap();
            all.failed += round.failed;
        }
        self.settle().await;
        Push::of(waiting, &all, &p99s)
    }

    /// What a login costs, counted up over many at a rate that leaves time for all.
    async fn cost(&mut self, waiting: usize) -> Cost {
        // Those who log in are the last of them.
        self.wait_with(waiting - LOGINS_PER_SECOND).await;
        self.settle().await;
        let quiet = Duration::from_secs(4);
        let at_rest = self.spent_in(async |_| sleep(quiet).await).await;
        let count = self.plan.logins;
        let mut outcome = None;
        let working = self
            .spent_in(async |fleet| {
                let logins = Work::SteadyLogins {
                    count,
                    every_micros: 1_000_000 / LOGINS_PER_SECOND as u64,
                };
                outcome = Some(fleet.one(logins).await);
            })
            .await;
        let outcome = outcome.unwrap();
        self.check("logins", &outcome);
        let rest = outcome.seconds / quiet.as_secs_f64();
        let each = |working: f64, at_rest: f64| (working - at_rest * rest) / count as f64;
        Cost {
            waiting,
            server_cpu: each(working.server_cpu, at_rest.server_cpu) * 1e6,
            database_cpu: each(working.database_cpu, at_rest.database_cpu) * 1e6,
            clients_cpu: outcome.cpu_seconds / count as f64 * 1e6,
            statements: each(working.statements, at_rest.statements),
            bytes: outcome.bytes as f64 / count as f64,
            wal: each(working.wal, at_rest.wal),
        }
    }

    async fn spent_in(&mut self, work: impl AsyncFnOnce(&mut Fleet)) -> Spent {
        let (server, database) = (self.started.cpu(), spent(self.started.postgres()).await);
        work(&mut self.fleet).await;
        let server_cpu = self.started.cpu().since(&server);
        let now = spent(self.started.postgres()).await;
        Spent {
            server_cpu,
            database_cpu: now.cpu.since(&database.cpu),
            statements: (now.statements - database.statements) as f64,
            wal: (now.wal - database.wal) as f64,
        }
    }

    async fn logins(&mut self) -> Flow {
        let logins = Work::Logins {
            millis: millis(self.plan.flat_out),
            at_once: LOGINS_AT_ONCE / Fleet::processes(),
        };
        let outcome = self.fleet.each(logins).await;
        self.flow("logins", &outcome)
    }

    async fn opens(&mut self) -> Flow {
        let views = Work::Views {
            millis: millis(self.plan.flat_out),
            at_once: self.plan.at_once / Fleet::processes(),
        };
        let outcome = self.fleet.each(views).await;
        self.flow("opens", &outcome)
    }

    fn flow(&self, what: &str, outcome: &Outcome) -> Flow {
        self.check(what, outcome);
        Flow {
            per_second: outcome.per_second(),
            p50: outcome.quantile(0.5),
            p99: outcome.quantile(0.99),
            failed: outcome.failed,
        }
    }

    /// Opens or closes until so many wait.
    async fn wait_with(&mut self, wanted: usize) {
        if wanted < self.waiting {
            self.close().await;
        }
        let more = wanted - self.waiting;
        if more > 0 {
            let outcome = self.fleet.open(more, self.plan.at_once).await;
            self.check("waiting pages", &outcome);
            self.waiting += usize::try_from(outcome.done()).unwrap();
        }
    }

    async fn close(&mut self) {
        self.fleet.each(Work::Close).await;
        self.waiting = 0;
    }

    /// Waits until the server takes no CPU for what has been asked of it.
    async fn settle(&self) {
        let pause = Duration::from_millis(500);
        for _ in 0..20 {
            let before = self.started.cpu();
            sleep(pause).await;
            if self.started.cpu().since(&before) < 0.03 {
                return;
            }
        }
    }

    /// Says what went wrong, if anything did; the figures show it as well.
    fn check(&self, what: &str, outcome: &Outcome) {
        if outcome.failed > 0 {
            let reason = outcome.reason.as_deref().unwrap_or_default();
            let (title, all) = (self.server.title, outcome.failed + outcome.done());
            eprintln!(
                "{title}: {what}: {} of {all} failed: {reason}",
                outcome.failed
            );
        }
    }
}

struct Spent {
    server_cpu: f64,
    database_cpu: f64,
    statements: f64,
    wal: f64,
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}
