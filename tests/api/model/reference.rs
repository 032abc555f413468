//! What an attempt may do, in a hundred lines without database or network.

/// Something that happens to an attempt.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// One of two phones scans the newest scene, or one further back, off the
    /// screen or off a picture that somebody sent.
    Scan {
        phone: usize,
        back: usize,
        forwarded: bool,
    },
    /// The phone that holds it agrees, with its newest nonce or an older one.
    Confirm {
        back: usize,
        number: Typed,
    },
    /// The browser types the strict check's digits.
    Check {
        right: bool,
    },
    Refuse {
        back: usize,
    },
    Cancel,
    Redeem,
    /// With the newest version.
    Refresh {
        silent: bool,
    },
    /// Seconds go by.
    Advance(u64),
}

/// What a person types into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    Nothing,
    Wrong,
    Right,
}

/// What a login asks for, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Check {
    None,
    Number,
    Code,
}

/// The answer's status and its problem's code.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub status: u16,
    pub code: String,
}

impl Outcome {
    pub fn done(status: u16) -> Self {
        Self {
            status,
            code: String::new(),
        }
    }

    fn problem(status: u16, code: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Pending,
    Scanned,
    Approved,
    Confirmed,
    Redeemed,
    Cancelled(&'static str),
    Failed(&'static str),
}

/// The attempt that a browser shows.
#[derive(Debug)]
pub struct Reference {
    /// `SAOMA_CHECK=code`, else `auto`.
    strict: bool,
    check: Check,
    tries: u8,
    now: u64,
    state: State,
    version: i64,
    expires_at: u64,
    ends_at: u64,
    /// The end of each scene, the newest last.
    scenes: Vec<u64>,
    holder: Option<usize>,
    nonces: usize,
    silent: u8,
    redeemed_at: u64,
}

impl Reference {
    pub fn new(strict: bool) -> Self {
        Self::begun(strict, 0, 0)
    }

    fn begun(strict: bool, now: u64, silent: u8) -> Self {
        Self {
            strict,
            check: Check::None,
            tries: 3,
            now,
            state: State::Pending,
            version: 1,
            expires_at: now + 120,
            ends_at: now + 900,
            scenes: vec![now + 120],
            holder: None,
            nonces: 0,
            silent,
            redeemed_at: 0,
        }
    }

    pub fn holder(&self) -> Option<usize> {
        self.holder
    }

    /// What the browser knows: an expiry counts as a change.
    pub fn version(&self) -> i64 {
        self.version + i64::from(self.is_expired())
    }

    /// Type, version and reason of the message that tells the state.
    pub fn state(&self) -> (String, i64, Option<String>) {
        let (kind, reason) = match (self.is_expired(), self.state) {
            (true, State::Pending) => ("expired", Some("not_scanned")),
            (true, State::Scanned) => ("expired", Some("not_confirmed")),
            (true, State::Approved) => ("expired", Some("not_checked")),
            (true, _) => ("expired", Some("not_redeemed")),
            (false, State::Pending) => ("ticket", None),
            (false, State::Scanned) => ("scanned", None),
            (false, State::Approved) => ("code_needed", None),
            (false, State::Confirmed) => ("login_succeeded", None),
            (false, State::Redeemed) => ("redeemed", None),
            (false, State::Cancelled(reason)) => ("cancelled", Some(reason)),
            (false, State::Failed(reason)) => ("failed", Some(reason)),
        };
        (kind.to_owned(), self.version(), reason.map(str::to_owned))
    }

    pub fn take(&mut self, step: Step) -> Outcome {
        match step {
            Step::Advance(seconds) => {
                self.now += seconds;
                Outcome::done(204)
            }
            Step::Scan {
                phone,
                back,
                forwarded,
            } => self.scan(phone, back, forwarded),
            Step::Confirm { back, .. } | Step::Refuse { back } if self.nonces == 0 || back > 0 => {
                Outcome::problem(403, "nonce_invalid")
            }
            Step::Confirm { number, .. } => match self.open() {
                Ok(State::Scanned) => self.confirm(number),
                Ok(_) | Err(Gone::Redeemed) => Outcome::done(200),
                Err(gone) => gone.outcome(),
            },
            Step::Check { right } => match self.open() {
                Ok(State::Approved) if right => self.enter(State::Confirmed, 200),
                Ok(State::Approved) => {
                    self.tries -= 1;
                    if self.tries == 0 {
                        self.state = State::Failed("code_wrong");
                    }
                    self.version += 1;
                    Outcome::problem(422, "code_wrong")
                }
                Ok(_) => Outcome::done(200),
                Err(gone) => gone.outcome(),
            },
            Step::Refuse { .. } if self.state == State::Cancelled("by_phone") => Outcome::done(204),
            Step::Refuse { .. } => match self.open() {
                Ok(_) => self.enter(State::Cancelled("by_phone"), 204),
                Err(gone) => gone.outcome(),
            },
            Step::Cancel => match self.open() {
                Ok(State::Confirmed) => Outcome::problem(409, "already_confirmed"),
                Ok(_) => self.enter(State::Cancelled("by_browser"), 204),
                Err(Gone::Cancelled) => Outcome::done(204),
                Err(gone) => gone.outcome(),
            },
            Step::Redeem => match self.open() {
                Ok(State::Confirmed) => {
                    self.redeemed_at = self.now;
                    self.enter(State::Redeemed, 200)
                }
                Ok(_) => Outcome::problem(409, "not_confirmed"),
                Err(Gone::Redeemed) if self.now < self.redeemed_at + 30 => Outcome::done(200),
                Err(gone) => gone.outcome(),
            },
            Step::Refresh { silent } => self.refresh(silent),
        }
    }

    fn scan(&mut self, phone: usize, back: usize, forwarded: bool) -> Outcome {
        let asked = match (self.strict, forwarded) {
            (true, _) => Check::Code,
            (false, true) => Check::Number,
            (false, false) => Check::None,
        };
        let scene = self.scenes[self.scenes.len().saturating_sub(1 + back)];
        let mine = self.holder == Some(phone);
        match self.open() {
            Ok(State::Pending) if scene > self.now => {
                self.holder = Some(phone);
                self.nonces = 1;
                self.check = asked;
                self.enter(State::Scanned, 200)
            }
            Ok(State::Pending) => Gone::Expired.outcome(),
            Ok(state) if mine => {
                self.nonces += 1;
                if state == State::Scanned && asked > self.check {
                    self.check = asked;
                    self.version += 1;
                }
                Outcome::done(200)
            }
            Ok(_) => Outcome::problem(409, "already_scanned"),
            Err(Gone::Redeemed) if !mine => Outcome::problem(409, "already_scanned"),
            Err(gone) => gone.outcome(),
        }
    }

    fn confirm(&mut self, number: Typed) -> Outcome {
        match (self.check, number) {
            (Check::Number, Typed::Nothing) => Outcome::problem(422, "number_wrong"),
            (Check::Number, Typed::Wrong) => {
                self.tries -= 1;
                if self.tries == 0 {
                    self.state = State::Failed("number_wrong");
                    self.version += 1;
                }
                Outcome::problem(422, "number_wrong")
            }
            (Check::Code, _) => {
                let outcome = self.enter(State::Approved, 200);
                self.expires_at = (self.now + 90).min(self.ends_at);
                outcome
            }
            _ => self.enter(State::Confirmed, 200),
        }
    }

    fn refresh(&mut self, silent: bool) -> Outcome {
        let open = self.open();
        match open {
            Ok(State::Confirmed) => return Outcome::done(200),
            Ok(State::Scanned | State::Approved) if silent => return Outcome::done(200),
            Ok(State::Scanned | State::Approved) => {}
            _ if silent && self.silent >= 5 => return Outcome::problem(409, "tap_needed"),
            Ok(_) => {
                self.expires_at = (self.now + 120).min(self.ends_at);
                let newest = self.scenes.len() - 1;
                for (index, end) in self.scenes.iter_mut().enumerate() {
                    *end = if index == newest {
                        self.now + 120
                    } else {
                        self.now.min(*end)
                    };
                }
                self.scenes.push(self.expires_at);
                self.silent = if silent { self.silent + 1 } else { 0 };
                self.version += 1;
                return Outcome::done(200);
            }
            Err(_) => {}
        }
        let silent = if silent { self.silent + 1 } else { 0 };
        *self = Self::begun(self.strict, self.now, silent);
        Outcome::done(200)
    }

    fn enter(&mut self, state: State, status: u16) -> Outcome {
        self.state = state;
        self.version += 1;
        self.expires_at = (self.now + 60).min(self.ends_at);
        Outcome::done(status)
    }

    fn is_expired(&self) -> bool {
        let open = matches!(
            self.state,
            State::Pending | State::Scanned | State::Approved | State::Confirmed
        );
        open && self.expires_at <= self.now
    }

    fn open(&self) -> Result<State, Gone> {
        match self.state {
            _ if self.is_expired() => Err(Gone::Expired),
            State::Redeemed => Err(Gone::Redeemed),
            State::Cancelled(_) => Err(Gone::Cancelled),
            State::Failed(_) => Err(Gone::Failed),
            state => Ok(state),
        }
    }
}

enum Gone {
    Expired,
    Cancelled,
    Failed,
    Redeemed,
}

impl Gone {
    fn outcome(self) -> Outcome {
        match self {
            Self::Expired => Outcome::problem(410, "attempt_expired"),
            Self::Cancelled => Outcome::problem(410, "attempt_cancelled"),
            Self::Failed => Outcome::problem(410, "attempt_failed"),
            Self::Redeemed => Outcome::problem(409, "already_redeemed"),
        }
    }
}
