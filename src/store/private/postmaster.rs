//! One running PostgreSQL server.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::unistd::Pid;

use super::Options;
use super::binaries::{self, Binaries};
use super::cluster;
use super::error::{IoContext, PrivatePostgresError};
use super::leftover::{self, PidFile};
use super::logs::{self, Logs};
use super::place::Place;
use super::socket::SocketDir;

/// After a crash the server first replays its log, of which `max_wal_size` bounds the length.
const START_LIMIT: Duration = Duration::from_mins(2);

/// How long the children of a killed postmaster may take to notice and end.
const ORPHANS_LIMIT: Duration = Duration::from_secs(15);

const LOG_PAUSE: Duration = Duration::from_millis(200);

const POLL: Duration = Duration::from_millis(20);

/// A PostgreSQL server that is a child of the current thread, with all that belongs to it.
#[derive(Debug)]
pub(super) struct Postmaster {
    child: Child,
    arguments: Vec<OsString>,
    binaries: Binaries,
    // Fields are dropped in this order: the lock, in `place`, must go last.
    pub(super) logs: Logs,
    pub(super) socket: SocketDir,
    pub(super) place: Place,
}

impl Postmaster {
    /// Starts the server on the data directory's cluster, which is made if it is not there, and
    /// waits until it accepts connections. Blocks for as long as that takes.
    pub(super) fn start(data_dir: &Path, options: &Options) -> Result<Self, PrivatePostgresError> {
        let place = Place::settle(data_dir)?;
        let cluster = place.cluster.clone();
        let major = cluster::major(&cluster)?;
        leftover::stop(&cluster)?;
        let socket = SocketDir::prepare(&cluster, &place.account)?;
        let installed = binaries::installed();
        let binaries = if let Some(major) = major {
            let url = super::url(socket.path());
            binaries::of_major(installed, major, &cluster, url)?
        } else {
            let binaries = binaries::newest(installed)?;
            tracing::info!(
                "making a database with PostgreSQL {} in {}",
                binaries.major,
                cluster.display()
            );
            cluster::make(&place, &binaries, options)?;
            binaries
        };
        let mut logs = Logs::prepare(&place.home, &place.account)?;
        logs.prune();
        let arguments = arguments(&place, &socket, &logs)?;
        let child = spawn(&binaries, &place, &arguments, &mut logs)?;
        let mut postmaster = Self {
            child,
            arguments,
            binaries,
            logs,
            socket,
            place,
        };
        match postmaster.wait_until_ready() {
            Ok(()) => Ok(postmaster),
            Err(error) => {
                postmaster.stop()?;
                Err(error)
            }
        }
    }

    pub(super) fn major(&self) -> u32 {
        self.binaries.major
    }

    /// How the server ended, if it did.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Starts the server again after it has ended. Does not wait until it is ready.
    pub(super) fn restart(&mut self) -> Result<(), PrivatePostgresError> {
        leftover::stop(&self.place.cluster)?;
        self.socket.clear();
        self.child = spawn(&self.binaries, &self.place, &self.arguments, &mut self.logs)?;
        Ok(())
    }

    /// Stops the server and waits until it is gone, half a minute at the most.
    pub(super) fn stop(&mut self) -> Result<(), PrivatePostgresError> {
        // Until `try_wait` has seen the end of it, the number cannot become another process's.
        let child = &mut self.child;
        leftover::end(pid_of(child), || matches!(child.try_wait(), Ok(Some(_))))
    }

    fn wait_until_ready(&mut self) -> Result<(), PrivatePostgresError> {
        let started = Instant::now();
        let cluster = self.place.cluster.clone();
        while started.elapsed() < START_LIMIT {
            if let Some(status) = self.ended() {
                // The collector of the log ends after the server whose last words it writes.
                thread::sleep(LOG_PAUSE);
                let message = self.logs.last_words();
                // A postmaster was killed and its children have not noticed yet.
                let orphans = message.contains("pre-existing shared memory block");
                if !orphans || started.elapsed() > ORPHANS_LIMIT {
                    let message = if message.is_empty() {
                        status.to_string()
                    } else {
                        message
                    };
                    let log = self.logs.dir.clone();
                    return Err(PrivatePostgresError::Start { message, log });
                }
                self.restart()?;
            }
            let pid = pid_of(&self.child);
            if PidFile::read(&cluster)?.is_some_and(|file| file.pid == pid && file.ready) {
                return Ok(());
            }
            thread::sleep(POLL);
        }
        Err(PrivatePostgresError::StartLimit {
            limit: START_LIMIT,
            log: self.logs.dir.clone(),
        })
    }
}

fn spawn(
    binaries: &Binaries,
    place: &Place,
    arguments: &[OsString],
    logs: &mut Logs,
) -> Result<Child, PrivatePostgresError> {
    let program = binaries.path("postgres");
    place
        .account
        .command(&program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(logs.startup_file()?)
        .spawn()
        .context("run", &program)
}

/// What must hold, whatever stands in postgresql.conf.
fn arguments(
    place: &Place,
    socket: &SocketDir,
    logs: &Logs,
) -> Result<Vec<OsString>, PrivatePostgresError> {
    let (hba, ident) = cluster::write_access(&place.cluster, &place.account)?;
    let mut arguments: Vec<OsString> = vec!["-D".into(), place.cluster.clone().into()];
    let mut set = |name: &str, value: &Path| {
        let mut setting = OsString::from(name);
        setting.push("=");
        setting.push(value);
        arguments.extend(["-c".into(), setting]);
    };
    set("unix_socket_directories", socket.path());
    set("hba_file", &hba);
    set("ident_file", &ident);
    set("log_directory", &logs.dir);
    for (name, value) in [
        ("listen_addresses", ""),
        ("port", "5432"),
        ("unix_socket_permissions", "0700"),
        ("ssl", "off"),
        ("logging_collector", "on"),
        ("log_destination", "stderr"),
        ("log_filename", logs::FILE_NAME),
        ("log_file_mode", "0600"),
        ("log_rotation_age", "0"),
        ("log_rotation_size", logs::ROTATION),
        // Details of errors quote values of rows, which are people's.
        ("log_error_verbosity", "terse"),
        ("log_parameter_max_length", "0"),
        ("log_parameter_max_length_on_error", "0"),
    ] {
        set(name, Path::new(value));
    }
    Ok(arguments)
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}
