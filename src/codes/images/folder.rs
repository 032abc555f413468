//! Images in a folder of this machine, or one that it has mounted.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use actix_web::web;
use bytes::Bytes;
use tokio::time::timeout;

use super::{error::ImageError, name::ImageName};

/// Nobody still writes a file that is older.
const WRITTEN_BY_THEN: Duration = Duration::from_secs(2 * 3600);

/// A file is a matter of milliseconds, unless the folder's server is gone.
const LIMIT: Duration = Duration::from_secs(5);

/// What a file is called until all of it is there.
const UNFINISHED: &str = "part";

/// A folder of images.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder, made if it is missing.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Either the whole file is there, on the disk, or none.
    pub(super) async fn put(&self, name: ImageName, bytes: Bytes) -> Result<(), ImageError> {
        self.in_background(move |folder| {
            let part = folder.join(format!("{name}.{}.{UNFINISHED}", rand::random::<u32>()));
            let done = write_whole(&part, &bytes)
                .and_then(|()| fs::rename(&part, folder.join(name.to_string())))
                // The name is on the disk when its folder is.
                .and_then(|()| File::open(folder)?.sync_all());
            if done.is_err() {
                // Half an image helps nobody; a file that was never made is gone as well.
                let _ = fs::remove_file(&part);
            }
            done
        })
        .await
    }

    pub(super) async fn get(&self, name: ImageName) -> Result<Bytes, ImageError> {
        let read = self
            .in_background(move |folder| existing(fs::read(folder.join(name.to_string()))))
            .await?;
        let bytes = read.ok_or_else(|| ImageError::Missing(name.to_string()))?;
        Ok(Bytes::from(bytes))
    }

    /// Deletes a file; one that is not there is deleted.
    pub(super) async fn delete(&self, name: ImageName) -> Result<(), ImageError> {
        self.in_background(move |folder| {
            existing(fs::remove_file(folder.join(name.to_string()))).map(drop)
        })
        .await
    }

    /// All names of ours in it, and when their files were written.
    pub(super) async fn list(&self) -> Result<Vec<(ImageName, Option<SystemTime>)>, ImageError> {
        self.in_background(move |folder| {
            let mut names = Vec::new();
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                if let Some(name) = entry.file_name().to_str().and_then(ImageName::parse) {
                    // One that was deleted meanwhile has no time any more.
                    let written = entry.metadata().and_then(|data| data.modified());
                    names.push((name, written.ok()));
                }
            }
            Ok(names)
        })
        .await
    }

    /// Deletes files that were never finished and are too old to be still written.
    pub(super) async fn delete_unfinished(&self) -> Result<(), ImageError> {
        self.in_background(move |folder| {
            let now = SystemTime::now();
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let path = entry.path();
                if path.extension().is_none_or(|ending| ending != UNFINISHED) {
                    continue;
                }
                // What was renamed or deleted meanwhile needs no look.
                let Ok(written) = entry.metadata().and_then(|data| data.modified()) else {
                    continue;
                };
                if now
                    .duration_since(written)
                    .is_ok_and(|age| age > WRITTEN_BY_THEN)
                {
                    existing(fs::remove_file(path))?;
                }
            }
            Ok(())
        })
        .await
    }

    async fn in_background<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ImageError> {
        let folder = self.path.clone();
        let shown = self.path.display().to_string();
        match timeout(LIMIT, web::block(move || work(&folder))).await {
            Ok(Ok(done)) => done.map_err(|error| ImageError::of_folder(&shown, &error)),
            Ok(Err(_)) => Err(ImageError::Away("the thread pool has stopped".to_owned())),
            Err(_) => Err(ImageError::Away(format!(
                "{shown} took longer than {} s",
                LIMIT.as_secs()
            ))),
        }
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// None for a file that is not there.
fn existing<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
