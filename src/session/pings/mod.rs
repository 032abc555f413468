//! When each socket of a thread is pinged.
//!
//! A thread pings its own sockets: from elsewhere a ping would cost a look at memory that no
//! cache holds any more, and with few at a time two threads would wake for hardly more than one.

mod wheel;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use actix::WeakRecipient;
use tokio::{task::yield_now, time::sleep};

use crate::hub::messages::SocketEvent;
pub use wheel::Place;
use wheel::Wheel;

/// Sockets that are pinged before others of the thread get their turn.
const CHUNK: usize = 128;

/// Pings the sockets of its thread, as long as there are some.
#[derive(Debug)]
pub struct Pings {
    wheel: RefCell<Wheel<WeakRecipient<SocketEvent>>>,
    /// [`Pings::go_round`] runs.
    runs: Cell<bool>,
}

impl Pings {
    /// Of no sockets yet, each of which is pinged once in this time.
    pub fn new(interval: Duration) -> Self {
        Self {
            wheel: RefCell::new(Wheel::new(interval)),
            runs: Cell::new(false),
        }
    }

    /// Pings this socket from now on.
    pub fn add(self: &Rc<Self>, socket: WeakRecipient<SocketEvent>) -> Place {
        if !self.runs.replace(true) {
            actix::spawn(self.clone().go_round());
        }
        self.wheel.borrow_mut().add(socket, Instant::now())
    }

    /// Pings it no more.
    pub fn remove(&self, place: Place) {
        self.wheel.borrow_mut().remove(place);
    }

    async fn go_round(self: Rc<Self>) {
        loop {
            let pause = self.wheel.borrow().pause();
            let Some(pause) = pause else {
                self.runs.set(false);
                return;
            };
            sleep(pause).await;
            while self.ping_some() == CHUNK {
                yield_now().await;
            }
        }
    }

    /// Pings those whose turn has come, not too many; says how many.
    fn ping_some(&self) -> usize {
        let (mut wheel, now) = (self.wheel.borrow_mut(), Instant::now());
        let due = std::iter::from_fn(|| wheel.next(now).map(WeakRecipient::upgrade));
        due.take(CHUNK)
            .map(|socket| {
                if let Some(socket) = socket {
                    // One that takes nothing is closed by the kernel, or for what the hub has for it.
                    socket.do_send(SocketEvent::PingDue);
                }
            })
            .count()
    }
}

#[cfg(test)]
mod tests;
