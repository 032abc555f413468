//! Where the cluster lies.

use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, symlink};
use std::path::{Path, PathBuf};

use super::account::Account;
use super::error::{IoContext, PrivatePostgresError};
use super::lock::DirLock;

/// Where clusters live whose user cannot reach the data directory.
const FALLBACK: &str = "/var/lib/saoma";

/// The folders of one private PostgreSQL, locked for this process.
///
/// Ordinarily the cluster is the folder `postgres` in the data directory. When Saoma runs as root
/// from a place that the cluster's user cannot reach (below /root, a 0700 folder), `postgres` is a
/// symbolic link to `/var/lib/saoma/<name>/postgres` instead. The link is the only record of it, so
/// a data directory may be moved, and one that is removed begins anew.
#[derive(Debug)]
pub(super) struct Place {
    /// The folder that holds the cluster and what belongs to it.
    pub(super) home: PathBuf,
    /// The cluster's own folder, without symbolic links.
    pub(super) cluster: PathBuf,
    pub(super) account: Account,
    _locks: Vec<DirLock>,
}

impl Place {
    /// Locks the data directory, finds the cluster or a place for it, and the user to run it.
    pub(super) fn settle(data_dir: &Path) -> Result<Self, PrivatePostgresError> {
        // Others may pass through, and nothing more, so that the cluster's user gets to its folder.
        DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(data_dir)
            .context("make the data directory", data_dir)?;
        let data_dir = &fs::canonicalize(data_dir).context("open the data directory", data_dir)?;
        let lock = DirLock::acquire(data_dir, data_dir)?;

        let link = data_dir.join("postgres");
        match fs::symlink_metadata(&link) {
            Ok(meta) if meta.is_symlink() => Self::behind(&link, data_dir, lock),
            Ok(meta) => Self::existing(link, &meta, data_dir, vec![lock]),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::new(data_dir, lock),
            Err(error) => Err(error).context("look at", &link),
        }
    }

    fn existing(
        cluster: PathBuf,
        meta: &Metadata,
        home: &Path,
        locks: Vec<DirLock>,
    ) -> Result<Self, PrivatePostgresError> {
        let account = Account::choose(Some(meta.uid()), &cluster)?;
        // Falling back to another place here would look as if all users were lost.
        if !account.can_enter(&cluster) {
            return Err(PrivatePostgresError::Unreachable {
                cluster,
                account: account.name,
            });
        }
        Ok(Self {
            home: home.to_owned(),
            cluster,
            account,
            _locks: locks,
        })
    }

    fn behind(link: &Path, data_dir: &Path, lock: DirLock) -> Result<Self, PrivatePostgresError> {
        let target = data_dir.join(fs::read_link(link).context("read the link", link)?);
        let Some(Ok(home)) = target.parent().map(fs::canonicalize) else {
            let link = link.to_owned();
            return Err(PrivatePostgresError::Missing { link, target });
        };
        let mut locks = vec![lock];
        if home != data_dir {
            // A copied data directory leads to the same cluster.
            locks.push(DirLock::acquire(&home, data_dir)?);
        }
        match fs::canonicalize(&target) {
            Ok(cluster) => {
                let meta = fs::symlink_metadata(&cluster).context("look at", &cluster)?;
                Self::existing(cluster, &meta, &home, locks)
            }
            // The first start was cut short between the link and the cluster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self {
                account: Account::choose(None, &target)?,
                cluster: home.join("postgres"),
                home,
                _locks: locks,
            }),
            Err(error) => Err(error).context("look at", &target),
        }
    }

    fn new(data_dir: &Path, lock: DirLock) -> Result<Self, PrivatePostgresError> {
        let account = Account::choose(None, data_dir)?;
        if reachable(&account, data_dir)? {
            return Ok(Self {
                home: data_dir.to_owned(),
                cluster: data_dir.join("postgres"),
                account,
                _locks: vec![lock],
            });
        }
        let base = Path::new(FALLBACK);
        DirBuilder::new()
            .recursive(true)
            .create(base)
            .context("make the folder", base)?;
        let home = base.join(unique_name(data_dir));
        DirBuilder::new()
            .mode(0o711)
            .create(&home)
            .context("make the folder", &home)?;
        if !reachable(&account, &home)? {
            let _ = fs::remove_dir(&home);
            return Err(PrivatePostgresError::Unreachable {
                cluster: home,
                account: account.name,
            });
        }
        let second = DirLock::acquire(&home, data_dir)?;
        let (link, cluster) = (data_dir.join("postgres"), home.join("postgres"));
        symlink(&cluster, &link).context("make the link", &link)?;
        tracing::info!(
            "the user {} cannot reach {}, so the database lives in {}; {} leads there",
            account.name,
            data_dir.display(),
            home.display(),
            link.display(),
        );
        Ok(Self {
            home,
            cluster,
            account,
            _locks: vec![lock, second],
        })
    }
}

/// Tries it: makes a folder in `dir` as the cluster will be, and looks whether its user gets in.
fn reachable(account: &Account, dir: &Path) -> Result<bool, PrivatePostgresError> {
    let probe = dir.join("postgres.new");
    make_private_dir(&probe, account)?;
    let reachable = account.can_enter(&probe);
    fs::remove_dir(&probe).context("remove the folder", &probe)?;
    Ok(reachable)
}

/// Makes `dir` anew, empty, and `account`'s alone; what was there is removed.
pub(super) fn make_private_dir(dir: &Path, account: &Account) -> Result<(), PrivatePostgresError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).context("remove the folder", dir);
        }
        _ => {}
    }
    DirBuilder::new()
        .mode(0o700)
        .create(dir)
        .context("make the folder", dir)?;
    account.own(dir).context("change the owner of", dir)
}

/// A name that tells a person whose it is (`shop-data-5f0c31d2` for /root/shop/data), and that no
/// other data directory gets, not even a later one of the same path.
fn unique_name(data_dir: &Path) -> String {
    let mut words: Vec<_> = data_dir
        .components()
        .rev()
        .take(2)
        .map(|part| {
            part.as_os_str()
                .to_string_lossy()
                .replace(unfit_for_a_name, "")
        })
        .filter(|word| !word.is_empty())
        .collect();
    words.reverse();
    words.push(format!("{:08x}", rand::random::<u32>()));
    words.join("-")
}

fn unfit_for_a_name(c: char) -> bool {
    !c.is_ascii_alphanumeric() && c != '_'
}
