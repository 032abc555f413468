//! The guarded changes of one attempt. No row back means that the guard refused.

use uuid::Uuid;

use super::{
    Store, StoreError,
    attempt_rows::{all, attempts, one_attempt},
    seconds,
};
use crate::login::{
    attempt::{Attempt, Identity, Step},
    ids::{AttemptId, Hash},
    reason::Reason,
};

impl Store {
    /// An attempt of this browser; another's is as good as none.
    pub async fn find_attempt(
        &self,
        id: AttemptId,
        browser: &Hash,
    ) -> Result<Option<Attempt>, StoreError> {
        one_attempt!(
            self,
            "",
            "from login_attempts a where a.id = $1 and a.browser_hash = $2",
            id.0,
            browser.as_slice(),
        )
    }

    /// An attempt that this person's phone holds.
    pub async fn find_claimed_attempt(
        &self,
        id: AttemptId,
        identity: &Identity,
    ) -> Result<Option<Attempt>, StoreError> {
        one_attempt!(
            self,
            "",
            "from login_attempts a where a.id = $1 and a.app_id = $2 and a.openid = $3",
            id.0,
            identity.app_id,
            identity.openid,
        )
    }

    /// The attempt that a scene belongs or belonged to.
    pub async fn find_attempt_by_scene(&self, scene: &Hash) -> Result<Option<Attempt>, StoreError> {
        one_attempt!(
            self,
            "",
            "from login_attempts a join attempt_scenes s on s.attempt_id = a.id
             where s.scene_hash = $1",
            scene.as_slice(),
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

    /// This instance holds the attempt's socket from now on.
    pub async fn move_attempt(&self, id: AttemptId, instance: &str) -> Result<(), StoreError> {
        self.run(async |db| {
            sqlx::query!(
                "update login_attempts set instance = $2 where id = $1 and instance <> $2",
                id.0,
                instance,
            )
            .execute(db)
            .await
        })
        .await?;
        Ok(())
    }

    /// A new scene for a pending attempt. The scene before it stays good for
    /// one more scan time, or to the attempt's end; scenes before that end now.
    /// It ends a microsecond before the new one, which tells them apart next time.
    pub async fn renew_attempt(
        &self,
        id: AttemptId,
        version: i32,
        scene: &Hash,
        code_name: &str,
        code_source: &str,
        silent: bool,
    ) -> Result<Option<Attempt>, StoreError> {
        one_attempt!(
            self,
            "with a as (
                update login_attempts set
                    version = saoma_next_version(version, expires_at),
                    code_name = $4,
                    code_source = $5,
                    silent_renewals = case when $6 then silent_renewals + 1 else 0 end,
                    expires_at = least(saoma_now() + make_interval(secs => $7), ends_at)
                where id = $1 and version = $2
                    and state = any($8) and expires_at > saoma_now()
                returning *
            ), newest as (
                select s.scene_hash from attempt_scenes s join a on a.id = s.attempt_id
                order by s.expires_at desc limit 1
            ), older as (
                update attempt_scenes s set expires_at = case
                    when s.scene_hash in (select scene_hash from newest)
                    then a.expires_at - interval '1 microsecond'
                    else least(s.expires_at, saoma_now()) end
                from a where s.attempt_id = a.id
            ), added as (
                insert into attempt_scenes (scene_hash, attempt_id, expires_at)
                select $3, a.id, a.expires_at from a
            ) ",
            "from a",
            id.0,
            version,
            scene.as_slice(),
            code_name,
            code_source,
            silent,
            seconds(self.timers.scan),
            &Step::Renew.leaves_words(),
        )
    }

    /// The first scan of a good scene claims its attempt.
    pub async fn scan_attempt(
        &self,
        scene: &Hash,
        identity: &Identity,
        nonce: &Hash,
        entry_scene: i32,
    ) -> Result<Option<Attempt>, StoreError> {
        one_attempt!(
            self,
            "with a as (
                update login_attempts set
                    state = 'scanned',
                    version = saoma_next_version(version, expires_at),
                    app_id = $2,
                    openid = $3,
                    nonce_hash = $4,
                    entry_scene = $5,
                    expires_at = least(saoma_now() + make_interval(secs => $6), ends_at)
                where id = (
                        select attempt_id from attempt_scenes
                        where scene_hash = $1 and expires_at > saoma_now()
                    )
                    and state = any($7) and expires_at > saoma_now()
                returning *
            ) ",
            "from a",
            scene.as_slice(),
            identity.app_id,
            identity.openid,
            nonce.as_slice(),
            entry_scene,
            seconds(self.timers.confirm),
            &Step::Scan.leaves_words(),
        )
    }

