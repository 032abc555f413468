//! PL3: random traces of begin, renew, scan, confirm, register, refuse, cancel, redeem, time and
//! tidying on two instances, compared step by step with a small model of the leases.

mod people;
mod reference;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use saoma::{
    codes::{Code, PoolOrder, Source},
    login::{
        attempt::Browser,
        check::{CAMERA, CheckPolicy},
        ids::{AttemptId, Hash},
        reason::Reason,
    },
    settings::Timers,
    store::{Answer, BeginQueue, Lease, NewAttempt, NewSession, Scan, Store},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use crate::support::{
    TestDatabase, TestServer,
    pool::{add_bare_codes, rules},
    soak,
};
use people::{Person, people};
use reference::{Reference, SECOND, State};

/// So few that they are used up and come back all the time.
const CODES: i64 = 6;
/// Attempts that something may still happen to.
const RECENT: usize = 24;

struct Instance {
    store: Store,
    begin: BeginQueue,
}

/// What the trace knows of an attempt besides the model.
struct Known {
    id: AttemptId,
    browser: Hash,
    version: i32,
    scenes: Vec<Hash>,
    /// Of its one scan.
    person: usize,
    nonce: Hash,
    number: i16,
}

struct Trace {
    instances: [Instance; 2],
    clock: PgConnection,
    random: StdRng,
    model: Reference,
    known: Vec<Known>,
    people: Vec<Person>,
    pool: Vec<Hash>,
}

#[actix_web::test]
async fn pl3_whatever_happens_on_two_instances_a_code_has_one_lease_and_rests_after_it() {
    let server = TestServer::start().await;
    let timers = server.recheck.settings.timers;
    let mut trace = Trace::new(&server.database, timers).await;
    let steps = soak::times(6_000, 100_000);
    let mut leased = 0;
    for _ in 0..steps {
        leased += trace.step().await;
    }
    // It has not looked at an empty road.
    assert!(leased > steps / 20, "{leased} leases in {steps} steps");
    trace.all_come_back().await;
}

impl Trace {
    async fn new(database: &TestDatabase, timers: Timers) -> Self {
        // A clock that stands still between two steps: what the model adds up is exact.
        let clock = "create table test_clock as select date_trunc('second', now()) as at;
            create or replace function saoma_now() returns timestamptz
            language sql stable parallel safe return (select at from test_clock)";
        database.execute(clock).await;
        let instance = |name: &str| {
            let store = Store::new(&database.options, 3, timers);
            let begin = BeginQueue::new(store.clone(), name.to_owned());
            Instance { store, begin }
        };
        let instances = ["one", "two"].map(instance);
        let store = &instances[0].store;
        add_bare_codes(store, CODES).await;
        let mut clock = PgConnection::connect_with(&database.options).await.unwrap();
        let people = people(store, &mut clock).await;
        let scenes: Vec<Vec<u8>> = sqlx::query_scalar("select scene_hash from codes")
            .fetch_all(&mut clock)
            .await
            .unwrap();
        let pool: Vec<_> = scenes.iter().map(|scene| hash(scene)).collect();
        let mut model = Reference::default();
        for scene in &pool {
            model.add_code(*scene);
        }
        Self {
            instances,
            clock,
            random: StdRng::seed_from_u64(7),
            model,
            known: Vec::new(),
            people,
            pool,
        }
    }

    /// One random step on one of the instances; how many codes it leased.
    async fn step(&mut self) -> usize {
        let on = self.random.random_range(0..2);
        match self.random.random_range(0..100) {
            0..20 => return self.begin(on).await,
            20..24 => return self.begin_on_both().await,
            24..36 => return self.renew(on).await,
            36..52 => self.scan(on).await,
            52..66 => self.answer(on).await,
            66..70 => self.refuse(on).await,
            70..73 => self.cancel(on).await,
            73..80 => self.redeem(on).await,
            80..81 => while self.store(on).delete_old().await.unwrap() {},
            _ => {
                let seconds = [1, 5, 30, 59, 60, 119, 120, 121, 300, 780, 901];
                let seconds = seconds[self.random.random_range(0..seconds.len())];
                self.advance(seconds).await;
            }
        }
        0
    }

    fn store(&self, on: usize) -> &Store {
        &self.instances[on].store
    }

    /// One of the newest attempts.
    fn any(&mut self) -> Option<usize> {
        let from = self.known.len().saturating_sub(RECENT);
        (from < self.known.len()).then(|| self.random.random_range(from..self.known.len()))
    }

