//! The postmaster that a killed server left running.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::error::{IoContext, PrivatePostgresError};

const POLL: Duration = Duration::from_millis(20);

/// PostgreSQL's three ways to end, each with the time it gets before the next is tried: "fast"
/// (clients are disconnected, all is written), "immediate" (the next start recovers), and by force.
const ENDINGS: [(Signal, Duration); 3] = [
    (Signal::SIGINT, Duration::from_secs(20)),
    (Signal::SIGQUIT, Duration::from_secs(5)),
    (Signal::SIGKILL, Duration::from_secs(5)),
];

/// Stops the postmaster that an earlier server left on `cluster`, if there is one.
///
/// It is stopped, not taken over, so that this start's own settings hold and the new postmaster is
/// this process's child. The caller holds the cluster's lock: no living Saoma uses it.
pub(super) fn stop(cluster: &Path) -> Result<(), PrivatePostgresError> {
    let Some(pid) = PidFile::read(cluster)?.map(|file| file.pid) else {
        return Ok(());
    };
    if is_postmaster_of(pid, cluster) {
        tracing::info!(
            "stopping the PostgreSQL (process {pid}) that an earlier start left running"
        );
        return end(pid, || !is_postmaster_of(pid, cluster));
    }
    // PostgreSQL forgives a file whose process is dead, but takes a stranger that got the number
    // since for a postmaster and would refuse to start until that one ends.
    if is_alive(pid) {
        let path = cluster.join("postmaster.pid");
        fs::remove_file(&path).context("remove", &path)?;
    }
    Ok(())
}

/// Ends a postmaster, politely first, until `gone` says that it is.
pub(super) fn end(pid: Pid, mut gone: impl FnMut() -> bool) -> Result<(), PrivatePostgresError> {
    for (signal, limit) in ENDINGS {
        if gone() {
            return Ok(());
        }
        if signal != Signal::SIGINT {
            tracing::warn!("PostgreSQL (process {pid}) did not stop in time, sending it {signal}");
        }
        // A failure to send shows as a process that does not go.
        let _ = kill(pid, signal);
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if gone() {
                return Ok(());
            }
            thread::sleep(POLL);
        }
    }
    Err(PrivatePostgresError::Stop { pid: pid.as_raw() })
}

/// What a running postmaster writes about itself into its cluster.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: Pid,
    /// Where its socket is.
    pub(super) socket_dir: PathBuf,
    /// Accepts connections.
    pub(super) ready: bool,
}

impl PidFile {
    pub(super) fn read(cluster: &Path) -> Result<Option<Self>, PrivatePostgresError> {
        let path = cluster.join("postmaster.pid");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("read", &path),
        }
    }

    /// The file's lines since PostgreSQL 10: process, data folder, start time, port, socket folder,
    /// listen address, shared memory, status (`src/include/utils/pidfile.h`).
    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        // A negative number marks a single-user backend; 0 and 1 would address other processes.
        let pid = lines.first()?.parse().ok().filter(|&pid: &i32| pid > 1)?;
        Some(Self {
            pid: Pid::from_raw(pid),
            socket_dir: lines.get(4).unwrap_or(&"").into(),
            ready: lines.get(7) == Some(&"ready"),
        })
    }
}

fn is_alive(pid: Pid) -> bool {
    kill(pid, None) != Err(Errno::ESRCH)
}

/// Whether `pid` is a PostgreSQL process that works in `cluster`, so that no other process that got
/// the number since is ever sent a signal.
#[cfg(target_os = "linux")]
fn is_postmaster_of(pid: Pid, cluster: &Path) -> bool {
    let process = Path::new("/proc").join(pid.to_string());
    let comm = fs::read_to_string(process.join("comm")).unwrap_or_default();
    // A process that has ended but was not yet waited for has no working directory.
    comm.trim_end() == "postgres"
        && fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == cluster)
}

/// Whether `pid` is a PostgreSQL server that was started on `cluster`, by its command line.
#[cfg(not(target_os = "linux"))]
fn is_postmaster_of(pid: Pid, cluster: &Path) -> bool {
    let mut ps = std::process::Command::new("ps");
    ps.args(["-ww", "-o", "args=", "-p"]).arg(pid.to_string());
    super::command::output_within(&mut ps, Duration::from_secs(5)).is_ok_and(|output| {
        let args = String::from_utf8_lossy(&output.stdout);
        args.contains("postgres") && args.contains(&format!("-D {} ", cluster.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: &str =
        "4711\n/data/postgres\n1763779000\n5432\n/run/saoma-1\n\n  1  0\nready   \n";

    #[test]
    fn a_postmaster_is_ready_when_its_file_says_so() {
        let file = |socket_dir: &str, ready| {
            let (pid, socket_dir) = (Pid::from_raw(4711), socket_dir.into());
            Some(PidFile {
                pid,
                socket_dir,
                ready,
            })
        };
        assert_eq!(PidFile::parse(READY), file("/run/saoma-1", true));
        let starting = READY.replace("ready   ", "starting");
        assert_eq!(PidFile::parse(&starting), file("/run/saoma-1", false));
        assert_eq!(PidFile::parse("4711\n"), file("", false));
    }

    #[test]
    fn a_file_that_names_no_process_of_its_own_is_ignored() {
        for text in ["", "\n", "0\n", "1\n", "-4711\n", "-1\n", "postgres\n"] {
            assert_eq!(PidFile::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_stranger_with_the_postmasters_number_is_left_alone_and_the_file_removed() {
        let cluster = std::env::temp_dir().join(format!("saoma-stranger-{}", std::process::id()));
        fs::create_dir(&cluster).unwrap();
        let mut stranger = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        fs::write(
            cluster.join("postmaster.pid"),
            format!("{}\n", stranger.id()),
        )
        .unwrap();

        stop(&cluster).unwrap();

        let file_is_gone = !cluster.join("postmaster.pid").exists();
        let lives = stranger.try_wait().unwrap().is_none();
        stranger.kill().unwrap();
        stranger.wait().unwrap();
        fs::remove_dir_all(&cluster).unwrap();
        assert!(lives, "the stranger was killed");
        assert!(file_is_gone, "PostgreSQL would refuse to start");
    }
}