    /// The same phone scans again: a fresh nonce, the old one dies, nothing else changes.
    pub async fn rescan_attempt(
        &self,
        id: AttemptId,
        identity: &Identity,
        nonce: &Hash,
    ) -> Result<Option<Attempt>, StoreError> {
        one_attempt!(
            self,
            "with a as (
                update login_attempts set nonce_hash = $4
                where id = $1 and app_id = $2 and openid = $3
                    and state = any($5) and expires_at > saoma_now()
                returning *
            ) ",
            "from a",
            id.0,
            identity.app_id,
            identity.openid,
            nonce.as_slice(),
            &Step::Rescan.leaves_words(),
        )
    }

    /// Marks that somebody without an account agreed. The first mark gives him
    /// time to register, once.
    pub async fn await_registration(
        &self,
        nonce: &Hash,
        identity: &Identity,
    ) -> Result<Option<Attempt>, StoreError> {
        one_attempt!(
            self,
            "with a as (
                update login_attempts set
                    awaiting_registration = true,
                    registration_extended = true,
                    version = saoma_next_version(version, expires_at),
                    expires_at = case when registration_extended then expires_at
                        else least(saoma_now() + make_interval(secs => $4), ends_at) end
                where nonce_hash = $1 and app_id = $2 and openid = $3
                    and not awaiting_registration
                    and state = any($5) and expires_at > saoma_now()
                returning *
            ) ",
            "from a",
            nonce.as_slice(),
            identity.app_id,
            identity.openid,
            seconds(self.timers.register),
            &Step::AwaitRegistration.leaves_words(),
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

    /// The user agreed: the browser may redeem.
    pub async fn confirm_attempt(
        &self,
        nonce: &Hash,
        identity: &Identity,
        user: Uuid,
    ) -> Result<Option<Attempt>, StoreError> {
        one_attempt!(
            self,
            "with a as (
                update login_attempts set
                    state = 'confirmed',
                    version = saoma_next_version(version, expires_at),
                    user_id = $4,
                    awaiting_registration = false,
                    expires_at = least(saoma_now() + make_interval(secs => $5), ends_at)
                where nonce_hash = $1 and app_id = $2 and openid = $3
                    and state = any($6) and expires_at > saoma_now()
                returning *
            ) ",
            "from a",
            nonce.as_slice(),
            identity.app_id,
            identity.openid,
            user,
            seconds(self.timers.redeem),
            &Step::Confirm.leaves_words(),
        )
    }

    /// Ends an attempt from the phone: refused, or unable to go on.
    pub async fn end_attempt_by_phone(
        &self,
        nonce: &Hash,
        identity: &Identity,
        step: Step,
        reason: Reason,
    ) -> Result<Option<Attempt>, StoreError> {
        let state = if step == Step::Fail {
            "failed"
        } else {
            "cancelled"
        };
        one_attempt!(
            self,
            "with a as (
                update login_attempts set
                    state = $4, reason = $5, version = saoma_next_version(version, expires_at),
                    awaiting_registration = false
                where nonce_hash = $1 and app_id = $2 and openid = $3
                    and state = any($6) and expires_at > saoma_now()
                returning *
            ) ",
            "from a",
            nonce.as_slice(),
            identity.app_id,
            identity.openid,
            state,
            reason.as_str(),
            &step.leaves_words(),
        )
    }

    /// Ends an attempt from its browser.
    pub async fn cancel_attempt(
        &self,
        id: AttemptId,
        browser: &Hash,
        reason: Reason,
    ) -> Result<Option<Attempt>, StoreError> {
        one_attempt!(
            self,
            "with a as (
                update login_attempts set
                    state = 'cancelled', reason = $3, version = saoma_next_version(version, expires_at),
                    awaiting_registration = false
                where id = $1 and browser_hash = $2
                    and state = any($4) and expires_at > saoma_now()
                returning *
            ) ",
            "from a",
            id.0,
            browser.as_slice(),
            reason.as_str(),
            &Step::CancelByBrowser.leaves_words(),
        )
    }
}
