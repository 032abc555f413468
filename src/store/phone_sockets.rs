//! What a phone's socket tells: the person's newest open attempt, and the
//! sessions that this phone session let in.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    Known, Store, StoreError,
    attempt_rows::{attempt, attempts},
    news::open_words,
};
use crate::login::{
    attempt::{Attempt, Identity},
    ids::AttemptId,
};

/// Nobody talks with more browsers at once; the newest come first.
const MOST_PAIRS: usize = 100;

/// What there is to tell a phone.
#[derive(Debug)]
pub struct PhoneView {
    /// The person's newest attempt that is open.
    pub newest: Option<Attempt>,
    /// The attempt that the phone was told of last, if it is another one.
    pub followed: Option<Attempt>,
    /// Live sessions that this phone session confirmed.
    pub sessions: Vec<Uuid>,
}

/// The same in short, of a phone session that lives.
#[derive(Debug)]
pub struct SeenPhone {
    /// The phone session.
    pub id: Uuid,
    /// How many sockets it has opened, on all instances.
    pub sockets: i32,
    /// The person's newest attempt that is open.
    pub newest: Option<Known>,
    /// Live sessions that it confirmed.
    pub sessions: Vec<Uuid>,
}

impl Store {
    /// Counts one more socket of this phone session; its number tells it from
    /// older ones. None if the phone session has ended.
    pub async fn open_phone_socket(&self, phone: Uuid) -> Result<Option<i32>, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!(
                "update phone_sessions set sockets = sockets + 1
                 where id = $1 and expires_at > saoma_now() returning sockets",
                phone,
            )
            .fetch_optional(db)
            .await
        })
        .await
    }

    /// What there is to tell this phone, which was told of `followed` last.
    pub async fn read_phone(
        &self,
        phone: Uuid,
        identity: &Identity,
        followed: Option<AttemptId>,
    ) -> Result<PhoneView, StoreError> {
        let (newest, followed, sessions) = self
            .run(async |db| {
                let newest = attempts!(
                    "",
                    "from login_attempts a
                     where a.app_id = $1 and a.openid = $2
                        and a.state = any($3) and a.expires_at > saoma_now()
                     order by a.created_at desc limit 1",
                    identity.app_id,
                    identity.openid,
                    &open_words(),
                )
                .fetch_optional(&mut *db)
                .await?;
                let other = followed.filter(|id| newest.as_ref().is_none_or(|row| row.id != id.0));
                let followed = match other {
                    Some(id) => {
                        attempts!(
                            "",
                            "from login_attempts a
                             where a.id = $1 and a.app_id = $2 and a.openid = $3",
                            id.0,
                            identity.app_id,
                            identity.openid,
                        )
                        .fetch_optional(&mut *db)
                        .await?
                    }
                    None => None,
                };
                let sessions = sqlx::query_scalar!(
                    "select s.id from sessions s join users u on u.id = s.user_id
                     where s.phone_session_id = $1 and saoma_session_lives(s)
                        and u.blocked_at is null
                     order by s.created_at desc, s.id limit $2",
                    phone,
                    i64::try_from(MOST_PAIRS).unwrap_or(i64::MAX),
                )
                .fetch_all(db)
                .await?;
                Ok((newest, followed, sessions))
            })
            .await?;
        Ok(PhoneView {
            newest: attempt(newest)?,
            followed: attempt(followed)?,
            sessions,
        })
    }

    /// Those of these phone sessions that live, and what there is to tell them.
    ///
    /// Attempts are looked up phone by phone, by their index: there are many, and few are
    /// open. Sessions come all at once, since each has its phone session.
    pub async fn look_at_phones(&self, phones: &[Uuid]) -> Result<Vec<SeenPhone>, StoreError> {
        let (rows, pairs) = self
            .run(async |db| {
                let rows = sqlx::query!(
                    r#"select p.id, p.sockets, newest.id as "attempt?", newest.version as "version?"
                    from phone_sessions p
                    left join lateral (
                        select a.id, a.version from login_attempts a
                        where a.app_id = p.app_id and a.openid = p.openid
                            and a.state = any($2) and a.expires_at > saoma_now()
                        order by a.created_at desc limit 1
                    ) newest on true
                    where p.id = any($1) and p.expires_at > saoma_now()"#,
                    phones,
                    &open_words(),
                )
                .fetch_all(&mut *db)
                .await?;
                let pairs = sqlx::query!(
                    r#"select s.phone_session_id as "phone!", s.id
                    from sessions s join users u on u.id = s.user_id
                    where s.phone_session_id = any($1) and saoma_session_lives(s)
                        and u.blocked_at is null
                    order by s.created_at desc, s.id"#,
                    phones,
                )
                .fetch_all(db)
                .await?;
                Ok((rows, pairs))
            })
            .await?;
        let mut sessions: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
        for pair in pairs {
            let of_phone = sessions.entry(pair.phone).or_default();
            if of_phone.len() < MOST_PAIRS {
                of_phone.push(pair.id);
            }
        }
        let seen = rows.into_iter().map(|row| SeenPhone {
            id: row.id,
            sockets: row.sockets,
            newest: row.attempt.zip(row.version).map(|(id, version)| Known {
                id: AttemptId(id),
                version,
            }),
            sessions: sessions.remove(&row.id).unwrap_or_default(),
        });
        Ok(seen.collect())
    }
}
