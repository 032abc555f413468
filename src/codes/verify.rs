//! Compares rows and images: each code has its image, each image its code, and both
//! are what they were.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime},
};

use anyhow::Context;
use futures_util::{StreamExt, stream};
use url::Url;

use super::{ImageError, Images};
use crate::{
    store::{CodeRow, Store},
    wechat::https_client,
};

/// Images that are read at once.
const AT_ONCE: usize = 16;
/// Images that are read as browsers read them.
const SAMPLE: usize = 16;
/// A younger image may get its row in a moment.
const ORPHAN_AGE: Duration = Duration::from_secs(3600);
const PUBLIC_LIMIT: Duration = Duration::from_secs(10);
/// No image of WeChat's is longer.
const LONGEST_IMAGE: usize = 1024 * 1024;

/// The check, and what follows from it.
#[derive(Debug)]
pub struct Verify {
    /// Where the rows are.
    pub store: Store,
    /// Where the images are.
    pub images: Images,
    /// What codes open by the settings.
    pub opens: String,
    /// Where browsers find images, if that is not Saoma itself.
    pub public: Option<Url>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Images that are as they were kept.
    pub good: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Codes whose images have other bytes than were put there.
    pub altered: Vec<CodeRow>,
    /// Codes whose images are not there, used ones left out.
    pub missing: Vec<CodeRow>,
    /// Images that no code has and that are older than an hour.
    pub orphans: Vec<String>,
    /// Codes that open what the settings say.
    pub fitting: usize,
    /// Codes of the pool that open something else.
    pub others: Vec<CodeRow>,
    /// Images that were read as browsers read them.
    pub sampled: usize,
    /// What was wrong with which of them.
    pub unreadable: Vec<String>,
}

/// What was taken out of the way.
#[derive(Debug, Default, Clone, Copy)]
pub struct TakenOut {
    /// Codes of the stock, which count as taken now.
    pub stock: u64,
    /// Codes of the pool, whose numbers are free.
    pub pool: usize,
}

impl Verify {
    /// Looks at all of it and changes nothing. `tell` hears how many codes of all have
    /// been looked at. Fails when database or image store is away.
    pub async fn look(&self, mut tell: impl FnMut(usize, usize)) -> anyhow::Result<Findings> {
        // The images first: one that comes later has its row later still.
        let listed = self.images.list().await?;
        let now = SystemTime::now();
        let rows = self.rows().await?;
        let known: HashSet<&str> = rows.iter().map(|row| &*row.image).collect();
        let old = listed.into_iter().filter(|image| {
            let age = image
                .put_at
                .and_then(|put_at| now.duration_since(put_at).ok());
            age.is_some_and(|age| age > ORPHAN_AGE)
        });
        let orphans: Vec<_> = old
            .map(|image| image.name)
            .filter(|name| !known.contains(&**name))
            .collect();
        let staying: Vec<_> = rows.iter().filter(|row| !row.leaves).collect();
        let mut findings = Findings {
            fitting: rows.iter().filter(|row| row.opens == self.opens).count(),
            orphans: self.without_row(orphans).await?,
            others: rows
                .iter()
                .filter(|row| self.is_other(row))
                .cloned()
                .collect(),
            ..Findings::default()
        };
        let mut shown = Vec::new();
        let looks =
            stream::iter(&staying).map(async |row| (*row, self.images.verify(&row.image).await));
        let mut looks = looks.buffer_unordered(AT_ONCE);
        let mut looked = 0;
        tell(looked, staying.len());
        while let Some((row, found)) = looks.next().await {
            match found {
                Ok(bytes) => {
                    findings.good += 1;
                    findings.bytes += bytes;
                    if !row.taken {
                        shown.push(&*row.image);
                    }
                }
                Err(ImageError::Altered(_)) => findings.altered.push(row.clone()),
                // Nobody gets a used code any more.
                Err(ImageError::Missing(_)) if row.taken => {}
                Err(ImageError::Missing(_)) => findings.missing.push(row.clone()),
                Err(error) => return Err(error).context("not all images could be checked"),
            }
            looked += 1;
            tell(looked, staying.len());
        }
        self.forget_deleted(&mut findings.missing).await?;
        if let Some(base) = &self.public {
            let sample = sample(shown);
            findings.sampled = sample.len();
            findings.unreadable = read_as_browsers(base, sample).await;
        }
        Ok(findings)
    }

