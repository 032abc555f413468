//! The lock that keeps a second server off the same data.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process;

use nix::fcntl::OFlag;

use super::error::{IoContext, PrivatePostgresError};

const FILE: &str = "postgres.lock";

/// An exclusive lock on one folder, held until dropped.
///
/// It is the kernel's (`flock`): it ends with the process however that dies, so a lock file that
/// lies about after a crash means nothing. The file is never removed, since removing it would let
/// a third process lock a new file while a second holds the old one.
#[derive(Debug)]
pub(super) struct DirLock {
    file: File,
}

/// Closing the file would do only if no copy of it were left. A process that another thread starts
/// right now has one, from its fork to its exec.
impl Drop for DirLock {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

impl DirLock {
    /// Locks `dir`, or says who holds it. Never waits.
    pub(super) fn acquire(dir: &Path, data_dir: &Path) -> Result<Self, PrivatePostgresError> {
        let path = dir.join(FILE);
        let mut file = open(&path).context("open the lock file", &path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(PrivatePostgresError::AlreadyRunning {
                    data_dir: data_dir.to_owned(),
                    holder: holder(&mut file),
                });
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).context("lock", &path);
            }
        }
        // The number is only for the other server's error message: failing to write it (a file that
        // another user made) harms nothing.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", process::id()));
        Ok(Self { file })
    }
}

/// A lock needs no right to write, so a file that root made does for an ordinary user too.
///
/// A symbolic link is refused: root may work here in a folder that somebody else can write.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(OFlag::O_NOFOLLOW.bits());
    match options
        .clone()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
    {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => options.open(path),
        other => other,
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let _ = file.take(20).read_to_string(&mut text);
    match text.trim().parse::<u32>() {
        Ok(pid) => format!(" (process {pid})"),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use super::*;

    #[test]
    fn a_lock_is_free_again_though_a_forked_process_still_has_a_copy_of_its_file() {
        let dir = env::temp_dir().join(format!("saoma-lock-{}", process::id()));
        fs::create_dir(&dir).unwrap();
        let lock = DirLock::acquire(&dir, &dir).unwrap();
        assert!(DirLock::acquire(&dir, &dir).is_err(), "locked twice");
        let copy = lock.file.try_clone().unwrap();

        drop(lock);
        let again = DirLock::acquire(&dir, &dir);

        fs::remove_dir_all(&dir).unwrap();
        assert!(again.is_ok(), "still locked");
        drop(copy);
    }
}
