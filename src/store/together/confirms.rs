//! Confirms of people with an account.

use uuid::Uuid;

use super::{Database, rules};
use crate::{
    login::{
        attempt::{Attempt, Identity, Step},
        ids::Hash,
    },
    store::{
        Answer, Store, StoreError,
        attempt_rows::{all, audited_attempts},
        batches::Batches,
        seconds,
    },
};

/// A person's answer, and who he is here.
#[derive(Debug, Clone)]
pub(in crate::store) struct Confirm {
    nonce: Hash,
    identity: Identity,
    user: Uuid,
    phone: Uuid,
    number: Option<i16>,
    ip: String,
}

pub(super) fn batches(db: Database) -> Batches<Confirm, Option<Attempt>> {
    // By its person a confirm is found in the answer.
    let apart = |one: &Confirm, other: &Confirm| one.identity == other.identity;
    Batches::new(rules("confirm", apart), move |confirms| {
        let db = db.clone();
        async move {
            let confirmed = db.confirm(&confirms).await?;
            let of = |confirm: &Confirm| {
                let mut confirmed = confirmed.iter();
                confirmed
                    .find(|attempt| attempt.is_claimed_by(&confirm.identity))
                    .cloned()
            };
            Ok(confirms.iter().map(|confirm| Ok(of(confirm))).collect())
        }
    })
}

impl Store {
    /// A known user agreed: the browser may redeem, or has to type the strict
    /// check's digits first.
    pub async fn confirm_attempt(
        &self,
        answer: &Answer<'_>,
        user: Uuid,
    ) -> Result<Option<Attempt>, StoreError> {
        let confirm = Confirm {
            nonce: answer.nonce,
            identity: answer.identity.clone(),
            user,
            phone: answer.phone,
            number: answer.number,
            ip: answer.ip.to_owned(),
        };
        self.together.confirms.ask(confirm).await
    }
}

/// Changes the attempts that `$found` finds, on behalf of those in `held`: their user, phone
/// session and address. Parameters 1 to 7 are the statement's own, 8 to 10 the times and the
/// states that an attempt may leave.
macro_rules! confirm_held {
    ($database:expr, $held:tt, $found:tt $(, $parameter:expr)* $(,)?) => {{
        let rows = $database
            .run(async |db| {
                audited_attempts!(
                    "'confirm'",
                    "case a.state when 'approved' then 'code_needed' else 'ok' end",
                    "a.phone_ip",
                    [
                        "with held as (",
                        $held,
                        "), a as (
                            update login_attempts a set
                                state = case check_kind when 'code' then 'approved' else 'confirmed' end,
                                version = saoma_next_version(version, expires_at),
                                user_id = held.user_id,
                                phone_session_id = held.phone_id,
                                awaiting_registration = false,
                                expires_at = least(ends_at, saoma_now() + make_interval(
                                    secs => case check_kind when 'code' then $8::float8 else $9::float8 end))
                            from held
                            where a.state = any($10) and a.expires_at > saoma_now() and ",
                        $found,
                        " returning a.*, held.ip as phone_ip
                        )"
                    ]
                    $(, $parameter)*,
                    seconds($database.timers.check),
                    seconds($database.timers.redeem),
                    &Step::Confirm.leaves_words(),
                )
                .fetch_all(db)
                .await
            })
            .await?;
        all(rows)
    }};
}

impl Database {
    async fn confirm(&self, confirms: &[Confirm]) -> Result<Vec<Attempt>, StoreError> {
        match confirms {
            [one] => self.confirm_one(one).await,
            _ => self.confirm_many(confirms).await,
        }
    }

    /// Whoever asks while nobody else does waits for all of his statement: this one takes
    /// PostgreSQL a third less than the same for many.
    async fn confirm_one(&self, confirm: &Confirm) -> Result<Vec<Attempt>, StoreError> {
        confirm_held!(
            self,
            // Who asks may have been known a minute ago. An identity never becomes another user's.
            "select u.id as user_id, p.id as phone_id, $7::text as ip
                from phone_sessions p, users u
                where p.id = $5 and p.app_id = $2 and p.openid = $3
                    and p.expires_at > saoma_now()
                    and u.id = $4 and u.blocked_at is null",
            // Not by the index of persons, who may have many.
            "a.nonce_hash = $1
                    and a.app_id is not distinct from $2
                    and a.openid is not distinct from $3
                    and (a.check_kind <> 'number' or a.check_number = $6)",
            confirm.nonce.as_slice(),
            confirm.identity.app_id,
            confirm.identity.openid,
            confirm.user,
            confirm.phone,
            confirm.number,
            confirm.ip,
        )
    }

    async fn confirm_many(&self, confirms: &[Confirm]) -> Result<Vec<Attempt>, StoreError> {
        let nonces: Vec<_> = confirms.iter().map(|c| c.nonce.to_vec()).collect();
        let apps: Vec<_> = confirms.iter().map(|c| c.identity.app_id.clone()).collect();
        let openids: Vec<_> = confirms.iter().map(|c| c.identity.openid.clone()).collect();
        let users: Vec<_> = confirms.iter().map(|c| c.user).collect();
        let phones: Vec<_> = confirms.iter().map(|c| c.phone).collect();
        let numbers: Vec<_> = confirms.iter().map(|c| c.number).collect();
        let addresses: Vec<_> = confirms.iter().map(|c| c.ip.clone()).collect();
        confirm_held!(
            self,
            // Here the guard picks the rows and locks them in their order; the change then goes by
            // what was picked.
            "select a.id, t.user_id, t.phone_id, t.ip
                from unnest($1::bytea[], $2::text[], $3::text[], $4::uuid[], $5::uuid[],
                        $6::smallint[], $7::text[])
                    as t(nonce_hash, app_id, openid, user_id, phone_id, number, ip)
                join login_attempts a on a.nonce_hash = t.nonce_hash
                join phone_sessions p on p.id = t.phone_id and p.app_id = t.app_id
                    and p.openid = t.openid and p.expires_at > saoma_now()
                join users u on u.id = t.user_id and u.blocked_at is null
                where a.app_id is not distinct from t.app_id
                    and a.openid is not distinct from t.openid
                    and (a.check_kind <> 'number' or a.check_number = t.number)
                    and a.state = any($10) and a.expires_at > saoma_now()
                order by a.id for update of a",
            "a.id = held.id",
            &nonces,
            &apps,
            &openids,
            &users,
            &phones,
            &numbers as &[Option<i16>],
            &addresses,
        )
    }
}
