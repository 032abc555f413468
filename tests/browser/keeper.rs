//! Programs that end with the test that started them, even one that is killed.

use std::{
    os::unix::process::CommandExt as _,
    process::{Child, ChildStdout, Command, Stdio},
};

/// Runs a program in a process group of its own until the end of standard input, which comes
/// when this process lets go of it in whatever way, and then ends the whole group.
const SCRIPT: &str = r#""$@" & cat >/dev/null; kill -KILL 0"#;

/// A running program and all that it started.
#[derive(Debug)]
pub struct Keeper(Child);

impl Keeper {
    pub fn start(program: &str, arguments: &[&str]) -> Self {
        let started = Command::new("sh")
            .args(["-c", SCRIPT, "keeper", program])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        Self(started.unwrap())
    }

    /// What the program prints; can be taken once.
    pub fn output(&mut self) -> ChildStdout {
        self.0.stdout.take().expect("the output is taken once")
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
