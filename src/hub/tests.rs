//! The hub with a socket whose client does not read.

use std::sync::{Arc, Mutex};

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

#[actix::test]
async fn a_socket_whose_mailbox_is_full_hears_last_of_all_that_it_is_too_slow() {
    let (release, released) = oneshot::channel();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let stuck = Stuck {
        released: Some(released),
        heard: heard.clone(),
    };
    let socket = stuck.start();
    let mut hub = LoginHub {
        table: LoginTable::new(Duration::from_secs(25), Duration::from_secs(300)),
    };
    let id = hub.table.open(socket.clone().recipient(), Instant::now());
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
