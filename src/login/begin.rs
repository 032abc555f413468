//! What a browser asks for before anybody is logged in: a code, its state, another, none.

use super::{
    Login,
    attempt::{Attempt, Browser, State, Step},
    ids::{AttemptId, Hash},
    reason::Reason,
};
use crate::{codes::Want, error::Error, store::NewAttempt};

/// Renewals in a row without a tap.
const SILENT_RENEWALS: i16 = 5;

/// The browser that asks, with all that an attempt keeps of it.
#[derive(Debug, Clone)]
pub struct Requester {
    /// Of its secret.
    pub browser_hash: Hash,
    /// As the phone will show it.
    pub browser: Browser,
    /// Where it wants to go, already checked.
    pub return_to: Option<String>,
    /// Counts codes towards its address.
    pub address: std::net::IpAddr,
}

/// What a refresh gave.
#[derive(Debug)]
pub struct Refreshed {
    /// What the browser shows now.
    pub attempt: Attempt,
    /// The attempt that a tap ended for it. Told to its phone with
    /// [`Login::publish`] once the browser's socket waits for the new one.
    pub ended: Option<Attempt>,
}

impl Want {
    fn of(attempt: AttemptId, requester: &Requester) -> Self {
        let address = requester.address;
        Self { attempt, address }
    }
}

impl From<Attempt> for Refreshed {
    fn from(attempt: Attempt) -> Self {
        Self {
            attempt,
            ended: None,
        }
    }
}

impl Login {
    /// A new attempt with its code. Its row is written before the code is shown.
    pub async fn begin(&self, requester: &Requester) -> Result<Attempt, Error> {
        self.begin_after(requester, 0).await
    }

    async fn begin_after(&self, requester: &Requester, silent: i16) -> Result<Attempt, Error> {
        self.limits.start(requester.address).await?;
        let id = AttemptId::random();
        let code = self.codes.code(&Want::of(id, requester)).await?;
        let new = NewAttempt {
            id,
            browser_hash: requester.browser_hash,
            code,
            silent_renewals: silent,
            browser: requester.browser.clone(),
            return_to: requester.return_to.clone(),
        };
        let begun = self.begin.begin(new).await?;
        for replaced in &begun.replaced {
            self.publish(replaced);
        }
        metrics::counter!("saoma_attempts_total").increment(1);
        tracing::debug!(attempt = %begun.attempt.id, "attempt begun");
        Ok(begun.attempt)
    }

    /// The attempt as it stands; another browser's is unknown.
    pub async fn find(&self, id: AttemptId, requester: &Requester) -> Result<Attempt, Error> {
        let found = self.store.find_attempt(id, &requester.browser_hash).await?;
        found.ok_or(Error::AttemptUnknown)
    }

    /// Like [`Login::find`], and this instance holds the browser's socket from now on.
    pub async fn take_over(
        &self,
        id: AttemptId,
        requester: &Requester,
    ) -> Result<Option<Attempt>, Error> {
        Ok(self.resume.take_over(id, &requester.browser_hash).await?)
    }

    /// A new code for a pending attempt, a new attempt for one that is over,
    /// and the current state for everything else.
    pub async fn refresh(
        &self,
        id: AttemptId,
        version: i32,
        silent: bool,
        requester: &Requester,
    ) -> Result<Refreshed, Error> {
        let attempt = self.find(id, requester).await?;
        if attempt.version != version {
            return Ok(attempt.into());
        }
        // Only a new code needs somebody at the page; a state does not.
        let costs_a_code = attempt.state == State::Pending || !attempt.state.is_open();
        let wait_for_tap = || attempt.silent_renewals >= SILENT_RENEWALS || self.codes.are_scarce();
        if silent && costs_a_code && wait_for_tap() {
            return Err(Error::TapNeeded);
        }
        let back_to = || Requester {
            return_to: attempt
                .return_to
                .clone()
                .or_else(|| requester.return_to.clone()),
            ..requester.clone()
        };
        match attempt.state {
            State::Pending => Ok(self.renew(&attempt, silent, requester).await?.into()),
            State::Scanned | State::Approved if silent => Ok(attempt.into()),
            State::Scanned | State::Approved => {
                let hash = &requester.browser_hash;
                let ended = self
                    .store
                    .cancel_attempt(id, hash, Reason::Replaced)
                    .await?;
                if ended.is_none() {
                    return Ok(self.find(id, requester).await?.into());
                }
                let attempt = self.begin_after(&back_to(), 0).await?;
                Ok(Refreshed { attempt, ended })
            }
            State::Confirmed => Ok(attempt.into()),
            State::Redeemed | State::Expired | State::Cancelled | State::Failed => {
                let silent = if silent {
                    attempt.silent_renewals + 1
                } else {
                    0
                };
                Ok(self.begin_after(&back_to(), silent).await?.into())
            }
        }
    }

    async fn renew(
        &self,
        attempt: &Attempt,
        silent: bool,
        requester: &Requester,
    ) -> Result<Attempt, Error> {
        self.limits.start(requester.address).await?;
        let (id, version) = (attempt.id, attempt.version);
        let code = self.codes.code(&Want::of(id, requester)).await?;
        let renewed = self.store.renew_attempt(id, version, &code, silent).await?;
        match renewed {
            Some(renewed) => {
                self.publish(&renewed);
                Ok(renewed)
            }
            // A scan was faster, or time ran out: what stands now is the answer.
            None => self.find(id, requester).await,
        }
    }

    /// Ends the attempt from its browser. Ending what is cancelled changes nothing.
    pub async fn cancel(&self, id: AttemptId, requester: &Requester) -> Result<Attempt, Error> {
        let hash = &requester.browser_hash;
        if let Some(ended) = self
            .store
            .cancel_attempt(id, hash, Reason::ByBrowser)
            .await?
        {
            self.publish(&ended);
            return Ok(ended);
        }
        let attempt = self.find(id, requester).await?;
        match attempt.state {
            State::Cancelled => Ok(attempt),
            _ => Err(attempt.refusal(Step::CancelByBrowser)),
        }
    }
}
