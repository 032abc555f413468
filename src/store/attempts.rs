//! The guarded changes of one attempt. No row back means that the guard refused.

use super::{
    Store, StoreError,
    attempt_rows::{audited_attempt, one_attempt},
    seconds,
    together::Scan,
};
use crate::{
    codes::Code,
    login::{
        attempt::{Attempt, Identity, Step},
        ids::{AttemptId, Hash},
        reason::Reason,
    },
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

    /// A new scene for a pending attempt. The scene before it stays good for
    /// one more scan time, or to the attempt's end; scenes before that end now.
    /// It ends a microsecond before the new one, which tells them apart next time.
    /// A scene that stands for an attempt already, in this lease or a later one, is none.
    pub async fn renew_attempt(
        &self,
        id: AttemptId,
        version: i32,
        code: &Code,
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
                    and not exists (
                        select from attempt_scenes s where s.scene_hash = $3 and s.epoch >= $9)
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
                insert into attempt_scenes as old (scene_hash, attempt_id, expires_at, epoch)
                select $3, a.id, a.expires_at, $9 from a
                on conflict (scene_hash) do update set
                    attempt_id = excluded.attempt_id, expires_at = excluded.expires_at,
                    epoch = excluded.epoch, created_at = excluded.created_at
                where old.epoch < excluded.epoch
            ) ",
            "from a",
            id.0,
            version,
            code.scene.as_slice(),
            code.image,
            code.source.as_str(),
            silent,
            seconds(self.timers.scan),
            &Step::Renew.leaves_words(),
            code.epoch,
        )
    }

    /// One more scene for a pending attempt of this browser, beside those of its codes. It ends
    /// with the newest code's, and just before it, so that a renewal does not take it for one.
    /// False: there is no such attempt, or it is pending no more.
    pub async fn add_link_scene(
        &self,
        id: AttemptId,
        browser: &Hash,
        scene: &Hash,
    ) -> Result<bool, StoreError> {
        let added = self
            .run(async |db| {
                sqlx::query!(
                    "insert into attempt_scenes (scene_hash, attempt_id, expires_at)
                     select $3, a.id, a.expires_at - interval '2 microseconds'
                     from login_attempts a
                     where a.id = $1 and a.browser_hash = $2
                        and a.state = any($4) and a.expires_at > saoma_now()
                     on conflict (scene_hash) do update set
                        expires_at = excluded.expires_at, created_at = excluded.created_at
                     where attempt_scenes.attempt_id = excluded.attempt_id",
                    id.0,
                    browser.as_slice(),
                    scene.as_slice(),
                    &Step::Scan.leaves_words(),
                )
                .execute(db)
                .await
            })
            .await?;
        Ok(added.rows_affected() == 1)
    }

    /// The same phone scans again: a fresh nonce, the old one dies. What the
    /// person is asked for can only become more; the tries stay, or become one
    /// with a code of the pool. The row is locked
    /// before it is read: of two rescans the second has to see what the first asked for.
    pub async fn rescan_attempt(
        &self,
        id: AttemptId,
        scene: &Hash,
        scan: &Scan<'_>,
    ) -> Result<Option<Attempt>, StoreError> {
        audited_attempt!(
            self,
            "'scan'",
            "'again'",
            "$9",
            "with a as (
                update login_attempts a set
                    nonce_hash = $4,
                    check_kind = asked.check_kind,
                    tries_left = case when asked.reusable and asked.check_kind = 'number'
                        then least(a.tries_left, 1) else a.tries_left end,
                    reusable_code = a.reusable_code or asked.reusable,
                    entry_scene = case when asked.check_kind = a.check_kind then a.entry_scene else $5 end,
                    version = case when asked.check_kind = a.check_kind then a.version
                        else saoma_next_version(a.version, a.expires_at) end
                from (
                    select old.id, old.state = 'scanned' and s.reusable as reusable,
                        case when old.state <> 'scanned' then old.check_kind
                            else saoma_stricter(old.check_kind,
                                case when s.reusable then $7 else $6 end)
                        end as check_kind
                    from login_attempts old, (
                        select exists (select from attempt_scenes
                            where scene_hash = $10 and epoch > 0) as reusable
                    ) s
                    where old.id = $1 for update of old
                ) asked
                where a.id = asked.id and a.app_id = $2 and a.openid = $3
                    and a.state = any($8) and a.expires_at > saoma_now()
                returning a.*
            )",
            id.0,
            scan.identity.app_id,
            scan.identity.openid,
            scan.nonce.as_slice(),
            scan.entry_scene,
            scan.checks.single_use.as_str(),
            scan.checks.reusable.as_str(),
            &Step::Rescan.leaves_words(),
            scan.ip,
            scene.as_slice(),
        )
    }

    /// Ends an attempt from its browser.
    pub async fn cancel_attempt(
        &self,
        id: AttemptId,
        browser: &Hash,
        reason: Reason,
    ) -> Result<Option<Attempt>, StoreError> {
        audited_attempt!(
            self,
            "'cancel'",
            "a.reason",
            "a.browser_ip",
            "with a as (
                update login_attempts set
                    state = 'cancelled', reason = $3, version = saoma_next_version(version, expires_at),
                    awaiting_registration = false
                where id = $1 and browser_hash = $2
                    and state = any($4) and expires_at > saoma_now()
                returning *
            )",
            id.0,
            browser.as_slice(),
            reason.as_str(),
            &Step::CancelByBrowser.leaves_words(),
        )
    }
}
