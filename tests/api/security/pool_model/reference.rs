//! What must be true of leases, in plain Rust: I7 and the rules that it follows from.

use std::collections::HashMap;

use saoma::login::ids::Hash;

/// Times are whole microseconds, as in the database.
pub const SECOND: i64 = 1_000_000;
pub const SCAN: i64 = 120 * SECOND;
pub const CONFIRM: i64 = 60 * SECOND;
pub const REGISTER: i64 = 300 * SECOND;
pub const REDEEM: i64 = 60 * SECOND;
pub const ATTEMPT: i64 = 900 * SECOND;
pub const QUARANTINE: i64 = 900 * SECOND;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Pending,
    Scanned,
    Confirmed,
    Over,
}

#[derive(Debug)]
pub struct Attempt {
    pub state: State,
    pub expires: i64,
    ends: i64,
    /// Whether the number is asked for.
    pub reusable: bool,
    pub awaiting: bool,
    extended: bool,
    scenes: Vec<Hash>,
}

#[derive(Debug)]
struct Scene {
    attempt: usize,
    epoch: i64,
    expires: i64,
}

#[derive(Debug)]
struct Code {
    epoch: i64,
    lease_ends: i64,
    /// The last moment at which its lease was seen alive.
    alive: i64,
}

/// All codes and attempts. An attempt is its place in the order of beginning.
#[derive(Debug, Default)]
pub struct Reference {
    pub now: i64,
    pub attempts: Vec<Attempt>,
    scenes: HashMap<Hash, Scene>,
    codes: HashMap<Hash, Code>,
}

impl Reference {
    pub fn add_code(&mut self, scene: Hash) {
        let long_ago = i64::MIN / 2;
        let code = Code {
            epoch: 0,
            lease_ends: long_ago,
            alive: long_ago,
        };
        self.codes.insert(scene, code);
    }

    pub fn open(&self, attempt: usize) -> bool {
        let attempt = &self.attempts[attempt];
        attempt.state != State::Over && attempt.expires > self.now
    }

    pub fn is(&self, attempt: usize, states: &[State]) -> bool {
        self.open(attempt) && states.contains(&self.attempts[attempt].state)
    }

    /// Codes that may be leased now.
    pub fn free(&self) -> usize {
        let free = |(scene, code): (&Hash, &Code)| self.held_until(scene, code) < self.rested();
        self.codes.iter().filter(|code| free(*code)).count()
    }

    fn rested(&self) -> i64 {
        self.now - QUARANTINE
    }

    /// The end of the lease if nothing more happens.
    fn held_until(&self, scene: &Hash, code: &Code) -> i64 {
        let Some(of) = self.scenes.get(scene) else {
            return code.lease_ends;
        };
        let attempt = &self.attempts[of.attempt];
        let held = if attempt.state == State::Pending {
            of.expires
        } else {
            attempt.expires.max(of.expires)
        };
        held.max(code.lease_ends)
    }

    /// I7: nobody else has it, nobody had it until lately, and the epoch grows.
    pub fn leased(&mut self, scene: &Hash, epoch: i64) {
        let code = &self.codes[scene];
        assert_eq!(epoch, code.epoch + 1);
        assert!(code.alive < self.rested(), "leased within its quarantine");
        assert!(self.held_until(scene, code) < self.rested());
        let lease_ends = self.now + SCAN;
        let alive = self.now;
        let code = Code {
            epoch,
            lease_ends,
            alive,
        };
        self.codes.insert(*scene, code);
    }

    /// Time passes, and with it the life of what is alive.
    pub fn advance(&mut self, by: i64) {
        let then = self.now + by;
        let alive_until = |scene: &Hash, code: &Code| {
            let mut until = code.lease_ends;
            if let Some(of) = self.scenes.get(scene)
                && self.open(of.attempt)
            {
                let attempt = &self.attempts[of.attempt];
                let pending = attempt.state == State::Pending;
                until = until.max(if pending { of.expires } else { attempt.expires });
            }
            until.min(then)
        };
        let alive: Vec<_> = self
            .codes
            .iter()
            .map(|(scene, code)| (*scene, alive_until(scene, code)))
            .filter(|(_, until)| *until > self.now)
            .collect();
        for (scene, until) in alive {
            if let Some(code) = self.codes.get_mut(&scene) {
                code.alive = until;
            }
        }
        self.now = then;
    }

    /// A new attempt; its place.
    pub fn begin(&mut self, scene: Hash, epoch: i64) -> usize {
        let attempt = self.attempts.len();
        self.attempts.push(Attempt {
            state: State::Pending,
            expires: self.now + SCAN,
            ends: self.now + ATTEMPT,
            reusable: false,
            awaiting: false,
            extended: false,
            scenes: Vec::new(),
        });
        self.show(attempt, scene, epoch);
        attempt
    }

    fn show(&mut self, attempt: usize, scene: Hash, epoch: i64) {
        let expires = self.attempts[attempt].expires;
        let shown = Scene {
            attempt,
            epoch,
            expires,
        };
        let before = self.scenes.insert(scene, shown);
        assert!(before.is_none_or(|before| before.epoch < epoch));
        self.attempts[attempt].scenes.push(scene);
    }

    pub fn renew(&mut self, attempt: usize, scene: Hash, epoch: i64) {
        let now = self.now;
        let renewed = &mut self.attempts[attempt];
        renewed.expires = (now + SCAN).min(renewed.ends);
        let expires = renewed.expires;
        let newest = renewed.scenes.last().copied();
        for scene in renewed.scenes.clone() {
            if let Some(of) = self.scenes.get_mut(&scene) {
                of.expires = if Some(scene) == newest {
                    expires - 1
                } else {
                    of.expires.min(now)
                };
            }
        }
        self.show(attempt, scene, epoch);
    }

    /// The attempt that a scan of this scene claims.
    pub fn scan(&mut self, scene: &Hash) -> Option<usize> {
        let of = self.scenes.get(scene)?;
        let (attempt, reusable) = (of.attempt, of.epoch > 0);
        if of.expires <= self.now || !self.is(attempt, &[State::Pending]) {
            return None;
        }
        if let Some(code) = self.codes.get(scene) {
            assert_eq!(code.epoch, of.epoch, "a scan of a lease that is over");
        }
        let claimed = &mut self.attempts[attempt];
        claimed.state = State::Scanned;
        claimed.reusable = reusable;
        claimed.expires = (self.now + CONFIRM).min(claimed.ends);
        Some(attempt)
    }

    pub fn confirm(&mut self, attempt: usize) {
        let confirmed = &mut self.attempts[attempt];
        confirmed.state = State::Confirmed;
        confirmed.expires = (self.now + REDEEM).min(confirmed.ends);
    }

    pub fn await_registration(&mut self, attempt: usize) {
        let waiting = &mut self.attempts[attempt];
        waiting.awaiting = true;
        if !waiting.extended {
            waiting.extended = true;
            waiting.expires = (self.now + REGISTER).min(waiting.ends);
        }
    }

    pub fn end(&mut self, attempt: usize) {
        self.attempts[attempt].state = State::Over;
    }
}