    /// Sees to it that nobody gets a code whose image is gone or altered.
    pub async fn take_out(&self, findings: &Findings) -> anyhow::Result<TakenOut> {
        let broken = findings.altered.iter().chain(&findings.missing);
        let ids: Vec<_> = broken.map(|row| row.id).collect();
        if ids.is_empty() {
            return Ok(TakenOut::default());
        }
        let stock = self.store.take_broken_codes(&ids).await?;
        let images = self.store.delete_pool_codes(&ids, false).await?;
        for image in &images {
            self.images.delete(image).await?;
        }
        let pool = images.len();
        Ok(TakenOut { stock, pool })
    }

    /// Deletes images without a code, and codes of the pool that open something else and
    /// have not been leased for two hours, with their images. Returns how many of each.
    pub async fn delete(&self, findings: &Findings) -> anyhow::Result<(usize, usize)> {
        let mut orphans = 0;
        // Some may have got their row since.
        for image in self.without_row(findings.orphans.clone()).await? {
            self.images.delete(&image).await?;
            orphans += 1;
        }
        let ids: Vec<_> = findings.others.iter().map(|row| row.id).collect();
        let others = self.store.delete_pool_codes(&ids, true).await?;
        for image in &others {
            self.images.delete(image).await?;
        }
        Ok((orphans, others.len()))
    }

    async fn rows(&self) -> anyhow::Result<Vec<CodeRow>> {
        let mut rows: Vec<CodeRow> = Vec::new();
        loop {
            let last = rows.last().map_or(0, |row| row.id);
            let page = self.store.code_rows_after(last).await?;
            if page.is_empty() {
                return Ok(rows);
            }
            rows.extend(page);
        }
    }

    fn is_other(&self, row: &CodeRow) -> bool {
        row.number.is_some() && row.opens != self.opens
    }

    async fn without_row(&self, mut images: Vec<String>) -> anyhow::Result<Vec<String>> {
        let known = self.store.images_with_rows(&images).await?;
        let known: HashSet<_> = known.into_iter().collect();
        images.retain(|image| !known.contains(image));
        Ok(images)
    }

    /// A code that was deleted meanwhile needs no image.
    async fn forget_deleted(&self, rows: &mut Vec<CodeRow>) -> anyhow::Result<()> {
        let images: Vec<_> = rows.iter().map(|row| row.image.clone()).collect();
        let there = self.store.images_with_rows(&images).await?;
        let there: HashSet<_> = there.into_iter().collect();
        rows.retain(|row| there.contains(&row.image));
        Ok(())
    }
}

/// Some of them, at random.
fn sample(mut images: Vec<&str>) -> Vec<&str> {
    let mut sample = Vec::new();
    while sample.len() < SAMPLE && !images.is_empty() {
        sample.push(images.swap_remove(rand::random_range(0..images.len())));
    }
    sample
}

/// What is wrong with those that are not there as they should be.
async fn read_as_browsers(base: &Url, images: Vec<&str>) -> Vec<String> {
    let client = https_client(PUBLIC_LIMIT);
    let base = base.as_str().trim_end_matches('/');
    let looks = stream::iter(images).map(async |name| {
        let url = format!("{base}/{name}");
        let why = read_public(&client, &url, name).await.err()?;
        Some(format!("{url} {why}"))
    });
    let looks = looks.buffer_unordered(AT_ONCE);
    looks.filter_map(async |wrong| wrong).collect().await
}

async fn read_public(client: &awc::Client, url: &str, name: &str) -> Result<(), String> {
    let answer = client.get(url).send().await;
    let mut answer = answer.map_err(|error| format!("does not answer: {error}"))?;
    if !answer.status().is_success() {
        return Err(format!("answers {}", answer.status().as_u16()));
    }
    let body = answer.body().limit(LONGEST_IMAGE).await;
    let body = body.map_err(|error| format!("could not be read: {error}"))?;
    if Images::are_bytes_of(name, &body) {
        return Ok(());
    }
    Err("has other bytes than were put into the store".to_owned())
}