    async fn advance(&mut self, seconds: i64) {
        self.model.advance(seconds * SECOND);
        let sql = format!("update test_clock set at = at + interval '{seconds} seconds'");
        let sql = AssertSqlSafe(sql);
        sqlx::query(sql).execute(&mut self.clock).await.unwrap();
    }

    async fn lease(&self, on: usize, id: AttemptId) -> Option<Lease> {
        let rules = rules(PoolOrder::Random);
        self.store(on).lease_code(id, &rules).await.unwrap()
    }

    /// The code of a lease, or one that is used once.
    fn code(&mut self, lease: Option<&Lease>) -> Code {
        let (scene, source, epoch) = match lease {
            Some(lease) => (lease.scene, Source::Pool, lease.epoch),
            None => (self.random.random(), Source::Live, 0),
        };
        Code {
            image: "none.png".to_owned(),
            scene,
            source,
            epoch,
        }
    }

    fn take_in(&mut self, lease: Option<&Lease>) {
        if let Some(lease) = lease {
            self.model.leased(&lease.scene, lease.epoch);
        }
    }

    async fn begin(&mut self, on: usize) -> usize {
        let id = AttemptId::random();
        let free = self.model.free();
        let lease = self.lease(on, id).await;
        assert_eq!(lease.is_some(), free > 0);
        self.take_in(lease.as_ref());
        self.insert(on, id, lease.as_ref()).await;
        usize::from(lease.is_some())
    }

    /// Both ask at the same time: each gets another code, as long as there are two.
    async fn begin_on_both(&mut self) -> usize {
        let ids = [AttemptId::random(), AttemptId::random()];
        let free = self.model.free();
        let (one, two) = tokio::join!(self.lease(0, ids[0]), self.lease(1, ids[1]));
        let leased = one.iter().chain(&two).count();
        assert_eq!(leased, free.min(2));
        for (on, lease) in [one, two].iter().enumerate() {
            self.take_in(lease.as_ref());
            self.insert(on, ids[on], lease.as_ref()).await;
        }
        leased
    }

    async fn insert(&mut self, on: usize, id: AttemptId, lease: Option<&Lease>) {
        let (code, browser) = (self.code(lease), self.random.random());
        let (scene, epoch) = (code.scene, code.epoch);
        let new = NewAttempt {
            id,
            browser_hash: browser,
            code,
            silent_renewals: 0,
            browser: Browser {
                name: "Chrome".to_owned(),
                os: "Windows".to_owned(),
                ip: String::new(),
                place: None,
            },
            return_to: None,
        };
        let begun = self.instances[on].begin.begin(new).await.unwrap();
        self.model.begin(scene, epoch);
        self.known.push(Known {
            id,
            browser,
            version: begun.attempt.version,
            scenes: vec![scene],
            person: 0,
            nonce: [0; 32],
            number: 0,
        });
    }

    async fn renew(&mut self, on: usize) -> usize {
        let Some(attempt) = self.any() else { return 0 };
        let (id, version) = (self.known[attempt].id, self.known[attempt].version);
        let free = self.model.free();
        let lease = self.lease(on, id).await;
        assert_eq!(lease.is_some(), free > 0);
        self.take_in(lease.as_ref());
        let code = self.code(lease.as_ref());
        let renewed = self.store(on).renew_attempt(id, version, &code, false);
        let renewed = renewed.await.unwrap();
        let expected = self.model.is(attempt, &[State::Pending]);
        assert_eq!(renewed.is_some(), expected);
        if let Some(renewed) = renewed {
            self.model.renew(attempt, code.scene, code.epoch);
            self.known[attempt].version = renewed.version;
            self.known[attempt].scenes.push(code.scene);
        }
        usize::from(lease.is_some())
    }

    /// Of any code that somebody may have a picture of, in the pool or not.
    async fn scan(&mut self, on: usize) {
        let Some(attempt) = self.any() else { return };
        let scenes = if self.random.random_range(0..3) == 0 {
            &self.pool
        } else {
            &self.known[attempt].scenes
        };
        let scene = scenes[self.random.random_range(0..scenes.len())];
        let person = self.random.random_range(0..self.people.len());
        let nonce = self.random.random();
        let number = self.random.random_range(0..100);
        let scan = Scan {
            identity: &self.people[person].identity,
            nonce,
            entry_scene: CAMERA,
            checks: CheckPolicy::Auto.for_entry(CAMERA),
            ip: "",
        };
        let claimed = self.store(on).scan_attempt(&scene, &scan, number).await;
        let claimed = claimed.unwrap();
        let expected = self.model.scan(&scene);
        let expected_id = expected.map(|attempt| self.known[attempt].id);
        assert_eq!(claimed.as_ref().map(|claimed| claimed.id), expected_id);
        let Some((claimed, attempt)) = claimed.zip(expected) else {
            return;
        };
        // The code that was scanned decides what is asked for.
        let reusable = self.pool.contains(&scene);
        assert_eq!(claimed.reusable_code, reusable);
        let asked = (claimed.check.as_str(), claimed.tries_left);
        assert_eq!(asked, if reusable { ("number", 1) } else { ("none", 3) });
        let known = &mut self.known[attempt];
        (known.person, known.nonce, known.number) = (person, nonce, number);
        known.version = claimed.version;
    }

