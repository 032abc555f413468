//! The rows of codes that are used once: the stock, and those that WeChat made
//! while a page waited.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Store, StoreError, housekeeping::BATCH};
use crate::{
    codes::{Code, NewCode},
    login::ids::Hash,
};

/// Codes used in a minute are counted so far: four times what WeChat makes in one.
const MOST_USED: i64 = 20_000;

/// What a count of the stock need not look at any more, since one before it has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counted {
    /// No code with a lower number was left.
    pub below: i64,
    /// Codes that were used until then.
    pub until: Option<DateTime<Utc>>,
}

/// What the stock has, and how many codes were used.
#[derive(Debug, Clone, Copy)]
pub struct StockCount {
    /// Codes that nobody has taken, no more than were asked about.
    pub left: i64,
    /// Codes that were taken or made for a page since the count before this one, but within the
    /// last minute; 20,000 at the most.
    pub used: i64,
    /// For the next count.
    pub counted: Counted,
}

/// A block of the stock.
#[derive(Debug)]
pub struct TakenCodes {
    /// The codes.
    pub codes: Vec<Code>,
    /// The highest of their numbers.
    pub last: i64,
}

/// A code that nobody needs any more.
#[derive(Debug)]
pub struct UsedCode {
    /// Its row.
    pub id: i64,
    /// Its image's name.
    pub image: String,
}

impl Store {
    /// Takes a block of at most so many codes, of those with a number above `after`, the lowest
    /// first. Once this has answered they are this instance's alone, for ever; so they are if
    /// its answer gets lost.
    ///
    /// Whoever says where his last block ended does not make the database walk over all that
    /// was taken since its last vacuum.
    pub async fn take_stock(
        &self,
        instance: &str,
        opens: &str,
        after: i64,
        most: u32,
    ) -> Result<TakenCodes, StoreError> {
        let rows = self
            .run(async |db| {
                sqlx::query!(
                    "with block as materialized (
                        select id from codes
                        where kind = 'stock' and taken_at is null and opens = $2 and id > $4
                        order by id limit $3 for update skip locked
                    )
                    update codes set taken_by = $1, taken_at = saoma_now()
                    where id in (select id from block)
                    returning id, scene_hash, image",
                    instance,
                    opens,
                    i64::from(most),
                    after,
                )
                .fetch_all(db)
                .await
            })
            .await?;
        let code = |scene: Vec<u8>, image| {
            let scene = Hash::try_from(scene);
            let scene = scene.map_err(|_| StoreError::Inconsistent("a scene's hash".to_owned()))?;
            Ok(Code::of_stock(image, scene))
        };
        let last = rows.iter().map(|row| row.id).max().unwrap_or(after);
        let codes = rows.into_iter().map(|row| code(row.scene_hash, row.image));
        let codes = codes.collect::<Result<_, StoreError>>()?;
        Ok(TakenCodes { codes, last })
    }

    /// Adds codes whose images are kept.
    pub async fn add_stock(&self, opens: &str, new: &[NewCode]) -> Result<(), StoreError> {
        let scenes: Vec<_> = new.iter().map(|code| code.scene.to_vec()).collect();
        let images: Vec<_> = new.iter().map(|code| code.image.clone()).collect();
        let bytes: Vec<_> = new.iter().map(|code| image_size(code.bytes)).collect();
        self.run(async |db| {
            sqlx::query!(
                "insert into codes (kind, scene_hash, image, bytes, opens)
                 select 'stock', scene_hash, image, bytes, $1
                 from unnest($2::bytea[], $3::text[], $4::integer[]) as t(scene_hash, image, bytes)",
                opens,
                &scenes,
                &images,
                &bytes,
            )
            .execute(db)
            .await
        })
        .await?;
        Ok(())
    }

    /// Notes a code that was made for a page that waits, as taken.
    pub async fn note_live_code(
        &self,
        instance: &str,
        opens: &str,
        code: &NewCode,
    ) -> Result<(), StoreError> {
        self.run_for_code(async |db| {
            sqlx::query!(
                "insert into codes (kind, scene_hash, image, bytes, opens, taken_by, taken_at)
                 values ('live', $1, $2, $3, $4, $5, saoma_now())",
                &code.scene[..],
                code.image,
                image_size(code.bytes),
                opens,
                instance,
            )
            .execute(db)
            .await
        })
        .await?;
        Ok(())
    }

    /// Counts the codes that open this, those that are left up to `most`: a stock that has
    /// more than anybody needs is not worth the database's time, every 5 s. What was counted
    /// before is not walked over again.
    pub async fn count_stock(
        &self,
        opens: &str,
        most: u32,
        before: Counted,
    ) -> Result<StockCount, StoreError> {
        self.run(async |db| count(db, opens, most, before).await)
            .await
    }

    /// Marks codes as taken that open something else than `opens`. Not those of
    /// the last day: two versions of the settings may run side by side for a while.
    pub async fn retire_unfit_codes(&self, opens: &str) -> Result<(), StoreError> {
        self.run(async |db| {
            sqlx::query!(
                "with unfit as materialized (
                    select id from codes
                    where kind = 'stock' and taken_at is null and opens <> $1
                        and created_at < saoma_now() - interval '1 day'
                    limit $2 for update skip locked
                )
                update codes set taken_by = 'unfit', taken_at = saoma_now()
                where id in (select id from unfit)",
                opens,
                BATCH,
            )
            .execute(db)
            .await
        })
        .await?;
        Ok(())
    }

    /// A batch of codes that were taken two hours ago: what they were shown for is over,
    /// since an instance shows them within an hour.
    pub async fn used_codes(&self) -> Result<Vec<UsedCode>, StoreError> {
        self.run(async |db| {
            sqlx::query_as!(
                UsedCode,
                "select id, image from codes
                 where taken_at < saoma_now() - interval '2 hours' and kind <> 'pool'
                 order by taken_at limit $1",
                BATCH,
            )
            .fetch_all(db)
            .await
        })
        .await
    }

    /// Deletes rows whose images are gone.
    pub async fn delete_codes(&self, ids: &[i64]) -> Result<(), StoreError> {
        self.run(async |db| {
            sqlx::query!("delete from codes where id = any($1)", ids)
                .execute(db)
                .await
        })
        .await?;
        Ok(())
    }
}

