//! Why the private PostgreSQL did not start or stop, each with what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why the private PostgreSQL did not start or stop.
///
/// Every message is meant for the person at the terminal: what happened, then what to do.
#[derive(Debug, thiserror::Error)]
pub enum PrivatePostgresError {
    /// No PostgreSQL server programs of a version that Saoma can use were found.
    #[error(
        "no PostgreSQL {minimum} or newer was found on this machine{found}. {install} \
         Or set DATABASE_URL to a PostgreSQL server that runs elsewhere."
    )]
    NotInstalled {
        /// Oldest major version that Saoma can use.
        minimum: u32,
        /// What was found instead, as the middle of the sentence; empty when nothing was.
        found: String,
        /// A sentence that names the package for this system.
        install: String,
    },

    /// The data was made by a major version whose programs are no longer installed.
    #[error(
        "the data in {cluster} was made by PostgreSQL {major}, whose programs are not on this \
         machine{found}. Install them again ({package}) and start Saoma: all is as before. To move \
         to a newer version, then, with Saoma running: \
         1. pg_dump --format=custom --file=saoma.dump '{url}'; \
         2. stop Saoma and set the folder aside: mv '{cluster}' '{cluster}.{major}'; \
         3. start Saoma, which begins an empty database with the new version; \
         4. pg_restore --clean --if-exists --no-owner --dbname='{url}' saoma.dump; \
         5. start Saoma again."
    )]
    MajorMissing {
        /// The cluster's folder.
        cluster: PathBuf,
        /// The major version in its `PG_VERSION`.
        major: u32,
        /// What is installed instead, as the middle of the sentence; empty when nothing is.
        found: String,
        /// The package that holds that version.
        package: String,
        /// Address of the database while Saoma runs.
        url: String,
    },

    /// Another server holds the lock on the same data.
    #[error(
        "another Saoma{holder} already runs on the data directory {data_dir}. \
         Stop it first, or give this one a data directory of its own (SAOMA_DATA_DIR)."
    )]
    AlreadyRunning {
        /// The data directory that both want.
        data_dir: PathBuf,
        /// ` (process 123)` when the holder is known, else empty.
        holder: String,
    },

    /// Saoma runs as root and there is no user that PostgreSQL could run as.
    #[error(
        "PostgreSQL refuses to run as root, and there is no user `postgres` or `saoma` on this \
         machine to run it as. Make one: useradd --system --no-create-home saoma. \
         Or start Saoma as an ordinary user."
    )]
    NoAccount,

    /// PostgreSQL identifies people by user name, and this one has none.
    #[error(
        "the user id {uid} has no name on this machine, and PostgreSQL cannot run without one. \
         Add a line for it to /etc/passwd, or start Saoma as a user that has a name."
    )]
    NoAccountName {
        /// The nameless user id.
        uid: u32,
    },

    /// The cluster belongs to a user that PostgreSQL cannot run as.
    #[error(
        "the database in {cluster} belongs to {owner}, and PostgreSQL would run as {account}. \
         Hand the folder over: chown -R {account} '{cluster}'{other_way}."
    )]
    NotOwner {
        /// The cluster's folder.
        cluster: PathBuf,
        /// Its owner.
        owner: String,
        /// The user that would have to own it.
        account: String,
        /// The end of the sentence: another way out, or empty.
        other_way: String,
    },

    /// The user that runs PostgreSQL may not enter an existing cluster's folder.
    #[error(
        "the user {account}, who runs PostgreSQL, may not enter {cluster}. Allow others to pass \
         through the folders above it (chmod o+x), or move the data directory."
    )]
    Unreachable {
        /// The cluster's folder.
        cluster: PathBuf,
        /// The user that runs PostgreSQL.
        account: String,
    },

    /// The data directory points to a cluster that is not there.
    #[error(
        "{link} leads to the database in {target}, which is not there. Put that folder back (a \
         data directory that moves to another machine needs both), or, if the data is really gone, \
         remove {link} and Saoma begins with an empty database."
    )]
    Missing {
        /// The symbolic link in the data directory.
        link: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },

    /// The folder for the cluster holds something else.
    #[error(
        "{cluster} holds something that Saoma did not make. Move it away and start again, or choose \
         another data directory (SAOMA_DATA_DIR). To use a PostgreSQL that runs there, set \
         DATABASE_URL."
    )]
    NotOurs {
        /// The folder in question.
        cluster: PathBuf,
    },

    /// No folder for the socket could be made.
    #[error(
        "no private folder with a short path could be made for the database's socket: {reasons}. \
         Set XDG_RUNTIME_DIR to a folder of your own with a path under 60 bytes."
    )]
    NoSocketDir {
        /// What was tried, and why each did not do.
        reasons: String,
    },

    /// `initdb` failed.
    #[error("PostgreSQL could not make its data folder {cluster}: {message}")]
    Initdb {
        /// The folder it was to make.
        cluster: PathBuf,
        /// What `initdb` said.
        message: String,
    },

    /// The server ended instead of starting.
    #[error("PostgreSQL did not start: {message} (its log: {log})")]
    Start {
        /// The last it said.
        message: String,
        /// Folder of its log.
        log: PathBuf,
    },

    /// The server did not become ready in time.
    #[error("PostgreSQL was not ready within {} seconds (its log: {log})", limit.as_secs())]
    StartLimit {
        /// The limit.
        limit: Duration,
        /// Folder of its log.
        log: PathBuf,
    },

    /// The server would not end.
    #[error("PostgreSQL (process {pid}) did not stop, not even when killed. End it by hand.")]
    Stop {
        /// Its process id.
        pid: i32,
    },

    /// The role or the database could not be made, or looked for.
    #[error("the private PostgreSQL could not be prepared")]
    Prepare(#[from] sqlx::Error),

    /// A file, folder or program could not be used.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },

    /// The thread that looks after PostgreSQL is gone, which only a fault in Saoma can cause.
    #[error("the thread that looks after the private PostgreSQL ended unexpectedly")]
    KeeperGone,
}

/// Gives an I/O error the two words that make it useful: what was tried, and on what.
pub(super) trait IoContext<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T, PrivatePostgresError>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T, PrivatePostgresError> {
        self.map_err(|source| PrivatePostgresError::Io {
            action,
            path: path.to_owned(),
            source,
        })
    }
}
