//! What the commands that make codes have in common: what they tell, how often they
//! ask WeChat again, and how they are stopped.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep};

use crate::wechat::WechatError;

/// Failures in a row after which a command gives up.
const FAILURES: u32 = 5;
/// How long an error that may pass at once asks to wait.
const PASSES: Duration = Duration::from_secs(2);
/// How soon a pause hears that it is to end.
const HEARS: Duration = Duration::from_millis(100);

/// What happens while codes are made.
#[derive(Debug)]
pub enum Told<'a> {
    /// So many there are now.
    Have(i64),
    /// Another instance fills the stock; its name, where it is known.
    Waits(Option<&'a str>),
    /// WeChat made no code, and is asked again after this time.
    Pause(&'a WechatError, Duration),
}

/// Tells work from elsewhere to end soon. A clone tells the same.
#[derive(Debug, Clone, Default)]
pub struct Stopping(pub(super) Arc<AtomicBool>);

impl Stopping {
    /// Ends it: what is under way is finished, nothing more is begun.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is to end.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Sleeps so long, or until it is to end.
    pub(super) async fn sleep(&self, pause: Duration) {
        let end = Instant::now() + pause;
        while !self.is_stopped() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            sleep(left.min(HEARS)).await;
        }
    }
}

/// How often WeChat is asked again.
#[derive(Debug)]
pub(super) struct Patience {
    pause: Duration,
    failures: u32,
}

impl Patience {
    /// This long after the first failure, twice as long after each that follows.
    pub(super) fn new(pause: Duration) -> Self {
        Self { pause, failures: 0 }
    }

    /// The pause after one more failure. Gives up, with what the owner can do, after
    /// five in a row, and at once where another call would be refused as well.
    pub(super) fn after(&mut self, error: &WechatError) -> anyhow::Result<Duration> {
        self.failures += 1;
        let Some(wanted) = error.retry_in().filter(|_| self.failures < FAILURES) else {
            let advice = error.advice_en();
            return Err(anyhow::anyhow!(
                "WeChat makes no more codes: {error}. {advice}"
            ));
        };
        let pause = self.pause * 2_u32.pow(self.failures - 1);
        // A limit of WeChat's lasts longer than what may pass at once.
        Ok(if wanted > PASSES { wanted } else { pause })
    }

    /// A call worked: the next failure is the first of its row.
    pub(super) fn worked(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wechat::Endpoint;

    fn unreachable() -> WechatError {
        WechatError::Unreachable {
            endpoint: Endpoint::CodeImage,
            reason: "refused".to_owned(),
        }
    }

    #[test]
    fn pauses_double_until_a_call_works_and_the_fifth_failure_in_a_row_is_the_last() {
        let mut patience = Patience::new(Duration::from_secs(2));
        let mut seconds = || patience.after(&unreachable()).map(|pause| pause.as_secs());
        let pauses: Vec<_> = (0..4).map(|_| seconds().unwrap()).collect();
        assert_eq!(pauses, [2, 4, 8, 16]);
        let said = seconds().unwrap_err().to_string();
        assert!(said.contains("refused"), "{said}");
        patience.worked();
        assert_eq!(patience.after(&unreachable()).unwrap().as_secs(), 2);
    }

    #[actix_web::test]
    async fn a_pause_ends_when_it_is_told_to() {
        let stopping = Stopping::default();
        stopping.clone().stop();
        stopping.sleep(Duration::from_secs(3600)).await;
        assert!(stopping.is_stopped());
    }
}
