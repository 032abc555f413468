//! `saoma codes verify`: whether rows and images belong together and are as they were.

use super::{Place, bytes, codes, number, progress::Progress};
use crate::{
    codes::verify::{Findings, Verify},
    settings::Flags,
};

/// Names that a line shows.
const SHOWN: usize = 3;

/// What to do with what nobody needs.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Delete images without a code, and codes of the pool that open something else
    #[arg(long)]
    delete: bool,
    #[command(flatten)]
    pub(super) flags: Flags,
}

/// Looks, takes broken codes out of the way, and fails if anything was wrong.
pub(super) async fn run(arguments: &Arguments, at: &Place<'_>) -> anyhow::Result<()> {
    let verify = Verify {
        store: at.store.clone(),
        images: at.images()?,
        opens: at.settings.code_opens(),
        public: at.settings.code_base_url.clone(),
    };
    let mut progress = None;
    let findings = verify
        .look(|done, whole| {
            progress
                .get_or_insert_with(|| Progress::new(whole as u64, "images"))
                .is_at(done as u64);
        })
        .await?;
    drop(progress);
    let place = at.image_place();
    // Codes without any image at all are more likely to be another store's.
    anyhow::ensure!(
        findings.good > 0 || findings.missing.is_empty(),
        "not one of {} has its image in the {place}; is SAOMA_CODE_STORE what the servers have? \
         Nothing was changed",
        codes(count(&findings.missing)),
    );
    let out = verify.take_out(&findings).await?;
    let deleted = if arguments.delete {
        anyhow::ensure!(
            findings.good > 0 || findings.orphans.is_empty(),
            "no image in the {place} belongs to a code of this database; is it the one of the \
             servers? Nothing was deleted",
        );
        anyhow::ensure!(
            findings.fitting > 0 || findings.others.is_empty(),
            "no code at all opens what the settings say; are they those of the servers? Nothing \
             was deleted",
        );
        Some(verify.delete(&findings).await?)
    } else {
        None
    };
    let lines = [
        altered(&findings, &place),
        missing(&findings),
        orphans(&findings, deleted.map(|(orphans, _)| orphans)),
        others(&findings, deleted.map(|(_, others)| others)),
        read_back(&findings, at, &place),
    ];
    let mut wrong = 0;
    for line in &lines {
        match line {
            Ok(line) => println!("✓ {line}"),
            Err(line) => {
                wrong += 1;
                println!("✗ {line}");
            }
        }
    }
    if out.stock > 0 {
        let stock = codes(i64::try_from(out.stock).unwrap_or(i64::MAX));
        println!("So that nobody gets them, {stock} of the stock now count as taken.");
    }
    if out.pool > 0 {
        let pool = codes(as_count(out.pool));
        println!(
            "So that nobody gets them, {pool} left the pool; `saoma codes pool` makes others."
        );
    }
    anyhow::ensure!(wrong == 0, "{wrong} of {} checks failed", lines.len());
    Ok(())
}

type Line = Result<String, String>;

fn altered(findings: &Findings, place: &str) -> Line {
    let altered = &findings.altered;
    if altered.is_empty() {
        return Ok(format!(
            "images: {} ({}) are as they were put into the {place}",
            number(as_count(findings.good)),
            bytes(as_count(findings.bytes)),
        ));
    }
    Err(format!(
        "images: {} in the {place} altered or cut off, and shown to nobody: {}. Who can write \
         there?",
        number(count(altered)),
        names(altered.iter().map(|row| &*row.image)),
    ))
}

fn missing(findings: &Findings) -> Line {
    let missing = &findings.missing;
    if missing.is_empty() {
        return Ok("codes: each has its image".to_owned());
    }
    Err(format!(
        "codes: {} without an image: {}",
        number(count(missing)),
        names(missing.iter().map(|row| &*row.image)),
    ))
}

fn orphans(findings: &Findings, deleted: Option<usize>) -> Line {
    let orphans = &findings.orphans;
    if orphans.is_empty() {
        return Ok("images without a code: none that is older than an hour".to_owned());
    }
    let found = format!("images without a code: {}", number(count(orphans)));
    match deleted {
        Some(deleted) if deleted == orphans.len() => Ok(format!("{found}, deleted")),
        Some(deleted) => Err(format!("{found}, {deleted} of them deleted")),
        None => Err(format!(
            "{found}, older than an hour, such as {}; `saoma codes verify --delete` deletes them",
            names(orphans.iter().map(|name| &**name)),
        )),
    }
}

fn others(findings: &Findings, deleted: Option<usize>) -> Line {
    let others = &findings.others;
    let Some(first) = others.first() else {
        return Ok("pool: all codes open what the settings say".to_owned());
    };
    let found = format!(
        "pool: {} open something else than the settings say ({})",
        codes(count(others)),
        first.opens
    );
    match deleted {
        Some(deleted) if deleted == others.len() => Ok(format!("{found}, deleted")),
        Some(deleted) => Err(format!(
            "{found}, {deleted} of them deleted; the others were leased within two hours"
        )),
        None => Err(format!(
            "{found} and are never leased; `saoma codes verify --delete` deletes them"
        )),
    }
}

fn read_back(findings: &Findings, at: &Place<'_>, place: &str) -> Line {
    let Some(base) = &at.settings.code_base_url else {
        return Ok(format!("read back: all of them, from the {place}"));
    };
    let wrong = &findings.unreadable;
    if wrong.is_empty() {
        let sampled = findings.sampled;
        return Ok(format!("read back: a sample of {sampled}, from {base}"));
    }
    Err(format!(
        "read back: {} of a sample of {} not as browsers should get them: {}",
        wrong.len(),
        findings.sampled,
        names(wrong.iter().map(|wrong| &**wrong)),
    ))
}

/// The first few.
fn names<'a>(mut all: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = all.len().saturating_sub(SHOWN);
    let shown: Vec<_> = all.by_ref().take(SHOWN).collect();
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn count<T>(all: &[T]) -> i64 {
    as_count(all.len())
}

fn as_count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
