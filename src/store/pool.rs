//! The pool: a few reusable codes, each leased to one attempt at a time.
//!
//! A code is free again once nobody can reach the attempt of its newest lease by
//! it any more and a quarantine has passed after that. When that is, follows from
//! the attempt's own rows: no step of a login has to write it down.

use std::time::Duration;

use super::{Store, StoreError, seconds, stock::image_size};
use crate::{
    codes::{NewCode, PoolOrder},
    login::ids::{AttemptId, Hash},
};

/// How codes are leased.
#[derive(Debug, Clone, Copy)]
pub struct LeaseRules<'a> {
    /// What the image has to open; other codes are never leased.
    pub opens: &'a str,
    /// Which of the free codes.
    pub order: PoolOrder,
    /// How long a code rests after its lease.
    pub quarantine: Duration,
}

/// A code that belongs to one attempt now.
#[derive(Debug, Clone)]
pub struct Lease {
    /// Its number in the pool, from 0.
    pub number: i32,
    /// Of the scene that its image carries.
    pub scene: Hash,
    /// The image's name.
    pub image: String,
    /// One higher than that of the lease before.
    pub epoch: i64,
}

/// How the pool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolState {
    /// All of its codes.
    pub size: i64,
    /// Those that could be leased now.
    pub free: i64,
    /// Those that an attempt has now; all others rest.
    pub leased: i64,
}

/// A query over the codes `c` of the pool that are free: what stands before the
/// condition, what behind, the parameters. The first three are always `opens`, the
/// quarantine and the longest life of an attempt, in seconds.
///
/// A code that was leased longer ago than any attempt lives needs no second look.
/// For the others `max` makes that look one by index for each code, where
/// `exists` may be planned as a hash of all scenes.
macro_rules! free_codes {
    ($query:ident!($($row:ty,)? $before:tt, $after:tt), $($parameter:expr),+ $(,)?) => {
        sqlx::$query!(
            $($row,)?
            $before +
            "c.number is not null and c.opens = $1
                and (c.lease_ends_at is null
                    or c.lease_ends_at < saoma_now() - make_interval(secs => $2::float8 + $3::float8)
                    or greatest(c.lease_ends_at, (
                        select max(greatest(s.expires_at,
                            case when a.state <> 'pending' then a.expires_at end))
                        from attempt_scenes s join login_attempts a on a.id = s.attempt_id
                        where s.scene_hash = c.scene_hash
                    )) < saoma_now() - make_interval(secs => $2::float8))"
            + $after,
            $($parameter),+
        )
    };
}

impl Store {
    /// Leases a free code to an attempt; none if there is none. Of all who ask at
    /// once each gets another, and the commit is durable before anybody sees it.
    pub async fn lease_code(
        &self,
        attempt: AttemptId,
        rules: &LeaseRules<'_>,
    ) -> Result<Option<Lease>, StoreError> {
        let lowest = rules.order == PoolOrder::Lowest;
        let row = self
            .run_for_code(async |db| {
                free_codes!(
                    query!(
                        "with free as materialized (
                            select c.id from codes c where ",
                        " order by case when $6 then c.number end, random()
                            limit 1 for update of c skip locked
                        )
                        update codes set
                            epoch = epoch + 1,
                            attempt_id = $4,
                            lease_ends_at = saoma_now() + make_interval(secs => $5)
                        where id = (select id from free)
                        returning number as \"number!\", scene_hash, image, epoch"
                    ),
                    rules.opens,
                    seconds(rules.quarantine),
                    seconds(self.timers.attempt),
                    attempt.0,
                    seconds(self.timers.scan.min(self.timers.attempt)),
                    lowest,
                )
                .fetch_optional(db)
                .await
            })
            .await?;
        let lease = row.map(|row| {
            let scene = Hash::try_from(&row.scene_hash[..]);
            Ok(Lease {
                number: row.number,
                scene: scene.map_err(|_| StoreError::Inconsistent("a hash's length".to_owned()))?,
                image: row.image,
                epoch: row.epoch,
            })
        });
        lease.transpose()
    }

    /// How many codes open this.
    pub async fn pool_size(&self, opens: &str) -> Result<i64, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!(
                r#"select count(*) as "n!" from codes where number is not null and opens = $1"#,
                opens,
            )
            .fetch_one(db)
            .await
        })
        .await
    }

    /// How many codes there are, and how many of them are free.
    pub async fn pool_state(&self, rules: &LeaseRules<'_>) -> Result<PoolState, StoreError> {
        let size = self.pool_size(rules.opens).await?;
        let free = self.pool_free_after(rules.opens, rules.quarantine).await?;
        // Those whose leases are over are free without a quarantine.
        let over = self.pool_free_after(rules.opens, Duration::ZERO).await?;
        let leased = (size - over).max(0);
        Ok(PoolState { size, free, leased })
    }

    async fn pool_free_after(&self, opens: &str, quarantine: Duration) -> Result<i64, StoreError> {
        self.run(async |db| {
            free_codes!(
                query_scalar!("select count(*) as \"n!\" from codes c where ", ""),
                opens,
                seconds(quarantine),
                seconds(self.timers.attempt),
            )
            .fetch_one(db)
            .await
        })
        .await
    }

    /// Adds a code under the lowest number that is not taken, unless there are
    /// `size` codes already. None also if another was faster with that number: the
    /// caller looks again.
    pub async fn add_pool_code(
        &self,
        code: &NewCode,
        opens: &str,
        size: i64,
    ) -> Result<Option<i32>, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!(
                r#"insert into codes (kind, scene_hash, image, bytes, opens, number)
                select 'pool', $1, $2, $3, $4, (
                    select min(n) from generate_series(0, (
                        select count(*)::integer from codes where number is not null)) n
                    where not exists (select from codes where number = n))
                where $5 > (
                    select count(*) from codes where number is not null and opens = $4)
                on conflict (number) where number is not null do nothing
                returning number as "number!""#,
                code.scene.as_slice(),
                code.image,
                image_size(code.bytes),
                opens,
                size,
            )
            .fetch_optional(db)
            .await
        })
        .await
    }
}
