//! Redeems: from confirmed attempts to sessions.

use uuid::Uuid;

use super::{Database, rules};
use crate::{
    login::{
        attempt::{Attempt, Step},
        ids::{AttemptId, Hash},
    },
    store::{
        SESSION_DAYS, Store, StoreError, User,
        attempt_rows::{all, attempts},
        batches::Batches,
    },
};

/// A session about to be made.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its id.
    pub id: Uuid,
    /// Of the token that goes into the cookie.
    pub token_hash: Hash,
    /// Gives the token again, with the browser's secret.
    pub salt: [u8; 32],
}

/// What a redeem has done.
#[derive(Debug)]
pub struct Redeemed {
    /// The attempt itself, and the browser's other attempts that ended with it.
    pub changed: Vec<Attempt>,
    /// Who is signed in; none if he was blocked in this moment.
    pub user: Option<User>,
}

/// A browser's wish to have its session.
#[derive(Debug, Clone)]
pub(in crate::store) struct Redeem {
    id: AttemptId,
    browser: Hash,
    new: NewSession,
    previous_token: Option<Hash>,
}

pub(super) fn batches(db: Database) -> Batches<Redeem, Option<Redeemed>> {
    // One ends the other attempts of its browser.
    let apart = |one: &Redeem, other: &Redeem| one.browser == other.browser;
    Batches::new(rules("redeem", apart), move |redeems| {
        let db = db.clone();
        async move {
            let (changed, users) = db.redeem(&redeems).await?;
            let of = |redeem: &Redeem| {
                let of_browser = changed.iter().filter(|a| a.browser_hash == redeem.browser);
                let changed: Vec<Attempt> = of_browser.cloned().collect();
                let done = changed.iter().find(|attempt| attempt.id == redeem.id)?;
                let user = users.iter().find(|user| Some(user.id) == done.user_id);
                let user = user.cloned();
                Some(Redeemed { changed, user })
            };
            Ok(redeems.iter().map(|redeem| Ok(of(redeem))).collect())
        }
    })
}

impl Store {
    /// Turns a confirmed attempt into a session, ends the browser's other open
    /// attempts and the session that it had before: all or nothing, in one
    /// statement. None if the guard refused.
    pub async fn redeem_attempt(
        &self,
        id: AttemptId,
        browser: &Hash,
        new: &NewSession,
        previous_token: Option<&Hash>,
    ) -> Result<Option<Redeemed>, StoreError> {
        let redeem = Redeem {
            id,
            browser: *browser,
            new: new.clone(),
            previous_token: previous_token.copied(),
        };
        self.together.redeems.ask(redeem).await
    }
}

impl Database {
    async fn redeem(&self, redeems: &[Redeem]) -> Result<(Vec<Attempt>, Vec<User>), StoreError> {
        let ids: Vec<_> = redeems.iter().map(|r| r.id.0).collect();
        let browsers: Vec<_> = redeems.iter().map(|r| r.browser.to_vec()).collect();
        let sessions: Vec<_> = redeems.iter().map(|r| r.new.id).collect();
        let tokens: Vec<_> = redeems.iter().map(|r| r.new.token_hash.to_vec()).collect();
        let salts: Vec<_> = redeems.iter().map(|r| r.new.salt.to_vec()).collect();
        let previous = redeems.iter().map(|r| r.previous_token);
        let previous: Vec<_> = previous.map(|token| token.map(|t| t.to_vec())).collect();
        self.run(async |db| {
            let rows = attempts!(
                "with asked as (
                    select * from unnest($1::uuid[], $2::bytea[], $3::uuid[], $4::bytea[],
                        $5::bytea[], $6::bytea[])
                    as t(id, browser_hash, session_id, token_hash, salt, previous)
                ), held as (
                    select a.id, a.id = asked.id as redeems
                    from asked join login_attempts a on a.browser_hash = asked.browser_hash
                    where a.expires_at > saoma_now()
                        and a.state in ('pending', 'scanned', 'approved', 'confirmed')
                    order by a.id for update of a
                ), redeemed as (
                    update login_attempts a set
                        state = 'redeemed', version = saoma_next_version(version, expires_at)
                    from held
                    where a.id = held.id and held.redeems
                        and exists (select from users u where u.id = a.user_id and u.blocked_at is null)
                        and a.state = any($8) and a.expires_at > saoma_now()
                    returning a.*
                ), done as (
                    select r.*, asked.session_id, asked.token_hash, asked.salt, asked.previous
                    from redeemed r join asked on asked.id = r.id
                ), session as (
                    insert into sessions (id, token_hash, attempt_id, user_id, token_salt,
                        browser_name, browser_os, browser_ip, expires_at, phone_session_id)
                    select session_id, token_hash, id, user_id, salt, browser_name, browser_os,
                        browser_ip, saoma_now() + make_interval(days => $7), phone_session_id
                    from done
                ), others as (
                    update login_attempts a set
                        state = 'cancelled', reason = 'redeemed_elsewhere',
                        version = saoma_next_version(a.version, a.expires_at), awaiting_registration = false
                    from held, redeemed r
                    where a.id = held.id and not held.redeems and a.browser_hash = r.browser_hash
                        and a.expires_at > saoma_now()
                        and a.state in ('pending', 'scanned', 'approved', 'confirmed')
                    returning a.*
                ), previous as (
                    delete from sessions s using done where s.token_hash = done.previous
                    returning s.id, s.user_id, s.attempt_id, s.browser_name, s.browser_os
                ), audited as (
                    insert into audit_log (event, outcome, user_id, attempt_id, session_id, ip,
                        browser_name, browser_os, entry_scene, check_kind)
                    select 'login', 'ok', user_id, id, session_id, browser_ip, browser_name,
                        browser_os, entry_scene, check_kind
                    from done
                    union all
                    select 'session_ended', 'replaced', user_id, attempt_id, id, null,
                        browser_name, browser_os, null, null
                    from previous
                ) ",
                "from (select * from redeemed union all select * from others) a",
                &ids,
                &browsers,
                &sessions,
                &tokens,
                &salts,
                &previous as &[Option<Vec<u8>>],
                SESSION_DAYS,
                &Step::Redeem.leaves_words(),
            )
            .fetch_all(&mut *db)
            .await?;
            let users: Vec<Uuid> = rows.iter().filter_map(|row| row.user_id).collect();
            let users = sqlx::query_as!(
                User,
                "select id, nickname, avatar_url as avatar_path from users
                 where id = any($1) and blocked_at is null",
                &users,
            )
            .fetch_all(db)
            .await?;
            Ok((rows, users))
        })
        .await
        .and_then(|(rows, users)| Ok((all(rows)?, users)))
    }
}
