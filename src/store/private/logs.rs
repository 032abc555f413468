//! The server's log files, and their bound.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::account::Account;
use super::cluster::one_line;
use super::error::{IoContext, PrivatePostgresError};

/// The size at which PostgreSQL begins a new file.
pub(super) const ROTATION: &str = "4MB";

/// How PostgreSQL names its files: by the time, so that names order as time does.
pub(super) const FILE_NAME: &str = "server-%Y-%m-%d-%H%M%S.log";

/// How many files are kept: at most 16 MB in all, and what a minute adds before the next look.
const KEPT: usize = 4;

const STARTUP: &str = "startup.log";

/// How much of a log an error message quotes.
const QUOTE: u64 = 2_000;

/// The folder of the log files: `postgres-log` beside the cluster.
#[derive(Debug)]
pub(super) struct Logs {
    pub(super) dir: PathBuf,
    /// The newest file and its length when the server was started last.
    mark: Option<(PathBuf, u64)>,
}

impl Logs {
    pub(super) fn prepare(home: &Path, account: &Account) -> Result<Self, PrivatePostgresError> {
        let dir = home.join("postgres-log");
        match fs::DirBuilder::new().mode(0o700).create(&dir) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(error).context("make the folder", &dir);
            }
            _ => {}
        }
        account.own(&dir).context("change the owner of", &dir)?;
        Ok(Self { dir, mark: None })
    }

    /// A new file for what the server says before its own log begins. Marks the time of a start.
    pub(super) fn startup_file(&mut self) -> Result<File, PrivatePostgresError> {
        self.mark = self.files().pop().and_then(|newest| {
            let length = newest.metadata().ok()?.len();
            Some((newest, length))
        });
        let path = self.dir.join(STARTUP);
        let _ = fs::remove_file(&path);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .context("make the file", &path)
    }

    /// What the server complained of since it was started last, for an error message.
    pub(super) fn last_words(&self) -> String {
        let mut lines: Vec<String> = tail(&self.dir.join(STARTUP), 0)
            .lines()
            .filter(|line| !line.contains("redirecting log output"))
            .map(without_prefix)
            .collect();
        if let Some(newest) = self.files().pop() {
            let since = match &self.mark {
                Some((marked, length)) if *marked == newest => *length,
                _ => 0,
            };
            lines.extend(
                tail(&newest, since)
                    .lines()
                    .filter(|line| is_complaint(line))
                    .map(without_prefix),
            );
        }
        one_line(&lines.join("\n"))
    }

    /// Removes all but the newest files.
    pub(super) fn prune(&self) {
        let mut files = self.files();
        files.truncate(files.len().saturating_sub(KEPT));
        for file in files {
            let _ = fs::remove_file(file);
        }
    }

    /// The server's files, the oldest first.
    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = fs::read_dir(&self.dir)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| {
                let name = entry.file_name();
                name.to_str()
                    .is_some_and(|name| name.starts_with("server-"))
            })
            .map(|entry| entry.path())
            .collect();
        files.sort();
        files
    }
}

fn is_complaint(line: &str) -> bool {
    ["FATAL:", "ERROR:", "PANIC:"]
        .iter()
        .any(|level| line.contains(level))
}

/// A line of the log without its time and process.
fn without_prefix(line: &str) -> String {
    line.split_once("] ")
        .map_or(line, |(_, message)| message)
        .to_owned()
}

/// The end of a file, but nothing before `since`.
fn tail(path: &Path, since: u64) -> String {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(QUOTE).max(since)))?;
        let mut bytes = Vec::new();
        file.take(QUOTE).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_or_else(
        |_| String::new(),
        |bytes| String::from_utf8_lossy(&bytes).into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn only_the_newest_log_files_are_kept() {
        let dir = std::env::temp_dir().join(format!("saoma-logs-{}", std::process::id()));
        fs::create_dir(&dir).unwrap();
        for day in 1..=9 {
            fs::write(dir.join(format!("server-2026-11-0{day}-000000.log")), "x").unwrap();
        }
        let logs = Logs {
            dir: dir.clone(),
            mark: None,
        };

        logs.prune();

        let left = logs.files();
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!(left.len(), KEPT);
        assert!(
            left[0].ends_with("server-2026-11-06-000000.log"),
            "{left:?}"
        );
    }

    #[test]
    fn an_error_quotes_what_the_server_complained_of_since_its_last_start() {
        let dir = std::env::temp_dir().join(format!("saoma-words-{}", std::process::id()));
        fs::create_dir(&dir).unwrap();
        let server = dir.join("server-2026-11-22-000000.log");
        fs::write(
            &server,
            "2026-11-22 00:00:00 UTC [7] FATAL:  an old story\n",
        )
        .unwrap();
        let mut logs = Logs {
            dir: dir.clone(),
            mark: None,
        };

        let mut startup = logs.startup_file().unwrap();
        startup
            .write_all(b"2026-11-22 03:07:53 UTC [8] LOG:  a bad setting\n")
            .unwrap();
        let mut server = OpenOptions::new().append(true).open(&server).unwrap();
        server
            .write_all(b"2026-11-22 03:07:53 UTC [8] LOG:  starting\n")
            .unwrap();
        server
            .write_all(b"2026-11-22 03:07:53 UTC [8] FATAL:  no memory\n")
            .unwrap();

        let words = logs.last_words();
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!(words, "LOG:  a bad setting; FATAL:  no memory");
    }
}
