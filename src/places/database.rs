//! One file: read into memory, checked, and read again when the owner replaces it.
//!
//! It is not mapped into memory: whoever writes into a mapped file crashes its readers.

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::SystemTime,
};

use chrono::{DateTime, Utc};
use maxminddb::Reader;

/// Bytes of the largest file that is read; the largest known one has a tenth of it.
const LARGEST: u64 = 2 << 30;

/// An address database that stops the start.
#[derive(Debug, thiserror::Error)]
#[error("{setting} is \"{}\": {problem}. Right would be: {right}", path.display())]
pub struct PlacesError {
    setting: &'static str,
    path: PathBuf,
    problem: String,
    right: &'static str,
}

/// What a file is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    City,
    Asn,
    Anonymous,
}

impl Kind {
    const fn setting(self) -> &'static str {
        match self {
            Self::City => "SAOMA_GEOIP_CITY",
            Self::Asn => "SAOMA_GEOIP_ASN",
            Self::Anonymous => "SAOMA_GEOIP_ANONYMOUS",
        }
    }

    /// Words of the types that have what we look for: GeoLite2-City, DBIP-Country-Lite, …
    const fn types(self) -> &'static [&'static str] {
        match self {
            Self::City => &["City", "Country", "Enterprise"],
            Self::Asn => &["ASN", "ISP"],
            Self::Anonymous => &["Anonymous-IP"],
        }
    }

    const fn right(self) -> &'static str {
        match self {
            Self::City => {
                "a readable file in MaxMind's format (.mmdb) with cities or countries, such as \
                 GeoLite2-City.mmdb"
            }
            Self::Asn => {
                "a readable file in MaxMind's format (.mmdb) with networks, such as \
                 GeoLite2-ASN.mmdb"
            }
            Self::Anonymous => {
                "a readable file in MaxMind's format (.mmdb) with hosting providers: \
                 GeoIP2-Anonymous-IP.mmdb"
            }
        }
    }
}

/// When a file was written, its length and its inode; none without a file.
type Stamp = Option<(SystemTime, u64, u64)>;

/// A database and the file that it came from.
#[derive(Debug)]
pub(super) struct Database {
    kind: Kind,
    path: PathBuf,
    reader: RwLock<Arc<Reader<Vec<u8>>>>,
    /// Of the last file that was looked at, good or bad.
    seen: Mutex<Stamp>,
}

impl Database {
    pub(super) fn open(kind: Kind, path: &Path) -> Result<Self, PlacesError> {
        // Before the content: a change between the two is seen at the next look.
        let seen = Mutex::new(stamp(path));
        let reader = load(kind, path).map_err(|problem| PlacesError {
            setting: kind.setting(),
            path: path.to_owned(),
            problem,
            right: kind.right(),
        })?;
        Ok(Self {
            kind,
            path: path.to_owned(),
            reader: RwLock::new(Arc::new(reader)),
            seen,
        })
    }

    /// The newest good content.
    pub(super) fn reader(&self) -> Arc<Reader<Vec<u8>>> {
        let reader = self.reader.read();
        reader.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the file again if it is another one than at the last look.
    pub(super) fn refresh(&self) {
        let stamp = stamp(&self.path);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == stamp {
            return;
        }
        *seen = stamp;
        let (setting, path) = (self.kind.setting(), self.path.display());
        match load(self.kind, &self.path) {
            Ok(reader) => {
                let mut current = self.reader.write().unwrap_or_else(PoisonError::into_inner);
                *current = Arc::new(reader);
                drop(current);
                tracing::info!(setting, %path, database = self.name(), "a new address database is in use");
            }
            Err(problem) => {
                let right = self.kind.right();
                tracing::warn!(
                    setting, %path, problem, right,
                    "the new address database cannot be used; the one before it stays in use"
                );
            }
        }
    }

    /// Its type and the day it was made.
    pub(super) fn name(&self) -> String {
        let reader = self.reader();
        let metadata = reader.metadata();
        let made = metadata.build_time().map(DateTime::<Utc>::from);
        let made = made.map_or_else(|_| "?".to_owned(), |made| made.format("%F").to_string());
        format!("{} of {made}", metadata.database_type)
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
}

/// The content of a file, or what is wrong with it.
fn load(kind: Kind, path: &Path) -> Result<Reader<Vec<u8>>, String> {
    let bytes = read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    })?;
    let reader = Reader::from_source(bytes)
        .map_err(|_| "this is no database in MaxMind's format, or not all of it".to_owned())?;
    let found = &reader.metadata().database_type;
    if kind.types().iter().any(|word| found.contains(word)) {
        return Ok(reader);
    }
    Err(format!("this is a database of another type, {found}"))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    // A pipe would keep the start waiting.
    if !metadata.is_file() {
        return Err(io::Error::other("this is no file"));
    }
    if metadata.len() > LARGEST {
        return Err(io::Error::other("this file is larger than 2 GiB"));
    }
    fs::read(path)
}
