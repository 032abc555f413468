//! The user that PostgreSQL runs as.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::unistd::{Gid, Uid, User};

use super::command::output_within;
use super::error::PrivatePostgresError;

/// The user that PostgreSQL runs as: this process's own or, when that is root, another.
///
/// PostgreSQL refuses to run as root. Packages of the server make a user `postgres`; on machines
/// without one, a user `saoma` does. `nobody` would not: whatever else runs as `nobody` could read
/// the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    uid: Uid,
    gid: Gid,
    /// Whether this process is that user already.
    own: bool,
}

const CANDIDATES: [&str; 3] = ["postgres", "_postgres", "saoma"];
const SHORT_LIMIT: Duration = Duration::from_secs(5);

impl Account {
    /// The user for a cluster: its owner if it exists (`owner`), so that a server started first as
    /// an ordinary user and later as root, or on a machine that got a user `postgres` since, finds
    /// its data again.
    pub(super) fn choose(owner: Option<u32>, cluster: &Path) -> Result<Self, PrivatePostgresError> {
        let me = Uid::effective();
        let owner = owner.map(Uid::from_raw);
        if !me.is_root() {
            let account = Self::current()?;
            return match owner {
                Some(owner) if owner != me => Err(not_owner(cluster, owner, account.name)),
                _ => Ok(account),
            };
        }
        match owner {
            Some(owner) if !owner.is_root() => Self::by_uid(owner),
            Some(root) => Err(not_owner(cluster, root, Self::for_root()?.name)),
            None => Self::for_root(),
        }
    }

    /// The user that this process runs as.
    pub(super) fn current() -> Result<Self, PrivatePostgresError> {
        Self::by_uid(Uid::effective())
    }

    fn for_root() -> Result<Self, PrivatePostgresError> {
        CANDIDATES
            .iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .filter(|user| !user.uid.is_root())
            .map(Self::from)
            .ok_or(PrivatePostgresError::NoAccount)
    }

    fn by_uid(uid: Uid) -> Result<Self, PrivatePostgresError> {
        User::from_uid(uid)
            .ok()
            .flatten()
            .map(Self::from)
            .ok_or(PrivatePostgresError::NoAccountName { uid: uid.as_raw() })
    }

    pub(super) fn uid(&self) -> u32 {
        self.uid.as_raw()
    }

    /// Hands `path` to this user. Does nothing when it is this process's own already.
    pub(super) fn own(&self, path: &Path) -> std::io::Result<()> {
        if self.own {
            return Ok(());
        }
        std::os::unix::fs::lchown(path, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
    }

    /// A command that runs `program` as this user, in a process group of its own, so that Ctrl-C in
    /// the terminal reaches Saoma only, which then stops PostgreSQL in good order.
    ///
    /// The environment is emptied: it holds Saoma's secrets, and `PG…` variables that would change
    /// what the programs do. Where `setpriv` is there (util-linux), the kernel sends the program
    /// SIGINT, which is PostgreSQL's fast shutdown, as soon as the thread that started it ends; so
    /// call this only on a thread that lives as long as the program shall.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = match setpriv() {
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "INT", "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        command
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_else(default_path))
            // The cluster keeps its own locale; this one is for messages, and macOS needs it set.
            .env("LC_ALL", "C")
            .current_dir("/")
            .process_group(0);
        if !self.own {
            // The standard library drops root's supplementary groups along with the user id.
            command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
        }
        command
    }

    /// Whether this user can enter `dir`. Asked of the system, since mode bits alone do not tell
    /// (access lists, mount options, security modules).
    pub(super) fn can_enter(&self, dir: &Path) -> bool {
        self.own || {
            let mut command = self.command(Path::new("/bin/sh"));
            command
                .args(["-c", "cd -- \"$1\" && test -w .", "sh"])
                .arg(dir);
            output_within(&mut command, SHORT_LIMIT).is_ok_and(|output| output.status.success())
        }
    }
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self {
            own: user.uid == Uid::effective(),
            name: user.name,
            uid: user.uid,
            gid: user.gid,
        }
    }
}

/// The name of a user for a person: `postgres`, or `user id 1234`.
fn name_of(uid: Uid) -> String {
    User::from_uid(uid)
        .ok()
        .flatten()
        .map_or_else(|| format!("user id {uid}"), |user| user.name)
}

fn not_owner(cluster: &Path, owner: Uid, account: String) -> PrivatePostgresError {
    let other_way = if owner.is_root() {
        String::new()
    } else {
        format!(", or start Saoma as {0} or as root", name_of(owner))
    };
    PrivatePostgresError::NotOwner {
        cluster: cluster.to_owned(),
        owner: name_of(owner),
        account,
        other_way,
    }
}

fn setpriv() -> Option<PathBuf> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    // BusyBox has a setpriv without this option.
    ["/usr/bin/setpriv", "/bin/setpriv"]
        .iter()
        .map(PathBuf::from)
        .find(|path| {
            path.canonicalize()
                .is_ok_and(|real| real.ends_with("setpriv"))
        })
}

fn default_path() -> OsString {
    "/usr/local/bin:/usr/bin:/bin".into()
}
