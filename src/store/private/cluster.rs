//! The cluster on disk: its version, how it is made, and the files that Saoma keeps in it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::{Uid, User};

use super::account::Account;
use super::binaries::Binaries;
use super::command::output_within;
use super::error::{IoContext, PrivatePostgresError};
use super::place::{Place, make_private_dir};
use super::{DATABASE, Options, SUPERUSER};

/// `initdb` takes a second or two; a slow disk that has to flush it all may take long.
const INITDB_LIMIT: Duration = Duration::from_mins(2);

/// Small and safe for a database beside its server on a small machine. They stand in the cluster's
/// postgresql.conf, so a person can change them there.
const SETTINGS: &str = "
# ---- Saoma: chosen when this cluster was made; yours to change. ----
# What must hold (socket, authentication, log files) is given when the server starts.
max_connections = 50
shared_buffers = 64MB
# Bounds the disk that the log takes, and how long the next start after a crash needs.
min_wal_size = 32MB
max_wal_size = 256MB
max_wal_senders = 4
max_logical_replication_workers = 0
max_parallel_workers_per_gather = 0
jit = off
# Shared memory in /dev/shm is little in containers, and removed under a running server when the
# user who started it logs out.
dynamic_shared_memory_type = mmap
log_line_prefix = '%m [%p] '
log_checkpoints = off
";

const TEST_SETTINGS: &str = "
# ---- For tests only: a crash of the machine loses or breaks data. ----
fsync = off
full_page_writes = off
max_connections = 300
";

/// The file by which Saoma knows a cluster of its own from any other.
const ACCESS: &str = "saoma_hba.conf";

/// The major version that made `cluster`, or `None` when it has yet to be made.
///
/// A cluster that Saoma did not make is refused: it may be another program's, and in use.
pub(super) fn major(cluster: &Path) -> Result<Option<u32>, PrivatePostgresError> {
    let file = cluster.join("PG_VERSION");
    match fs::read_to_string(&file) {
        Ok(text) => match text.trim().parse() {
            Ok(major) if cluster.join(ACCESS).is_file() => Ok(Some(major)),
            _ => Err(not_ours(cluster)),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if is_empty_or_absent(cluster).context("read the folder", cluster)? {
                Ok(None)
            } else {
                Err(not_ours(cluster))
            }
        }
        Err(error) => Err(error).context("read", &file),
    }
}

fn is_empty_or_absent(dir: &Path) -> io::Result<bool> {
    match fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Makes the cluster: complete, or not at all, since it gets its name only when it is ready.
pub(super) fn make(
    place: &Place,
    binaries: &Binaries,
    options: &Options,
) -> Result<(), PrivatePostgresError> {
    let unready = place.home.join("postgres.new");
    let mut result = Ok(());
    // macOS and old systems know no C.UTF-8; plain C orders the same and knows case for ASCII only.
    for locale in ["C.UTF-8", "C"] {
        make_private_dir(&unready, &place.account)?;
        result = initdb(&unready, &place.account, binaries, locale, options);
        if result.is_ok() {
            break;
        }
    }
    result?;
    let config = unready.join("postgresql.conf");
    let mut text = fs::read_to_string(&config).context("read", &config)?;
    text.push_str(SETTINGS);
    if options.fast_unsafe_for_tests {
        text.push_str(TEST_SETTINGS);
    }
    replace_file(&config, &text, &place.account)?;
    write_access(&unready, &place.account)?;
    fs::rename(&unready, &place.cluster).context("move into place", &place.cluster)
}

fn initdb(
    dir: &Path,
    account: &Account,
    binaries: &Binaries,
    locale: &str,
    options: &Options,
) -> Result<(), PrivatePostgresError> {
    let program = binaries.path("initdb");
    let mut command = account.command(&program);
    command
        .arg("--pgdata")
        .arg(dir)
        .args(["--username", SUPERUSER, "--encoding=UTF8"])
        .arg(format!("--locale={locale}"))
        .args([
            "--auth-local=peer",
            "--auth-host=reject",
            "--data-checksums",
        ]);
    if options.fast_unsafe_for_tests {
        command.arg("--no-sync");
    }
    let output = output_within(&mut command, INITDB_LIMIT).context("run", &program)?;
    if output.status.success() {
        return Ok(());
    }
    Err(PrivatePostgresError::Initdb {
        cluster: dir.to_owned(),
        message: one_line(&String::from_utf8_lossy(&output.stderr)),
    })
}

/// Writes who may connect, anew at each start, and returns the two files for the command line.
///
/// The kernel tells PostgreSQL which system user is at the other end of the socket (`peer`), so
/// there is no password to keep or to lose. Three may connect: the user that Saoma runs as, the one
/// that PostgreSQL runs as, and root, who could anyway.
pub(super) fn write_access(
    cluster: &Path,
    account: &Account,
) -> Result<(PathBuf, PathBuf), PrivatePostgresError> {
    let hba = cluster.join(ACCESS);
    let ident = cluster.join("saoma_ident.conf");
    replace_file(
        &hba,
        "# Written by Saoma at each start.\nlocal all all peer map=saoma\n",
        account,
    )?;

    let mut names = vec![account.name.clone()];
    for uid in [Uid::effective(), Uid::from_raw(0)] {
        names.extend(User::from_uid(uid).ok().flatten().map(|user| user.name));
    }
    names.sort();
    names.dedup();
    let mut map = String::from("# Written by Saoma at each start.\n");
    for name in names.iter().filter(|name| !name.contains(['"', '\n'])) {
        for role in [DATABASE, SUPERUSER] {
            map.push_str("saoma \"");
            map.push_str(name);
            map.push_str("\" ");
            map.push_str(role);
            map.push('\n');
        }
    }
    replace_file(&ident, &map, account)?;
    Ok((hba, ident))
}

/// Writes a file of `account`'s, mode 0600.
///
/// The old one is removed first and the new one must be new: root writes here into a folder that
/// `account` can change, and must not be led elsewhere by a link.
fn replace_file(path: &Path, text: &str, account: &Account) -> Result<(), PrivatePostgresError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).context("replace", path);
        }
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| account.own(path))
        .context("write", path)
}

/// What a program said, as the middle of a sentence.
pub(super) fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("; ")
}

fn not_ours(cluster: &Path) -> PrivatePostgresError {
    PrivatePostgresError::NotOurs {
        cluster: cluster.to_owned(),
    }
}
