//! The thread that looks after the private PostgreSQL for as long as it runs.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::Options;
use super::error::{IoContext, PrivatePostgresError};
use super::postmaster::Postmaster;

/// How often the thread looks whether the server still runs. A look takes microseconds.
const LOOK: Duration = Duration::from_secs(1);

const PRUNE: Duration = Duration::from_mins(1);

/// The longest pause before a server that keeps ending is started once more.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

type Outcome = Result<(), PrivatePostgresError>;

/// A handle on the thread. Dropping it stops the server too, without anyone waiting for it.
///
/// It is one thread from first to last, since the kernel ties the server's life to the thread that
/// started it, not to the process (see `Account::command`).
#[derive(Debug)]
pub(super) struct Keeper {
    stop: SyncSender<oneshot::Sender<Outcome>>,
}

/// What there is to know of a server that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) socket_dir: PathBuf,
    pub(super) cluster: PathBuf,
    pub(super) major: u32,
}

impl Keeper {
    /// Starts the thread and, on it, the server. A caller that stops waiting stops both.
    pub(super) async fn start(
        data_dir: PathBuf,
        options: Options,
    ) -> Result<(Self, Running), PrivatePostgresError> {
        let (stop, stopped) = sync_channel(1);
        let (started, ready) = oneshot::channel();
        thread::Builder::new()
            .name("private-postgres".to_owned())
            .spawn(move || keep(&data_dir, &options, started, &stopped))
            .context("start the thread for", Path::new("postgres"))?;
        let running = ready
            .await
            .map_err(|_| PrivatePostgresError::KeeperGone)??;
        Ok((Self { stop }, running))
    }

    /// Stops the server and waits until it is gone, half a minute at the most.
    pub(super) async fn stop(self) -> Outcome {
        let (reply, outcome) = oneshot::channel();
        self.stop
            .try_send(reply)
            .map_err(|_| PrivatePostgresError::KeeperGone)?;
        outcome
            .await
            .map_err(|_| PrivatePostgresError::KeeperGone)?
    }
}

fn keep(
    data_dir: &Path,
    options: &Options,
    started: oneshot::Sender<Result<Running, PrivatePostgresError>>,
    stop: &Receiver<oneshot::Sender<Outcome>>,
) {
    let mut postmaster = match Postmaster::start(data_dir, options) {
        Ok(postmaster) => postmaster,
        Err(error) => {
            // Nobody waits for the answer any more: then nobody wants to know.
            let _ = started.send(Err(error));
            return;
        }
    };
    let running = Running {
        socket_dir: postmaster.socket.path().to_owned(),
        cluster: postmaster.place.cluster.clone(),
        major: postmaster.major(),
    };
    let reply = match started.send(Ok(running)) {
        Ok(()) => look_after(&mut postmaster, stop),
        Err(_) => None,
    };
    let outcome = postmaster.stop();
    // The socket's folder and the lock go before the caller hears of it.
    drop(postmaster);
    match (reply, outcome) {
        (Some(reply), outcome) => {
            let _ = reply.send(outcome);
        }
        (None, Err(error)) => tracing::error!("{error}"),
        (None, Ok(())) => {}
    }
}

/// Restarts the server when it ends by itself, until told to stop or the handle is dropped.
fn look_after(
    postmaster: &mut Postmaster,
    stop: &Receiver<oneshot::Sender<Outcome>>,
) -> Option<oneshot::Sender<Outcome>> {
    let mut pruned = Instant::now();
    let mut pause = LOOK;
    loop {
        match stop.recv_timeout(LOOK) {
            Ok(reply) => return Some(reply),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(status) = postmaster.ended() {
            let words = postmaster.logs.last_words();
            tracing::error!("PostgreSQL ended by itself ({status}), starting it again: {words}");
            match stop.recv_timeout(pause) {
                Ok(reply) => return Some(reply),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            if let Err(error) = postmaster.restart() {
                tracing::error!("{error}");
            }
        }
        if pruned.elapsed() > PRUNE {
            pruned = Instant::now();
            pause = LOOK;
            postmaster.logs.prune();
        }
    }
}
