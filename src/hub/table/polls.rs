//! The long polls of one attempt.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use crate::hub::messages::{Poller, TooManyPolls, Wake};

/// Polls of one side of one attempt that may come within [`WINDOW`].
const MOST: usize = 2;
pub(super) const WINDOW: Duration = Duration::from_secs(2);

/// The browser's and the phone's.
#[derive(Debug, Default)]
pub(super) struct BothPolls {
    browser: Polls,
    phone: Polls,
}

/// Those of one side, of which the newest waits.
#[derive(Debug, Default)]
pub(super) struct Polls {
    waiting: Option<oneshot::Sender<Wake>>,
    recent: VecDeque<Instant>,
}

impl BothPolls {
    pub(super) fn of(&mut self, poller: Poller) -> &mut Polls {
        match poller {
            Poller::Browser => &mut self.browser,
            Poller::Phone => &mut self.phone,
        }
    }

    pub(super) fn wake(&mut self, wake: Wake) {
        self.browser.wake(wake);
        self.phone.wake(wake);
    }

    /// Whether one waits.
    pub(super) fn wait(&self) -> bool {
        self.browser.waiting.is_some() || self.phone.waiting.is_some()
    }

    /// Whether one waits for an answer that can still reach somebody, or did a moment ago.
    pub(super) fn are_alive(&self, now: Instant) -> bool {
        self.browser.is_alive(now) || self.phone.is_alive(now)
    }

    pub(super) fn browser_polls(&self, now: Instant) -> bool {
        self.browser.is_alive(now)
    }
}

impl Polls {
    /// A new one, which ends the one before it. One that comes `again` for the same
    /// request does not count as another.
    pub(super) fn wait(
        &mut self,
        again: bool,
        now: Instant,
    ) -> Result<oneshot::Receiver<Wake>, TooManyPolls> {
        let is_old = |then: &Instant| *then + WINDOW <= now;
        while self.recent.front().is_some_and(is_old) {
            self.recent.pop_front();
        }
        if !again {
            if self.recent.len() >= MOST {
                return Err(TooManyPolls);
            }
            self.recent.push_back(now);
        }
        self.wake(Wake::Replaced);
        let (sender, receiver) = oneshot::channel();
        self.waiting = Some(sender);
        Ok(receiver)
    }

    fn wake(&mut self, wake: Wake) {
        if let Some(waiting) = self.waiting.take() {
            // A poll that has gone away needs no waking.
            let _ = waiting.send(wake);
        }
    }

    fn is_alive(&self, now: Instant) -> bool {
        let waiting = self.waiting.as_ref();
        let recent = self.recent.back();
        waiting.is_some_and(|waiting| !waiting.is_closed())
            || recent.is_some_and(|then| *then + WINDOW > now)
    }
}
