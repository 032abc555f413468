//! How far it is: a bar in a terminal, lines elsewhere. And how it is stopped.

use std::{
    fmt,
    io::{IsTerminal, stdout},
    process,
    time::{Duration, Instant},
};

use indicatif::{
    HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle,
};
use tokio::signal::unix::{SignalKind, signal};

use crate::codes::{Stopping, Told};

/// `wide_bar` is as wide as the terminal leaves it, down to nothing.
const BAR: &str = "{human_pos}/{human_len} {wide_bar} {left}";
/// Lines from the beginning to the end; more where it takes long.
const LINES: u64 = 10;
const AT_LEAST_EVERY: Duration = Duration::from_secs(30);

/// Shows how far some work is.
pub(super) struct Progress {
    /// None where nobody sees a bar.
    bar: Option<ProgressBar>,
    whole: u64,
    what: &'static str,
    told: Option<(u64, Instant)>,
    said: String,
}

impl Progress {
    /// Of so many of these.
    pub(super) fn new(whole: u64, what: &'static str) -> Self {
        let bar = stdout().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(whole), ProgressDrawTarget::stdout());
            // The template is a constant of ours: a wrong one only looks plain.
            let style = ProgressStyle::with_template(BAR);
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.set_style(style.with_key("left", time_left));
            bar
        });
        Self {
            bar,
            whole,
            what,
            told: None,
            said: String::new(),
        }
    }

    /// So many are done.
    pub(super) fn is_at(&mut self, done: u64) {
        let now = Instant::now();
        if let Some(bar) = &self.bar {
            // What was there before says nothing about the time that is left.
            if self.told.replace((done, now)).is_none() {
                bar.update(|state| state.set_pos(done));
                bar.reset_eta();
            }
            bar.set_length(self.whole.max(done));
            bar.set_position(done);
            return;
        }
        let tenth = |done: u64| done * LINES / self.whole.max(1);
        let due = self.told.is_none_or(|(told, at)| {
            tenth(done) > tenth(told) || (done > told && now - at >= AT_LEAST_EVERY)
        });
        if due {
            let whole = HumanCount(self.whole);
            println!("{} of {whole} {}", HumanCount(done), self.what);
            self.told = Some((done, now));
        }
    }

    /// A sentence beside it; the same one again says nothing new.
    pub(super) fn says(&mut self, line: String) {
        if self.said == line {
            return;
        }
        match &self.bar {
            Some(bar) => bar.suspend(|| println!("{line}")),
            None => println!("{line}"),
        }
        self.said = line;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Nothing before the first steps have shown how quick it is.
fn time_left(state: &ProgressState, out: &mut dyn fmt::Write) {
    let left = state.eta();
    if !left.is_zero() {
        // Where this fails nothing is shown.
        let _ = write!(out, "{:#}", HumanDuration(left));
    }
}

/// Shows how far the making of so many codes is.
pub(super) async fn shown(
    size: i64,
    work: impl AsyncFnOnce(&mut dyn FnMut(Told<'_>)) -> anyhow::Result<i64>,
) -> anyhow::Result<i64> {
    let mut progress = Progress::new(size.unsigned_abs(), "codes");
    work(&mut |told: Told<'_>| match told {
        Told::Have(have) => progress.is_at(have.unsigned_abs()),
        Told::Waits(Some(holder)) => progress.says(format!(
            "Instance {holder} fills the stock now; this waits for it."
        )),
        Told::Waits(None) => {
            progress.says("Another instance fills the stock now; this waits for it.".to_owned());
        }
        Told::Pause(error, pause) => progress.says(format!(
            "WeChat made no code: {error}. {} Asked again in {} s.",
            error.advice_en(),
            pause.as_secs().max(1),
        )),
    })
    .await
}

/// Ctrl-C lets what is under way come to its end; a second one does not wait for it.
pub(super) fn stop_at_signal() -> anyhow::Result<Stopping> {
    let stopping = Stopping::default();
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let told = stopping.clone();
    actix::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if told.is_stopped() {
                // `saoma codes verify` finds the images that are left without a row.
                process::exit(130);
            }
            told.stop();
            eprintln!("\nStopping, once what WeChat draws now is kept; again to give that up.");
        }
    });
    Ok(stopping)
}
