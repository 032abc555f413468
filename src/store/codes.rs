//! The rows of all codes, for whoever looks after them.

use super::{Store, StoreError};

/// Rows that are read at once.
const PAGE: i64 = 1000;

/// The row of a code, as far as its image is concerned.
#[derive(Debug, Clone)]
pub struct CodeRow {
    /// Its row.
    pub id: i64,
    /// `stock`, `pool` or `live`.
    pub kind: String,
    /// Its image's name.
    pub image: String,
    /// What the image opens.
    pub opens: String,
    /// Its number in the pool.
    pub number: Option<i32>,
    /// A code of the stock or of a page that is not to be shown any more or again.
    pub taken: bool,
    /// Its image may be gone by now, or will soon be.
    pub leaves: bool,
}

/// What all codes come to.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct CodesSize {
    /// Codes of the stock that nobody has taken.
    pub stock: i64,
    /// Codes of the stock or of a page that were taken within the last minute.
    pub taken_in_a_minute: i64,
    /// Codes that WeChat made while a page waited, within the last hour.
    pub live_in_an_hour: i64,
    /// Codes that are kept until their pages are surely gone.
    pub used: i64,
    /// Images of all of these and of the pool.
    pub images: i64,
    /// Their bytes.
    pub bytes: i64,
    /// Bytes of one code that opens what the settings say, on average; 0 without any.
    pub bytes_per_code: i64,
}

/// Codes that open something else than the settings say.
#[derive(Debug, Clone, serde::Serialize)]
pub struct OtherCodes {
    /// What they open.
    pub opens: String,
    /// Of the stock, not taken.
    pub stock: i64,
    /// Of the pool.
    pub pool: i64,
}

impl Store {
    /// The image of the code that a page was given last and still shows. Reads all scenes: for
    /// `saoma demo`, which has few.
    pub async fn shown_image(&self) -> Result<Option<String>, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!(
                "select a.code_name
                 from attempt_scenes s join login_attempts a on a.id = s.attempt_id
                 where a.state = 'pending' and a.expires_at > saoma_now()
                 order by s.created_at desc limit 1"
            )
            .fetch_optional(db)
            .await
        })
        .await
    }

    /// Counts all codes; those of the stock and of pages, if they open this.
    pub async fn codes_size(&self, opens: &str) -> Result<CodesSize, StoreError> {
        self.run(async |db| {
            sqlx::query_as!(
                CodesSize,
                r#"select
                    count(*) filter (where kind = 'stock' and taken_at is null
                        and opens = $1) as "stock!",
                    count(*) filter (where taken_at > saoma_now() - interval '1 minute'
                        and kind <> 'pool' and opens = $1) as "taken_in_a_minute!",
                    count(*) filter (where taken_at > saoma_now() - interval '1 hour'
                        and kind = 'live' and opens = $1) as "live_in_an_hour!",
                    count(*) filter (where taken_at is not null) as "used!",
                    count(*) as "images!",
                    coalesce(sum(bytes), 0)::bigint as "bytes!",
                    coalesce(avg(bytes) filter (where opens = $1), 0)::bigint
                        as "bytes_per_code!"
                from codes"#,
                opens,
            )
            .fetch_one(db)
            .await
        })
        .await
    }

    /// What else there are codes for, the most codes first.
    pub async fn other_codes(&self, opens: &str) -> Result<Vec<OtherCodes>, StoreError> {
        self.run(async |db| {
            sqlx::query_as!(
                OtherCodes,
                r#"select
                    opens,
                    count(*) filter (where kind = 'stock') as "stock!",
                    count(*) filter (where kind = 'pool') as "pool!"
                from codes
                where opens <> $1 and (kind = 'pool' or kind = 'stock' and taken_at is null)
                group by opens order by count(*) desc limit 10"#,
                opens,
            )
            .fetch_all(db)
            .await
        })
        .await
    }

    /// A page of rows in the order of their ids, those after this one; empty at the end.
    pub async fn code_rows_after(&self, id: i64) -> Result<Vec<CodeRow>, StoreError> {
        self.run(async |db| {
            sqlx::query_as!(
                CodeRow,
                r#"select id, kind, image, opens, number,
                    taken_at is not null as "taken!",
                    coalesce(taken_by = 'verify'
                        or taken_at < saoma_now() - interval '110 minutes', false) as "leaves!"
                from codes where id > $1 order by id limit $2"#,
                id,
                PAGE,
            )
            .fetch_all(db)
            .await
        })
        .await
    }

    /// Which of these images have a row now.
    pub async fn images_with_rows(&self, images: &[String]) -> Result<Vec<String>, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!("select image from codes where image = any($1)", images)
                .fetch_all(db)
                .await
        })
        .await
    }

    /// Marks those of the stock as taken that nobody has taken yet, so that nobody gets
    /// them; says how many it were.
    pub async fn take_broken_codes(&self, ids: &[i64]) -> Result<u64, StoreError> {
        let done = self
            .run(async |db| {
                sqlx::query!(
                    "update codes set taken_by = 'verify', taken_at = saoma_now()
                    where id = any($1) and kind = 'stock' and taken_at is null",
                    ids
                )
                .execute(db)
                .await
            })
            .await?;
        Ok(done.rows_affected())
    }

    /// Takes codes out of the pool; their numbers are free for others. Returns their
    /// images. With `idle_only` not those that were leased within two hours.
    pub async fn delete_pool_codes(
        &self,
        ids: &[i64],
        idle_only: bool,
    ) -> Result<Vec<String>, StoreError> {
        self.run(async |db| {
            sqlx::query_scalar!(
                "delete from codes
                where id = any($1) and kind = 'pool'
                    and (not $2 or lease_ends_at is null
                        or lease_ends_at < saoma_now() - interval '2 hours')
                returning image",
                ids,
                idle_only,
            )
            .fetch_all(db)
            .await
        })
        .await
    }
}
