//! Deleting a person: what names him goes, what the owner has to know stays without him.

use uuid::Uuid;

use super::{Store, StoreError};
use crate::login::attempt::Identity;

/// Who asked for it, for the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletedBy {
    /// The person himself.
    Phone,
    /// The site's owner.
    Owner,
}

impl Store {
    /// Deletes everything that we keep of a person, in one statement; returns
    /// the sessions that ended. His rows of the audit log keep what happened and
    /// when, and lose who, where and in which login; so do those of his logins
    /// from before he had an account, but not what another user did to one of them.
    /// Of somebody who is blocked a hash stays, so that he does not register anew.
    pub async fn delete_person(
        &self,
        identity: &Identity,
        by: DeletedBy,
    ) -> Result<Vec<Uuid>, StoreError> {
        let outcome = match by {
            DeletedBy::Phone => "by_phone",
            DeletedBy::Owner => "by_owner",
        };
        self.run(async |db| {
            sqlx::query_scalar!(
                r#"with identities as (
                    select i.app_id, i.openid, i.user_id from wechat_identities i
                    where i.user_id = saoma_user_of($1, $2)
                    union select $1, $2, null
                ), barred as (
                    insert into barred_people (person_hash)
                    select saoma_person_hash(i.app_id, i.openid)
                    from identities i join users u on u.id = i.user_id
                    where u.blocked_at is not null
                    on conflict do nothing
                ), phones as (
                    delete from phone_sessions p using identities i
                    where p.app_id = i.app_id and p.openid = i.openid
                ), pending as (
                    delete from pending_users p using identities i
                    where p.app_id = i.app_id and p.openid = i.openid
                ), attempts as (
                    update login_attempts a set
                        app_id = null, openid = null, user_id = null, nonce_hash = null,
                        phone_session_id = null,
                        version = saoma_next_version(a.version, a.expires_at),
                        awaiting_registration = false,
                        state = case when a.state = any($3) and a.expires_at > saoma_now()
                            then 'failed' else a.state end,
                        reason = case when a.state = any($3) and a.expires_at > saoma_now()
                            then 'account_deleted' else a.reason end
                    from identities i where a.app_id = i.app_id and a.openid = i.openid
                    returning a.id
                ), audited as (
                    update audit_log l set user_id = null, attempt_id = null, session_id = null,
                        ip = null, browser_name = null, browser_os = null
                    where l.user_id = any(array(
                            select user_id from identities where user_id is not null))
                        or l.user_id is null and l.attempt_id = any(array(
                            select a.id from login_attempts a
                            join identities i on a.app_id = i.app_id and a.openid = i.openid
                            union
                            select o.attempt_id from audit_log o
                            join identities i on i.user_id = o.user_id
                            where o.outcome <> 'contested' and o.attempt_id is not null))
                ), stub as (
                    insert into audit_log (event, outcome) values ('account_deleted', $4)
                ), ended as (
                    delete from sessions s using identities i where s.user_id = i.user_id
                    returning s.id
                ), users as (
                    delete from users u using identities i where u.id = i.user_id
                )
                select id as "id!" from ended"#,
                identity.app_id,
                identity.openid,
                &[
                    "scanned".to_owned(),
                    "approved".to_owned(),
                    "confirmed".to_owned()
                ],
                outcome,
            )
            .fetch_all(db)
            .await
        })
        .await
    }
}
