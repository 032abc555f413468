//! The hub with a socket whose client does not read, and on its way down.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use actix::{ActorFutureExt, WrapFuture};
use tokio::sync::oneshot;

use super::*;
use crate::login::ids::AttemptId;

/// Takes nothing before it is released, as an actor does whose client does not read.
struct Stuck {
    released: Option<oneshot::Receiver<()>>,
    heard: Arc<Mutex<Vec<SocketEvent>>>,
}

impl Actor for Stuck {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let released = self.released.take().unwrap();
        context.wait(released.into_actor(self).map(|_, _, _| ()));
    }
}

impl Handler<SocketEvent> for Stuck {
    type Result = ();

    fn handle(&mut self, event: SocketEvent, _: &mut Self::Context) {
        self.heard.lock().unwrap().push(event);
    }
}

fn table() -> LoginTable<Recipient<SocketEvent>> {
    let seconds = Duration::from_secs;
    LoginTable::new(Times {
        idle_after_end: seconds(300),
        token: seconds(5),
        absent_after: seconds(6),
    })
}

#[actix::test]
async fn k6_a_socket_whose_mailbox_is_full_hears_last_of_all_that_it_is_too_slow() {
    let (release, released) = oneshot::channel();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let stuck = Stuck {
        released: Some(released),
        heard: heard.clone(),
    };
    let socket = stuck.start();
    let mut hub = LoginHub {
        table: table(),
        whispers: mpsc::channel(1).0,
        leaving: None,
    };
    let id = SocketId::next();
    hub.table
        .open(id, socket.clone().recipient(), Instant::now());
    let attempt = AttemptId::random();
    let news = || {
        SocketEvent::Changed(ServerMessage::Redeemed {
            attempt,
            version: 2,
        })
    };

    let taken = (0..100).filter(|_| hub.tell(id, news())).count();
    assert!(taken < 50, "{taken} were taken");
    release.send(()).unwrap();
    // Answered when all that waited before it has been handled.
    socket.send(SocketEvent::PingDue).await.unwrap();

    let heard = heard.lock().unwrap();
    assert_eq!(heard.len(), taken + 2);
    assert!(matches!(heard[taken], SocketEvent::TooSlow));
}

#[actix::test]
async fn a_hub_on_its_way_down_tells_each_socket_once() {
    let mut hub = LoginHub {
        table: table(),
        whispers: mpsc::channel(1).0,
        leaving: None,
    };
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sockets: Vec<_> = (0..5)
        .map(|_| {
            let heard = heard.clone();
            let (release, released) = oneshot::channel();
            release.send(()).unwrap();
            let released = Some(released);
            Stuck { released, heard }.start()
        })
        .collect();
    for socket in &sockets {
        let (id, reach) = (SocketId::next(), socket.clone().recipient());
        hub.table.open(id, reach, Instant::now());
    }
    let hub = hub.start();
    let mut left = Vec::new();
    for batch in [0, 2, 2, 2, 2] {
        left.push(hub.send(CloseSome(batch)).await.unwrap());
    }
    assert_eq!(left, [5, 3, 1, 0, 0]);
    for socket in &sockets {
        socket.send(SocketEvent::PingDue).await.unwrap();
    }
    let heard = heard.lock().unwrap();
    let told = |event: &&SocketEvent| matches!(event, SocketEvent::Closing);
    assert_eq!(heard.iter().filter(told).count(), 5);
}