    /// A confirm, with the number right or wrong.
    async fn answer(&mut self, on: usize) {
        let Some(attempt) = self.any() else { return };
        let known = &self.known[attempt];
        let Person {
            identity,
            user,
            phone,
        } = &self.people[known.person];
        let right = self.random.random_range(0..4) > 0;
        let typed = if right {
            known.number
        } else {
            (known.number + 1) % 100
        };
        let answer = Answer {
            phone: *phone,
            nonce: known.nonce,
            identity,
            number: Some(typed),
            ip: "",
        };
        let (store, model) = (&self.instances[on].store, &mut self.model);
        let scanned = model.is(attempt, &[State::Scanned]);
        let reusable = model.attempts[attempt].reusable;
        if right || !reusable {
            if let Some(user) = user {
                let done = store.confirm_attempt(&answer, *user).await.unwrap();
                assert_eq!(done.is_some(), scanned);
                if scanned {
                    model.confirm(attempt);
                }
            } else {
                let expected = scanned && !model.attempts[attempt].awaiting;
                let done = store.await_registration(&answer).await.unwrap();
                assert_eq!(done.is_some(), expected);
                if expected {
                    model.await_registration(attempt);
                }
            }
        } else {
            let done = store
                .confirm_attempt(&answer, user.unwrap_or_default())
                .await;
            assert!(done.unwrap().is_none(), "a wrong number confirmed");
            let done = store.count_wrong_number(&answer).await.unwrap();
            assert_eq!(done.is_some(), scanned);
            if scanned {
                model.end(attempt);
            }
        }
    }

    async fn refuse(&mut self, on: usize) {
        let Some(attempt) = self.any() else { return };
        let known = &self.known[attempt];
        let answer = Answer {
            phone: self.people[known.person].phone,
            nonce: known.nonce,
            identity: &self.people[known.person].identity,
            number: None,
            ip: "",
        };
        let done = self.store(on).refuse_attempt(&answer).await.unwrap();
        let expected = self.model.is(attempt, &[State::Scanned, State::Confirmed]);
        self.ended(attempt, done.is_some(), expected);
    }

    async fn cancel(&mut self, on: usize) {
        let Some(attempt) = self.any() else { return };
        let known = &self.known[attempt];
        let cancel = self
            .store(on)
            .cancel_attempt(known.id, &known.browser, Reason::ByBrowser);
        let done = cancel.await.unwrap();
        let expected = self.model.is(attempt, &[State::Pending, State::Scanned]);
        self.ended(attempt, done.is_some(), expected);
    }

    async fn redeem(&mut self, on: usize) {
        let Some(attempt) = self.any() else { return };
        let new = NewSession {
            id: Uuid::new_v4(),
            token_hash: self.random.random(),
            salt: self.random.random(),
        };
        let known = &self.known[attempt];
        let redeem = self
            .store(on)
            .redeem_attempt(known.id, &known.browser, &new, None);
        let done = redeem.await.unwrap();
        let expected = self.model.is(attempt, &[State::Confirmed]);
        self.ended(attempt, done.is_some(), expected);
    }

    fn ended(&mut self, attempt: usize, ended: bool, expected: bool) {
        assert_eq!(ended, expected);
        if ended {
            self.model.end(attempt);
        }
    }

    /// Nothing is lost: in the end all codes are free, and each can be leased.
    async fn all_come_back(&mut self) {
        self.advance(3600).await;
        let state = self.store(0).pool_state(&rules(PoolOrder::Lowest)).await;
        let state = state.unwrap();
        assert_eq!((state.size, state.free), (CODES, CODES));
        for _ in 0..CODES {
            assert_eq!(self.begin(1).await, 1);
        }
        assert_eq!(self.begin(0).await, 0);
    }
}

fn hash(bytes: &[u8]) -> Hash {
    Hash::try_from(bytes).unwrap()
}
