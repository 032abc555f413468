//! The row of the access token that all instances share.

use std::time::Duration;

use super::{Store, StoreError, seconds};

/// A token as the database keeps it.
#[derive(Debug)]
pub struct SealedToken {
    /// Grows with each token.
    pub number: i64,
    /// None before the first token.
    pub sealed: Option<Vec<u8>>,
    /// How long it lives from now on; nothing for a dead one.
    pub expires_in: Duration,
}

impl Store {
    /// The token of an account, if there ever was one.
    pub async fn find_wechat_token(
        &self,
        account: &str,
    ) -> Result<Option<SealedToken>, StoreError> {
        let row = self
            .run(async |db| {
                sqlx::query!(
                    r#"select number, sealed,
                        coalesce(extract(epoch from expires_at - saoma_now()), 0)::float8
                            as "seconds!"
                     from wechat_tokens where account = $1"#,
                    account,
                )
                .fetch_optional(db)
                .await
            })
            .await?;
        Ok(row.map(|row| SealedToken {
            number: row.number,
            sealed: row.sealed,
            expires_in: Duration::try_from_secs_f64(row.seconds).unwrap_or_default(),
        }))
    }

    /// Claims the renewal of the token with this number (0: of none) for a while. False when
    /// another instance renews it, or has.
    pub async fn claim_wechat_token(
        &self,
        account: &str,
        number: i64,
        instance: &str,
        time: Duration,
    ) -> Result<bool, StoreError> {
        let claimed = self
            .run(async |db| {
                sqlx::query!(
                    "insert into wechat_tokens (account, number, claimed_by, claimed_until)
                     values ($1, 0, $3, saoma_now() + make_interval(secs => $4))
                     on conflict (account) do update
                     set claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until
                     where wechat_tokens.number = $2
                        and (wechat_tokens.claimed_until is null
                            or wechat_tokens.claimed_until <= saoma_now()
                            or wechat_tokens.claimed_by = $3)",
                    account,
                    number,
                    instance,
                    seconds(time),
                )
                .execute(db)
                .await
            })
            .await?;
        Ok(claimed.rows_affected() == 1)
    }

    /// Puts a new token in the place of that with this number, and ends the claim. Does nothing
    /// when another has been put there meanwhile.
    pub async fn keep_wechat_token(
        &self,
        account: &str,
        number: i64,
        sealed: &[u8],
        expires_in: Duration,
    ) -> Result<(), StoreError> {
        self.run(async |db| {
            sqlx::query!(
                "update wechat_tokens set number = number + 1, sealed = $3,
                    expires_at = saoma_now() + make_interval(secs => $4), claimed_until = null
                 where account = $1 and number = $2",
                account,
                number,
                sealed,
                seconds(expires_in),
            )
            .execute(db)
            .await
        })
        .await?;
        Ok(())
    }

    /// Ends this instance's claim.
    pub async fn release_wechat_token(
        &self,
        account: &str,
        instance: &str,
    ) -> Result<(), StoreError> {
        self.run(async |db| {
            sqlx::query!(
                "update wechat_tokens set claimed_until = null
                 where account = $1 and claimed_by = $2",
                account,
                instance,
            )
            .execute(db)
            .await
        })
        .await?;
        Ok(())
    }

    /// Whether a forced refresh is allowed now, which is counted: one in 60 s, 20 a day.
    pub async fn may_force_wechat_token(&self, account: &str) -> Result<bool, StoreError> {
        let allowed = self
            .run(async |db| {
                sqlx::query!(
                    "update wechat_tokens
                     set forced_at = saoma_now(), forced_on = day.today,
                        forced_today = case when forced_on = day.today then forced_today else 0 end + 1
                     from (select (saoma_now() at time zone 'Asia/Shanghai')::date as today) as day
                     where account = $1
                        and (forced_at is null or forced_at <= saoma_now() - interval '60 s')
                        and (forced_on is distinct from day.today or forced_today < 20)",
                    account,
                )
                .execute(db)
                .await
            })
            .await?;
        Ok(allowed.rows_affected() == 1)
    }
}
