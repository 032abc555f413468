//! Who holds a phone: asked before all that a phone does, but for the confirm after a scan.

use std::collections::HashMap;

use super::{Database, rules};
use crate::{
    login::{attempt::Identity, ids::Hash},
    store::{PhoneSession, Store, StoreError, User, batches::Batches, phone_sessions::DAYS},
};

pub(super) fn batches(db: Database) -> Batches<Hash, Option<PhoneSession>> {
    // One row may be asked for twice.
    let apart = |_: &_, _: &_| false;
    Batches::new(rules("phone", apart), move |tokens| {
        let db = db.clone();
        async move {
            let found = db.phone_sessions(&tokens).await?;
            let of = |token: &Hash| found.get(&token[..]).cloned();
            Ok(tokens.iter().map(|token| Ok(of(token))).collect())
        }
    })
}

impl Store {
    /// The phone session of a token, with its user. Moves its end along once a day.
    pub async fn find_phone_session(
        &self,
        token: &Hash,
    ) -> Result<Option<PhoneSession>, StoreError> {
        self.together.phones.ask(*token).await
    }
}

impl Database {
    async fn phone_sessions(
        &self,
        tokens: &[Hash],
    ) -> Result<HashMap<Vec<u8>, PhoneSession>, StoreError> {
        let tokens: Vec<_> = tokens.iter().map(|token| token.to_vec()).collect();
        let rows = self
            .run(async |db| {
                let rows = sqlx::query!(
                    r#"select p.token_hash, p.id, p.app_id, p.openid, p.unionid,
                        p.expires_at < saoma_now() + make_interval(days => $2) - interval '1 day'
                            as "stale!",
                        u.blocked_at is not null as "blocked!", u.id as "user_id?", u.nickname as "nickname?", u.avatar_url as "avatar_url?"
                    from phone_sessions p
                    left join wechat_identities i on i.app_id = p.app_id and i.openid = p.openid
                    left join users u on u.id = i.user_id
                    where p.token_hash = any($1) and p.expires_at > saoma_now()"#,
                    &tokens,
                    DAYS,
                )
                .fetch_all(&mut *db)
                .await?;
                let stale = rows.iter().filter(|row| row.stale);
                let stale: Vec<_> = stale.map(|row| row.token_hash.clone()).collect();
                if !stale.is_empty() {
                    sqlx::query!(
                        "update phone_sessions
                         set expires_at = saoma_now() + make_interval(days => $2)
                         where token_hash = any($1)",
                        &stale,
                        DAYS,
                    )
                    .execute(db)
                    .await?;
                }
                Ok(rows)
            })
            .await?;
        let sessions = rows.into_iter().map(|row| {
            let session = PhoneSession {
                id: row.id,
                identity: Identity {
                    app_id: row.app_id,
                    openid: row.openid,
                },
                unionid: row.unionid,
                blocked: row.blocked,
                user: row.user_id.map(|id| User {
                    id,
                    nickname: row.nickname,
                    avatar_path: row.avatar_url,
                }),
            };
            (row.token_hash, session)
        });
        Ok(sessions.collect())
    }
}