/// The refill's lock is a transaction, in which `now()`, and `saoma_now()` with it, stands
/// still: the minute is counted by the clock on the wall, moved as `saoma_now()` is.
pub(super) async fn count(
    db: &mut PgConnection,
    opens: &str,
    most: u32,
    before: Counted,
) -> sqlx::Result<StockCount> {
    let row = sqlx::query!(
        r#"select
            (select count(*) from (select from codes
                where taken_at > greatest($4, clock.at - interval '1 minute')
                    and taken_at <= clock.at and kind <> 'pool' and opens = $1
                limit $2) used) as "used!",
            clock.at as "until!",
            unused.count as "left!",
            coalesce(unused.first, $5) as "below!"
        from (select saoma_now() + (clock_timestamp() - now()) as at) clock,
            (select count(*), min(id) as first from (select id from codes
                where kind = 'stock' and taken_at is null and opens = $1 and id >= $5
                order by id limit $3) ours) unused"#,
        opens,
        MOST_USED,
        i64::from(most),
        before.until,
        before.below,
    )
    .fetch_one(db)
    .await?;
    Ok(StockCount {
        left: row.left,
        used: row.used,
        counted: Counted {
            below: row.below,
            until: Some(row.until),
        },
    })
}

/// An image has at most 1 MiB.
pub(super) fn image_size(bytes: usize) -> i32 {
    i32::try_from(bytes).unwrap_or(i32::MAX)
}
