//! Images in a folder of this machine, or one that it has mounted.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use actix_web::web;
use bytes::Bytes;
use tokio::{sync::Semaphore, time::timeout};

use super::{error::ImageError, name::ImageName};

/// Nobody still writes a file that is older.
const WRITTEN_BY_THEN: Duration = Duration::from_secs(2 * 3600);

/// A file is a matter of milliseconds, unless the folder's server is gone.
const LIMIT: Duration = Duration::from_secs(5);

/// Files in work at once. One whose server is gone keeps its thread, and names of other servers
/// are looked up on the same threads: no more than so many are lost, and nobody queues for them.
const AT_ONCE: usize = 64;

/// What a file is called until all of it is there.
const UNFINISHED: &str = "part";

/// A folder of images.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
    turns: Arc<Semaphore>,
}

impl Folder {
    /// The folder, made if it is missing.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self {
            path: path.to_owned(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
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
            .in_background(move |folder| existing(folder, fs::read(folder.join(name.to_string()))))
            .await?;
        let bytes = read.ok_or_else(|| ImageError::Missing(name.to_string()))?;
        Ok(Bytes::from(bytes))
    }

    /// Deletes a file; one that is not there is deleted.
    pub(super) async fn delete(&self, name: ImageName) -> Result<(), ImageError> {
        self.in_background(move |folder| {
            existing(folder, fs::remove_file(folder.join(name.to_string()))).map(drop)
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
                    existing(folder, fs::remove_file(path))?;
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
        let turns = self.turns.clone();
        let in_turn = async {
            // Nobody closes the semaphore. The turn ends with the work, not with who waits for it.
            let turn = turns.acquire_owned().await;
            web::block(move || {
                let done = work(&folder);
                drop(turn);
                done
            })
            .await
        };
        match timeout(LIMIT, in_turn).await {
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

/// None for a file that is not there; without its folder nobody can say that.
fn existing<T>(folder: &Path, done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && folder.is_dir() => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use futures_util::future::join_all;
    use nix::{sys::stat::Mode, unistd::mkfifo};

    use super::*;

    /// A pipe that nobody writes to is a file whose server is gone.
    #[actix_web::test]
    async fn files_that_hang_leave_threads_to_others() {
        let path = std::env::temp_dir().join(format!("saoma-{}", rand::random::<u64>()));
        let folder = Folder::open(&path).unwrap();
        let text = format!("{}.jpg", "0a".repeat(32));
        let name = ImageName::parse(&text).unwrap();
        mkfifo(&path.join(&text), Mode::S_IRWXU).unwrap();
        let moment = Duration::from_millis(50);
        join_all((0..600).map(|_| timeout(moment, folder.get(name)))).await;
        assert!(folder.turns.available_permits() == 0);
        let other = timeout(Duration::from_secs(2), web::block(|| 7)).await;
        while folder.turns.available_permits() < AT_ONCE {
            // For whoever waits that it is written to.
            drop(
                OpenOptions::new()
                    .read(true)
                    .write(true)
                    .open(path.join(&text)),
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        fs::remove_dir_all(&path).unwrap();
        assert_eq!(other.unwrap().unwrap(), 7);
    }
}
