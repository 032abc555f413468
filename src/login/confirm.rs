//! The person's decision, and the checks that go with it.
//!
//! The order is PROTOCOL's: nonce, state, number, account, change. All but the
//! account stand in the guard of one UPDATE; only when that refuses the row is
//! read to say why. A number that was typed is judged in an UPDATE of its own
//! before, which counts it if it is wrong: whoever guesses many at once has no
//! more tries than whoever guesses one after the other.

use std::time::Instant;

use rand::seq::IndexedRandom;
use serde::Serialize;

use super::{
    Login,
    attempt::{Attempt, State, Step},
    begin::Requester,
    check::{Check, number_of},
    ids::{AttemptId, Secret},
    phone::{Asking, Phone},
    reason::Reason,
};
use crate::{error::Error, store::Answer};

/// What a confirm gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Confirmed {
    /// The browser may redeem.
    LoginSucceeded,
    /// The person has no account; he may register and confirm again, or has to
    /// wait until the owner approves him by this reference.
    NotRegistered {
        /// Only while registration is closed.
        #[serde(skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// The browser has to type these six digits first.
    CodeNeeded {
        /// What the phone shows.
        check_code: String,
    },
}

/// What the strict check's digits gave.
#[derive(Debug)]
pub struct Checked {
    /// The attempt now.
    pub attempt: Attempt,
    /// The digits were wrong.
    pub wrong: bool,
}

impl Login {
    /// The person agreed, and was asked for no number. Whoever scanned a moment ago needs one
    /// statement; whatever that or a limit refuses is looked at from the beginning.
    pub async fn confirm_plainly(
        &self,
        asking: Asking,
        nonce: &Secret,
    ) -> Result<Confirmed, Error> {
        let now = Instant::now();
        let recent = self.recent_phones.take(&asking.token.hash(), now);
        let Some((recent, user)) = recent.and_then(|recent| {
            let user = recent.user.as_ref()?.id;
            Some((recent, user))
        }) else {
            let phone = self.phone(asking).await?;
            return self.confirm(&phone, nonce, None).await;
        };
        if let Err(slow_down) = self.limits.confirm(&recent).await {
            self.phone(asking).await?;
            return Err(slow_down);
        }
        let answer = Answer {
            nonce: nonce.hash(),
            identity: &recent.identity,
            phone: recent.id,
            number: None,
            ip: &asking.ip,
        };
        match self.store.confirm_attempt(&answer, user).await? {
            Some(attempt) => self.has_confirmed(&attempt),
            None => self.decide(&self.phone(asking).await?, nonce, None).await,
        }
    }

    /// The person agreed, and typed this number if he was asked for one.
    pub async fn confirm(
        &self,
        phone: &Phone,
        nonce: &Secret,
        number: Option<&str>,
    ) -> Result<Confirmed, Error> {
        self.limits.confirm(phone).await?;
        self.decide(phone, nonce, number).await
    }

    async fn decide(
        &self,
        phone: &Phone,
        nonce: &Secret,
        number: Option<&str>,
    ) -> Result<Confirmed, Error> {
        let answer = Answer {
            nonce: nonce.hash(),
            identity: &phone.identity,
            phone: phone.id,
            number: number.and_then(number_of),
            ip: &phone.ip,
        };
        if number.is_some()
            && let Some(attempt) = self.store.count_wrong_number(&answer).await?
        {
            self.publish(&attempt);
            self.limits.failure(&phone.identity);
            let over = !attempt.state.is_open();
            return Err(Error::NumberWrong(if over {
                0
            } else {
                attempt.tries_left
            }));
        }
        let changed = match &phone.user {
            Some(_) if phone.blocked => {
                self.store
                    .fail_attempt(&answer, Reason::UserBlocked)
                    .await?
            }
            Some(user) => self.store.confirm_attempt(&answer, user.id).await?,
            None if self.settings.registration_open => {
                self.store.await_registration(&answer).await?
            }
            None => {
                self.store
                    .fail_attempt(&answer, Reason::RegistrationClosed)
                    .await?
            }
        };
        let Some(attempt) = changed else {
            return self.confirm_again(phone, &answer, number.is_some()).await;
        };
        // The reference is there before anybody hears of the end, so that whoever asks gets it.
        let reference = match attempt.reason {
            Some(Reason::RegistrationClosed) => Some(self.wait_for_approval(phone).await),
            _ => None,
        };
        let confirmed = self.has_confirmed(&attempt);
        match reference {
            Some(reference) => Ok(Confirmed::NotRegistered {
                reference: Some(reference?),
            }),
            None => confirmed,
        }
    }

    /// Tells what a confirm has made of an attempt.
    fn has_confirmed(&self, attempt: &Attempt) -> Result<Confirmed, Error> {
        self.publish(attempt);
        metrics::counter!("saoma_confirms_total", "state" => attempt.state.as_str()).increment(1);
        self.confirmed(attempt)
    }

