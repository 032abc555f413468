//! One run of `saoma`, and what it says.

use std::{
    io::{Read, Write as _},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};

use super::canaries;

/// Names and values of its environment; nothing else is in it but `PATH`.
pub type Environment = Vec<(String, String)>;

/// A process; killed when it is dropped. Its words are shown when its test fails.
#[derive(Debug)]
pub struct Program {
    child: Child,
    out: Words,
    err: Words,
}

type Words = Arc<Mutex<String>>;

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Program {
    /// Starts `saoma` in `folder`, in a process group of its own.
    pub fn start(arguments: &[&str], environment: &Environment, folder: &Path) -> Self {
        let mut command = Command::new(binary());
        command.args(arguments);
        Self::spawn(command, environment, folder)
    }

    /// The same where no more files than these may be open.
    pub fn start_with_files(
        most: u32,
        arguments: &[&str],
        environment: &Environment,
        folder: &Path,
    ) -> Self {
        let mut command = Command::new("sh");
        let limited = format!("ulimit -n {most} && exec \"$0\" \"$@\"");
        command.args(["-c", &limited]).arg(binary()).args(arguments);
        Self::spawn(command, environment, folder)
    }

    /// Starts another program than `saoma` in the same way.
    pub fn spawn(mut command: Command, environment: &Environment, folder: &Path) -> Self {
        let mut child = command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Self {
            child,
            out: listen(out),
            err: listen(err),
        }
    }

    /// What it has printed.
    pub fn out(&self) -> String {
        self.out.lock().unwrap().clone()
    }

    /// What it has logged, and said last.
    pub fn err(&self) -> String {
        self.err.lock().unwrap().clone()
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// As a terminal does it: to the process and its children.
    pub fn signal_group(&self, signal: Signal) {
        killpg(self.pid(), signal).unwrap();
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }

    /// Waits for its end, which must come within `limit`.
    #[track_caller]
    pub fn ends_within(&mut self, limit: Duration) -> impl Future<Output = Ended> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            let deadline = Instant::now() + limit;
            let status: ExitStatus = loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    break status;
                }
                assert!(Instant::now() < deadline, "at {caller}: it does not end");
                actix_web::rt::time::sleep(Duration::from_millis(10)).await;
            };
            self.hear_all();
            Ended {
                code: status.code(),
                out: self.out(),
                err: self.err(),
            }
        }
    }

    /// The threads that listen hold the words until the pipes have ended.
    fn hear_all(&self) {
        let deadline = Instant::now() + Duration::from_secs(2);
        while Arc::strong_count(&self.out) + Arc::strong_count(&self.err) > 2
            && Instant::now() < deadline
        {
            thread::yield_now();
        }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
        if let Some(mut log) = canaries::open("log") {
            write!(log, "{}{}", self.out(), self.err()).unwrap();
        }
        if thread::panicking() {
            eprintln!(
                "--- it printed:\n{}\n--- it logged:\n{}",
                self.out(),
                self.err()
            );
        }
    }
}

/// The binary under test: another one when the environment names it, such as
/// the one of a package.
pub fn binary() -> std::ffi::OsString {
    let name = "CARGO_BIN_EXE_saoma";
    std::env::var_os(name).unwrap_or_else(|| env!("CARGO_BIN_EXE_saoma").into())
}

fn listen(mut pipe: impl Read + Send + 'static) -> Words {
    let words = Words::default();
    let written = words.clone();
    thread::spawn(move || {
        let mut bytes = [0; 16 * 1024];
        while let Ok(length @ 1..) = pipe.read(&mut bytes) {
            let text = String::from_utf8_lossy(&bytes[..length]);
            written.lock().unwrap().push_str(&text);
        }
    });
    words
}
