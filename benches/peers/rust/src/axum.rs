//! A login server on axum with tokio-tungstenite.

mod login;
mod requests;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::{HeaderMap, header},
    response::Response,
    routing::get,
    serve::ListenerExt,
};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};
use uuid::Uuid;

use login::{Login, port, secret};
use requests::{Push, Server, listen, routes, text};

/// Who waits, by attempt.
#[derive(Default)]
struct Waiting(Mutex<HashMap<Uuid, mpsc::Sender<String>>>);

impl Push for Waiting {
    async fn push(&self, attempt: Uuid, message: String) {
        let waiting = self.0.lock().unwrap().get(&attempt).cloned();
        if let Some(waiting) = waiting {
            let _ = waiting.send(message).await;
        }
    }
}

#[tokio::main]
async fn main() {
    let port = port();
    let server = Arc::new(Server {
        login: Login::new(port),
        push: Waiting::default(),
    });
    let routes = routes().route("/ws/login", get(upgrade)).with_state(server);
    // Off by default in axum; its documentation has this line.
    let listener = listen(port).tap_io(|stream| stream.set_nodelay(true).unwrap());
    axum::serve(listener, routes).await.unwrap();
}

async fn upgrade(
    State(server): State<Arc<Server<Waiting>>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let secret = secret(text(&headers, header::COOKIE)).to_owned();
    upgrade
        // 128 KiB by default, taken at once for each socket.
        .read_buffer_size(1024)
        .max_message_size(8192)
        .on_upgrade(async move |socket| page(&server, socket, &secret).await)
}

async fn page(server: &Server<Waiting>, mut socket: WebSocket, secret: &str) {
    let Ok((attempt, ticket)) = server.login.open(secret).await else {
        return;
    };
    let (sender, mut messages) = mpsc::channel(4);
    server.push.0.lock().unwrap().insert(attempt, sender);
    if socket.send(Message::text(ticket)).await.is_ok() {
        wait(&mut socket, &mut messages).await;
    }
    server.push.0.lock().unwrap().remove(&attempt);
}

/// Until either side has enough.
async fn wait(socket: &mut WebSocket, messages: &mut mpsc::Receiver<String>) {
    let mut pings = interval(Duration::from_secs(25));
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings.reset();
    loop {
        let sent = tokio::select! {
            Some(message) = messages.recv() => socket.send(Message::text(message)).await,
            _ = pings.tick() => socket.send(Message::Ping(Default::default())).await,
            frame = socket.recv() => match frame {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => Ok(()),
            },
        };
        if sent.is_err() {
            return;
        }
    }
}