    /// The guard refused: a number is missing, the answer is an old one, or the attempt is over.
    async fn confirm_again(
        &self,
        phone: &Phone,
        answer: &Answer<'_>,
        typed: bool,
    ) -> Result<Confirmed, Error> {
        let attempt = self.find_by_nonce(answer).await?;
        // Nothing was typed where a number is asked for: no guess, so no try is lost.
        if attempt.state == State::Scanned && attempt.check == Check::Number && !typed {
            return Err(Error::NumberWrong(attempt.tries_left));
        }
        match (&phone.user, attempt.state) {
            (None, State::Scanned) if !attempt.awaiting_registration => {
                Err(attempt.refusal(Step::AwaitRegistration))
            }
            _ => self.confirmed(&attempt),
        }
    }

    /// What a confirm says to an attempt that stands like this.
    fn confirmed(&self, attempt: &Attempt) -> Result<Confirmed, Error> {
        match attempt.state {
            State::Scanned if attempt.awaiting_registration => {
                Ok(Confirmed::NotRegistered { reference: None })
            }
            State::Approved | State::Confirmed | State::Redeemed
                if attempt.check == Check::Code =>
            {
                Ok(Confirmed::CodeNeeded {
                    check_code: self.check_codes.of(attempt.id),
                })
            }
            State::Confirmed | State::Redeemed => Ok(Confirmed::LoginSucceeded),
            _ => Err(attempt.refusal(Step::Confirm)),
        }
    }

    async fn wait_for_approval(&self, phone: &Phone) -> Result<String, Error> {
        let (identity, unionid) = (&phone.identity, phone.unionid.as_deref());
        let reference = self
            .store
            .add_pending_user(identity, unionid, &new_reference(), &phone.ip)
            .await?;
        Ok(reference)
    }

    /// The reference under which a stranger's phone waits for the owner's word.
    pub async fn reference_of(&self, phone: &Phone) -> Result<Option<String>, Error> {
        Ok(self.store.find_pending_user(&phone.identity).await?)
    }

    /// The strict check's six digits, while the browser has to type them.
    pub fn check_code(&self, attempt: &Attempt) -> Option<String> {
        (attempt.state == State::Approved).then(|| self.check_codes.of(attempt.id))
    }

    /// The browser typed six digits. Where none are asked for, the state is the answer.
    pub async fn check(
        &self,
        id: AttemptId,
        requester: &Requester,
        typed: &str,
    ) -> Result<Checked, Error> {
        let attempt = self.find(id, requester).await?;
        if attempt.state != State::Approved {
            let wrong = false;
            return Ok(Checked { attempt, wrong });
        }
        let (browser, wrong) = (
            &requester.browser_hash,
            !self.check_codes.is_right(id, typed),
        );
        let changed = if wrong {
            self.store.fail_check(id, browser).await?
        } else {
            self.store.pass_check(id, browser).await?
        };
        match changed {
            Some(attempt) => {
                self.publish(&attempt);
                Ok(Checked { attempt, wrong })
            }
            // Another tab or the phone was faster: what stands now is the answer.
            None => Ok(Checked {
                attempt: self.find(id, requester).await?,
                wrong: false,
            }),
        }
    }

    /// The person refused.
    pub async fn refuse(&self, phone: &Phone, nonce: &Secret) -> Result<(), Error> {
        self.limits.refuse(phone).await?;
        let answer = Answer {
            nonce: nonce.hash(),
            identity: &phone.identity,
            phone: phone.id,
            number: None,
            ip: &phone.ip,
        };
        if let Some(attempt) = self.store.refuse_attempt(&answer).await? {
            self.publish(&attempt);
            return Ok(());
        }
        let attempt = self.find_by_nonce(&answer).await?;
        // Refusing twice is refusing.
        if attempt.state == State::Cancelled && attempt.reason == Some(Reason::ByPhone) {
            return Ok(());
        }
        Err(attempt.refusal(Step::CancelByPhone))
    }

    async fn find_by_nonce(&self, answer: &Answer<'_>) -> Result<Attempt, Error> {
        let found = self
            .store
            .find_attempt_by_nonce(&answer.nonce, answer.identity)
            .await?;
        found.ok_or(Error::NonceInvalid)
    }
}

/// Such as `BCDF-GHJK`: letters that nobody mistakes for others when he reads
/// them out (RFC 8628, section 6.1).
fn new_reference() -> String {
    const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
    let mut random = rand::rng();
    let letters = (0..8).filter_map(|_| LETTERS.choose(&mut random));
    let mut reference: String = letters.map(|letter| char::from(*letter)).collect();
    reference.insert(4, '-');
    reference
}
