//! What the person decides about an attempt that his phone holds, and the checks around it.
//!
//! Each guard also wants the two digits, where the check asks for them: a wrong
//! number never finds out anything else.

use uuid::Uuid;

use super::{
    Store, StoreError,
    attempt_rows::{all, attempts, audited_attempt, one_attempt},
    seconds,
};
use crate::login::{
    attempt::{Attempt, Identity, Step},
    ids::{AttemptId, Hash},
    reason::Reason,
};

/// A person's answer to what the phone shows.
#[derive(Debug)]
pub struct Answer<'a> {
    /// Of the newest scan's nonce.
    pub nonce: Hash,
    /// Who answers.
    pub identity: &'a Identity,
    /// By which of his phone sessions.
    pub phone: Uuid,
    /// The two digits that he typed, if they were two digits.
    pub number: Option<i16>,
    /// The phone's address, masked.
    pub ip: &'a str,
}

impl Store {
    /// Marks that somebody without an account agreed. The first mark gives him
    /// time to register, once.
    pub async fn await_registration(
        &self,
        answer: &Answer<'_>,
    ) -> Result<Option<Attempt>, StoreError> {
        audited_attempt!(
            self,
            "'confirm'",
            "'not_registered'",
            "$7",
            "with a as (
                update login_attempts set
                    awaiting_registration = true,
                    registration_extended = true,
                    version = saoma_next_version(version, expires_at),
                    expires_at = case when registration_extended then expires_at
                        else least(saoma_now() + make_interval(secs => $4), ends_at) end
                where nonce_hash = $1 and app_id = $2 and openid = $3
                    and (check_kind <> 'number' or check_number = $5)
                    and not awaiting_registration
                    and state = any($6) and expires_at > saoma_now()
                returning *
            )",
            answer.nonce.as_slice(),
            answer.identity.app_id,
            answer.identity.openid,
            seconds(self.timers.register),
            answer.number,
            &Step::AwaitRegistration.leaves_words(),
            answer.ip,
        )
    }

    /// The person has an account now: his waiting attempts are plainly scanned again.
    pub async fn clear_registration(
        &self,
        identity: &Identity,
    ) -> Result<Vec<Attempt>, StoreError> {
        let rows = self
            .run(async |db| {
                attempts!(
                    "with a as (
                        update login_attempts set
                            awaiting_registration = false,
                            version = saoma_next_version(version, expires_at)
                        where app_id = $1 and openid = $2 and awaiting_registration
                            and state = any($3) and expires_at > saoma_now()
                        returning *
                    ) ",
                    "from a",
                    identity.app_id,
                    identity.openid,
                    &Step::Register.leaves_words(),
                )
                .fetch_all(db)
                .await
            })
            .await?;
        all(rows)
    }

    /// The person agreed and may not come in: blocked, or new while nobody new is taken.
    pub async fn fail_attempt(
        &self,
        answer: &Answer<'_>,
        reason: Reason,
    ) -> Result<Option<Attempt>, StoreError> {
        audited_attempt!(
            self,
            "'confirm'",
            "a.reason",
            "$7",
            "with a as (
                update login_attempts set
                    state = 'failed', reason = $4,
                    version = saoma_next_version(version, expires_at),
                    awaiting_registration = false
                where nonce_hash = $1 and app_id = $2 and openid = $3
                    and (check_kind <> 'number' or check_number = $5)
                    and state = any($6) and expires_at > saoma_now()
                returning *
            )",
            answer.nonce.as_slice(),
            answer.identity.app_id,
            answer.identity.openid,
            reason.as_str(),
            answer.number,
            &Step::Fail.leaves_words(),
            answer.ip,
        )
    }

    /// Counts a wrong number; the last one ends the attempt. None if the number is right.
    pub async fn count_wrong_number(
        &self,
        answer: &Answer<'_>,
    ) -> Result<Option<Attempt>, StoreError> {
        audited_attempt!(
            self,
            "'confirm'",
            "'number_wrong'",
            "$6",
            "with a as (
                update login_attempts set
                    tries_left = tries_left - 1,
                    state = case when tries_left > 1 then state else 'failed' end,
                    reason = case when tries_left > 1 then reason else 'number_wrong' end,
                    version = case when tries_left > 1 then version
                        else saoma_next_version(version, expires_at) end,
                    awaiting_registration = awaiting_registration and tries_left > 1
                where nonce_hash = $1 and app_id = $2 and openid = $3
                    and check_kind = 'number' and check_number is distinct from $4
                    and state = any($5) and expires_at > saoma_now()
                returning *
            )",
            answer.nonce.as_slice(),
            answer.identity.app_id,
            answer.identity.openid,
            answer.number,
            &Step::Fail.leaves_words(),
            answer.ip,
        )
    }

    /// The browser typed the strict check's digits rightly: it may redeem.
    pub async fn pass_check(
        &self,
        id: AttemptId,
        browser: &Hash,
    ) -> Result<Option<Attempt>, StoreError> {
        audited_attempt!(
            self,
            "'check'",
            "'ok'",
            "a.browser_ip",
            "with a as (
                update login_attempts set
                    state = 'confirmed',
                    version = saoma_next_version(version, expires_at),
                    expires_at = least(saoma_now() + make_interval(secs => $3), ends_at)
                where id = $1 and browser_hash = $2
                    and state = any($4) and expires_at > saoma_now()
                returning *
            )",
            id.0,
            browser.as_slice(),
            seconds(self.timers.redeem),
            &Step::PassCheck.leaves_words(),
        )
    }

    /// The browser typed them wrongly; the last time ends the attempt.
    pub async fn fail_check(
        &self,
        id: AttemptId,
        browser: &Hash,
    ) -> Result<Option<Attempt>, StoreError> {
        audited_attempt!(
            self,
            "'check'",
            "'code_wrong'",
            "a.browser_ip",
            "with a as (
                update login_attempts set
                    tries_left = tries_left - 1,
                    state = case when tries_left > 1 then state else 'failed' end,
                    reason = case when tries_left > 1 then reason else 'code_wrong' end,
                    version = saoma_next_version(version, expires_at)
                where id = $1 and browser_hash = $2
                    and state = any($3) and expires_at > saoma_now()
                returning *
            )",
            id.0,
            browser.as_slice(),
            &Step::FailCheck.leaves_words(),
        )
    }

    /// The person refused.
    pub async fn refuse_attempt(&self, answer: &Answer<'_>) -> Result<Option<Attempt>, StoreError> {
        audited_attempt!(
            self,
            "'refuse'",
            "'ok'",
            "$5",
            "with a as (
                update login_attempts set
                    state = 'cancelled', reason = 'by_phone',
                    version = saoma_next_version(version, expires_at),
                    awaiting_registration = false
                where nonce_hash = $1 and app_id = $2 and openid = $3
                    and state = any($4) and expires_at > saoma_now()
                returning *
            )",
            answer.nonce.as_slice(),
            answer.identity.app_id,
            answer.identity.openid,
            &Step::CancelByPhone.leaves_words(),
            answer.ip,
        )
    }

    /// The attempt whose newest scan by this person gave this nonce.
    pub async fn find_attempt_by_nonce(
        &self,
        nonce: &Hash,
        identity: &Identity,
    ) -> Result<Option<Attempt>, StoreError> {
        one_attempt!(
            self,
            "",
            "from login_attempts a
             where a.nonce_hash = $1 and a.app_id = $2 and a.openid = $3",
            nonce.as_slice(),
            identity.app_id,
            identity.openid,
        )
    }
}
