//! The look that heals: every message may be lost, the rows are not.
//!
//! Every two seconds this instance compares all that waits here with the
//! database and tells its hub what it missed: expiries, news that got lost,
//! rows lost in a crash of the database, sessions and phone sessions that
//! ended, pairs that began.
//!
//! Many attempts are asked about in small queries one after the other, spread
//! over the time between two looks: a push never waits behind ten thousand
//! rows that have not changed. While there are none, the queries are larger.

use std::{sync::Arc, time::Duration};

use actix::Addr;
use tokio::{
    sync::Notify,
    time::{MissedTickBehavior, interval, timeout},
};

use super::{message, reason::Reason};
use crate::{
    hub::{
        LoginHub, ask,
        messages::{
            Alive, AttemptChanged, ListAttempts, ListSessions, PhonesSeen, SessionsEnded,
            SessionsHere,
        },
    },
    session::protocol::ServerMessage,
    settings::Settings,
    store::{Known, Store, StoreError},
};

/// Attempts of one query: a push may wait for it.
const SOME: usize = 256;
/// Attempts of one query while nothing is pushed: each wakes the server some five times.
const MANY: usize = 4096;

/// Looks again on behalf of one instance.
#[derive(Debug, Clone)]
pub struct Recheck {
    /// The owner's choices.
    pub settings: Arc<Settings>,
    /// The rows.
    pub store: Store,
    /// Who waits here.
    pub hub: Addr<LoginHub>,
    /// Told when something may have been missed: the next look is now.
    pub look_again: Arc<Notify>,
}

impl Recheck {
    /// Looks again and again until the hub ends.
    pub async fn run(self) {
        // The hub runs as soon as a worker does.
        let _ = self.hub.send(Alive).await;
        let mut tick = interval(self.settings.timers.recheck);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut healthy = true;
        while self.hub.connected() {
            let over = tokio::select! {
                // Most of it: the next look is to begin when this one is done.
                _ = tick.tick() => self.settings.timers.recheck * 3 / 4,
                () = self.look_again.notified() => Duration::ZERO,
            };
            // What fails is not asked for at once again.
            let many = if healthy { MANY } else { SOME };
            match self.look(over, many).await {
                Ok(()) if !healthy => {
                    healthy = true;
                    tracing::info!("the database answers again");
                }
                Ok(()) => {}
                Err(error) if healthy => {
                    healthy = false;
                    tracing::warn!(%error, "the database does not answer; open sockets wait");
                }
                Err(_) => {}
            }
        }
    }

    /// One look, as fast as it goes.
    pub async fn once(&self) -> Result<(), StoreError> {
        self.look(Duration::ZERO, MANY).await
    }

    /// One look, spread over this time, at so many attempts at once while it is quiet.
    async fn look(&self, over: Duration, many: usize) -> Result<(), StoreError> {
        self.look_at_sessions().await?;
        let (some, mut over, mut after) = (SOME, over, None);
        while let Ok(listed) = ask(&self.hub, ListAttempts { after, some, many }).await {
            if !listed.attempts.is_empty() {
                self.look_at(&listed.attempts).await?;
            }
            after = listed.more;
            if after.is_none() {
                break;
            }
            let pause = over.mul_f64(listed.part);
            if !pause.is_zero() && timeout(pause, self.look_again.notified()).await.is_ok() {
                // Something was missed just now: this look ends at once, the next begins.
                self.look_again.notify_one();
                over = Duration::ZERO;
            }
        }
        Ok(())
    }

    async fn look_at_sessions(&self) -> Result<(), StoreError> {
        let Ok(SessionsHere { sessions, phones }) = ask(&self.hub, ListSessions).await else {
            return Ok(());
        };
        if !sessions.is_empty() {
            let ended = self.store.ended_sessions(&sessions).await?;
            if !ended.is_empty() && self.hub.try_send(SessionsEnded(ended)).is_err() {
                tracing::warn!("the hub could not be told; it is told at the next look");
            }
        }
        if !phones.is_empty() {
            let seen = self.store.look_at_phones(&phones).await?;
            let asked = phones;
            if self.hub.try_send(PhonesSeen { asked, seen }).is_err() {
                tracing::warn!("the hub could not be told; it is told at the next look");
            }
        }
        Ok(())
    }

    async fn look_at(&self, attempts: &[Known]) -> Result<(), StoreError> {
        let seen = self.store.look_again(attempts).await?;
        for attempt in &seen.changed {
            let message = message(&self.settings, attempt);
            self.tell(AttemptChanged::of(attempt, message));
        }
        for known in attempts
            .iter()
            .filter(|known| seen.lost.contains(&known.id))
        {
            let (attempt, version) = (known.id, known.version + 1);
            let reason = Reason::AttemptLost.as_str();
            let message = ServerMessage::Failed {
                attempt,
                version,
                reason,
            };
            self.tell(AttemptChanged {
                attempt,
                version,
                message,
                claimer: None,
            });
        }
        Ok(())
    }

    fn tell(&self, news: AttemptChanged) {
        if self.hub.try_send(news).is_err() {
            tracing::warn!("the hub could not be told; it is told at the next look");
        }
    }
}
