//! Finds the PostgreSQL server programs that are installed on this machine.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::command::output_within;
use super::error::PrivatePostgresError;
use super::packages;

/// The oldest major version that Saoma works with.
pub(super) const MINIMUM_MAJOR: u32 = 15;

const VERSION_LIMIT: Duration = Duration::from_secs(5);

/// The folder that holds `postgres` and `initdb` of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binaries {
    pub(super) dir: PathBuf,
    pub(super) major: u32,
}

impl Binaries {
    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.dir.join(program)
    }
}

/// All versions installed, in no order.
pub(super) fn installed() -> Vec<Binaries> {
    let mut seen = BTreeSet::new();
    candidate_dirs()
        .into_iter()
        // A link in a folder of the PATH leads to the version's own folder.
        .filter_map(|dir| fs::canonicalize(dir.join("postgres")).ok())
        .filter_map(|postgres| postgres.parent().map(Path::to_owned))
        .filter(|dir| dir.join("initdb").is_file() && seen.insert(dir.clone()))
        .filter_map(|dir| {
            let major = ask_major(&dir.join("postgres"))?;
            Some(Binaries { dir, major })
        })
        .collect()
}

/// For a new cluster: the newest version.
pub(super) fn newest(installed: Vec<Binaries>) -> Result<Binaries, PrivatePostgresError> {
    let found = found(&installed);
    installed
        .into_iter()
        .filter(|binaries| binaries.major >= MINIMUM_MAJOR)
        .max_by_key(|binaries| binaries.major)
        .ok_or_else(|| PrivatePostgresError::NotInstalled {
            minimum: MINIMUM_MAJOR,
            found,
            install: packages::install_sentence(),
        })
}

/// For an existing cluster: the version that made it, since no other can read it.
pub(super) fn of_major(
    installed: Vec<Binaries>,
    major: u32,
    cluster: &Path,
    url: String,
) -> Result<Binaries, PrivatePostgresError> {
    let found = found(&installed);
    installed
        .into_iter()
        .find(|binaries| binaries.major == major)
        .ok_or_else(|| PrivatePostgresError::MajorMissing {
            cluster: cluster.to_owned(),
            major,
            found,
            package: packages::package_of(major),
            url,
        })
}

/// ` (there is 14, 16)`, or nothing.
fn found(installed: &[Binaries]) -> String {
    let majors: BTreeSet<u32> = installed.iter().map(|binaries| binaries.major).collect();
    if majors.is_empty() {
        return String::new();
    }
    let majors: Vec<String> = majors.iter().map(u32::to_string).collect();
    format!(" (there is {})", majors.join(", "))
}

/// Where packages put the server programs. Debian's are not on the PATH.
fn candidate_dirs() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    if let Some(dir) = pg_config_bindir() {
        dirs.push(dir);
    }
    if let Some(path) = env::var_os("PATH") {
        // A relative entry would run whatever lies in the current directory, perhaps as root.
        dirs.extend(env::split_paths(&path).filter(|dir| dir.is_absolute()));
    }
    // Debian and Ubuntu; PGDG's packages for Fedora and Red Hat; Alpine; Homebrew's three homes;
    // Postgres.app; FreeBSD.
    for (parent, prefix, below) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/usr/libexec", "postgresql", ""),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ] {
        dirs.extend(children(Path::new(parent), prefix).map(|dir| dir.join(below)));
    }
    dirs.push(PathBuf::from("/usr/local/bin"));
    dirs
}

fn children(parent: &Path, prefix: &'static str) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter(move |entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path())
}

fn pg_config_bindir() -> Option<PathBuf> {
    let output = output_within(Command::new("pg_config").arg("--bindir"), VERSION_LIMIT).ok()?;
    let dir = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    dir.is_absolute().then_some(dir)
}

fn ask_major(postgres: &Path) -> Option<u32> {
    let output = output_within(Command::new(postgres).arg("--version"), VERSION_LIMIT).ok()?;
    parse_major(&String::from_utf8_lossy(&output.stdout))
}

/// Reads the major version from `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
///
/// Versions before 10 have two-part majors; they parse as 9, too old in any case.
fn parse_major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = number.find(|c: char| !c.is_ascii_digit());
    number[..digits.unwrap_or(number.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binaries(majors: &[u32]) -> Vec<Binaries> {
        let dir = PathBuf::from("/bin");
        majors
            .iter()
            .map(|&major| Binaries {
                dir: dir.clone(),
                major,
            })
            .collect()
    }

    #[test]
    fn the_major_version_is_read_from_every_form_in_use() {
        for (text, major) in [
            (
                "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n",
                Some(15),
            ),
            ("postgres (PostgreSQL) 18beta2\n", Some(18)),
            ("postgres (PostgreSQL) 17devel", Some(17)),
            ("postgres (PostgreSQL) 9.6.24", Some(9)),
            ("something else 16", None),
        ] {
            assert_eq!(parse_major(text), major, "{text}");
        }
    }

    #[test]
    fn a_new_cluster_gets_the_newest_version() {
        assert_eq!(newest(binaries(&[15, 17, 16])).unwrap().major, 17);
    }

    #[test]
    fn a_version_that_is_too_old_counts_as_none_and_is_named() {
        let error = newest(binaries(&[14])).unwrap_err().to_string();
        assert!(error.contains("no PostgreSQL 15 or newer"), "{error}");
        assert!(error.contains("(there is 14)"), "{error}");
        assert!(error.contains("DATABASE_URL"), "{error}");
    }

    #[test]
    fn an_existing_cluster_gets_the_version_that_made_it() {
        let cluster = Path::new("/data/postgres");
        let chosen = of_major(binaries(&[15, 17]), 15, cluster, String::new()).unwrap();
        assert_eq!(chosen.major, 15);
    }
}
