//! The folder of the server's unix socket.

use std::env;
use std::fmt::Write;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::account::Account;
use super::error::PrivatePostgresError;

/// The longest path that a unix socket can have on every system, without its final zero: Linux
/// allows 107 bytes, macOS and the BSDs 103.
const PATH_LIMIT: usize = 103;

/// What PostgreSQL names its socket for port 5432; its lock file's name is five bytes longer, but
/// no socket and so not limited.
const SOCKET_NAME: &str = "/.s.PGSQL.5432";

/// A private folder with a short path for a cluster's socket: mode 0700, the cluster's user's.
///
/// Removed when dropped, with whatever a killed server left in it.
#[derive(Debug)]
pub(super) struct SocketDir(PathBuf);

impl SocketDir {
    /// Makes the folder, or takes the one that is there. Its name follows from the cluster's path,
    /// so that every start finds the same one, and people too.
    pub(super) fn prepare(cluster: &Path, account: &Account) -> Result<Self, PrivatePostgresError> {
        let mut reasons = Vec::new();
        for dir in candidates(cluster) {
            match make(&dir, account) {
                Ok(()) => {
                    let socket = Self(dir);
                    socket.clear();
                    return Ok(socket);
                }
                Err(reason) => reasons.push(format!("{}: {reason}", dir.display())),
            }
        }
        let reasons = reasons.join("; ");
        Err(PrivatePostgresError::NoSocketDir { reasons })
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Removes what a killed server left. PostgreSQL does not start while the process named there,
    /// or another that got its number, lives.
    pub(super) fn clear(&self) {
        for name in [".s.PGSQL.5432", ".s.PGSQL.5432.lock"] {
            let _ = fs::remove_file(self.0.join(name));
        }
    }
}

impl Drop for SocketDir {
    fn drop(&mut self) {
        self.clear();
        let _ = fs::remove_dir(&self.0);
    }
}

/// Runtime folders before /tmp: they are cleaned at boot, and strangers cannot make folders there.
fn candidates(cluster: &Path) -> Vec<PathBuf> {
    let name = name(cluster);
    // systemd's RuntimeDirectory= (which may name several) and the desktop's. Below sudo the latter
    // may be another user's; `make` finds that out.
    let mut parents: Vec<PathBuf> = ["RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"]
        .into_iter()
        .filter_map(env::var_os)
        .filter_map(|value| env::split_paths(&value).next())
        .filter(|dir| dir.is_absolute())
        .collect();
    if nix::unistd::Uid::effective().is_root() {
        parents.push(PathBuf::from("/run"));
    }
    parents.push(PathBuf::from("/tmp"));
    parents.into_iter().map(|dir| dir.join(&name)).collect()
}

fn name(cluster: &Path) -> String {
    let mut name = String::from("saoma-");
    for byte in &Sha256::digest(cluster.as_os_str().as_bytes())[..8] {
        let _ = write!(name, "{byte:02x}");
    }
    name
}

fn make(dir: &Path, account: &Account) -> Result<(), String> {
    if dir.as_os_str().len() + SOCKET_NAME.len() > PATH_LIMIT {
        return Err("too long for a socket".to_owned());
    }
    let text = |error: io::Error| error.to_string();
    match DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => account.own(dir).map_err(text)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(text(error)),
    }
    // In /tmp anybody may have made a folder, or a link, of that name before.
    let meta = fs::symlink_metadata(dir).map_err(text)?;
    if !meta.is_dir() || meta.uid() != account.uid() || meta.mode() & 0o077 != 0 {
        return Err("it exists and is not private to this user".to_owned());
    }
    if !account.can_enter(dir) {
        let _ = fs::remove_dir(dir);
        return Err(format!("the user {} cannot enter it", account.name));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own_account() -> Account {
        Account::current().expect("tests run as a user with a name")
    }

    #[test]
    fn every_cluster_has_a_socket_folder_of_its_own_and_always_the_same() {
        let (one, other) = (Path::new("/a/postgres"), Path::new("/b/postgres"));
        assert_eq!(name(one), name(one));
        assert_ne!(name(one), name(other));
    }

    #[test]
    fn a_folder_that_others_may_enter_is_refused() {
        let dir = env::temp_dir().join(format!("saoma-open-{}", std::process::id()));
        DirBuilder::new().mode(0o755).create(&dir).unwrap();
        let refused = make(&dir, &own_account());
        fs::remove_dir(&dir).unwrap();
        assert!(refused.unwrap_err().contains("not private"));
    }

    #[test]
    fn a_link_in_the_place_of_the_folder_is_refused() {
        let link = env::temp_dir().join(format!("saoma-link-{}", std::process::id()));
        std::os::unix::fs::symlink("/", &link).unwrap();
        let refused = make(&link, &own_account());
        fs::remove_file(&link).unwrap();
        assert!(refused.unwrap_err().contains("not private"));
    }

    #[test]
    fn a_path_too_long_for_a_socket_is_refused() {
        let dir = PathBuf::from("/tmp").join("x".repeat(90));
        assert!(make(&dir, &own_account()).unwrap_err().contains("too long"));
        assert!(!dir.exists());
    }
}
