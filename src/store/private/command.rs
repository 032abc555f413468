//! Short-lived programs, run with a time limit.

use std::io::{self, Read};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(5);

/// Runs `command` to its end and returns what it printed.
///
/// For programs that print less than a pipe holds (64 KiB): what they print is read after they
/// ended, so that no reader can wait for longer than `limit`. A program that is still running then
/// is killed, and the error is of kind `TimedOut`.
pub(super) fn output_within(command: &mut Command, limit: Duration) -> io::Result<Output> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let deadline = Instant::now() + limit;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("still running after {} seconds", limit.as_secs()),
            ));
        }
        thread::sleep(POLL);
    };
    Ok(Output {
        status,
        stdout: drain(child.stdout)?,
        stderr: drain(child.stderr)?,
    })
}

fn drain(pipe: Option<impl Read>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_hangs_is_killed_at_its_limit() {
        let error = output_within(Command::new("sleep").arg("60"), Duration::from_millis(20))
            .expect_err("sleep outlived its limit");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn what_a_program_prints_is_returned() {
        let output = output_within(Command::new("echo").arg("hello"), Duration::from_secs(5))
            .expect("echo runs");
        assert_eq!(output.stdout, b"hello\n");
    }
}
