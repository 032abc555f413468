//! One open socket, of a browser or a phone.

use std::ops::{Deref, DerefMut};

use actix_codec::Framed;
use actix_http::ws::{Codec, Frame, Message};
use awc::BoxedSocket;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::answer::PATIENCE;

/// The socket, and what came over it.
pub struct Line {
    socket: Option<Framed<BoxedSocket, Codec>>,
    /// Every text frame so far, as it came.
    pub heard: Vec<String>,
}

impl Line {
    /// None yet.
    pub fn closed() -> Self {
        Self {
            socket: None,
            heard: Vec::new(),
        }
    }

    pub fn open(&mut self, socket: Framed<BoxedSocket, Codec>) {
        self.socket = Some(socket);
    }

    /// Closes the socket without a word, as a browser that is shut.
    pub fn drop_socket(&mut self) {
        self.socket = None;
    }

    /// The next message, within the tests' patience.
    pub async fn next(&mut self) -> Value {
        match self.next_frame().await {
            Frame::Text(text) => {
                self.heard.push(String::from_utf8(text.to_vec()).unwrap());
                serde_json::from_slice(&text).unwrap()
            }
            other => panic!("not a message: {other:?}"),
        }
    }

    /// The next message, which must be of this type.
    #[track_caller]
    pub fn expect<'a>(&'a mut self, kind: &'a str) -> impl Future<Output = Value> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let message = self.next().await;
            assert_eq!(message["type"], kind, "at {caller}: {message}");
            message
        }
    }

    /// Nothing was said that has not been read: the answer to a question is the next message.
    #[track_caller]
    pub fn expect_silence(&mut self) -> impl Future<Output = ()> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            self.send(json!({"type": "is anything left"})).await;
            let message = self.next().await;
            assert_eq!(message["code"], "unknown_message", "at {caller}: {message}");
        }
    }

    /// The code of the close that comes next.
    pub async fn expect_close(&mut self) -> u16 {
        match self.next_frame().await {
            Frame::Close(Some(reason)) => u16::from(reason.code),
            other => panic!("not a close: {other:?}"),
        }
    }

    async fn next_frame(&mut self) -> Frame {
        self.frame_or_end().await.expect("the socket has ended")
    }

    /// The next frame that is no ping; none when the socket ends first, in whatever way.
    pub async fn frame_or_end(&mut self) -> Option<Frame> {
        loop {
            let socket = self.socket.as_mut().expect("the socket is open");
            let frame = timeout(PATIENCE, socket.next());
            match frame.await.expect("nothing came in time") {
                // A pong that is lost says nothing that the next frame does not.
                Some(Ok(Frame::Ping(bytes))) => drop(socket.send(Message::Pong(bytes)).await),
                Some(Ok(frame)) => return Some(frame),
                _ => return None,
            }
        }
    }

    pub async fn send(&mut self, message: Value) {
        self.send_frame(Message::Text(message.to_string().into()))
            .await;
    }

    pub async fn send_frame(&mut self, frame: Message) {
        self.socket
            .as_mut()
            .expect("the socket is open")
            .send(frame)
            .await
            .unwrap();
    }
}

/// A phone's socket.
pub struct PhoneSocket {
    line: Line,
    calls: u32,
}

impl PhoneSocket {
    pub fn new(socket: Framed<BoxedSocket, Codec>) -> Self {
        let mut line = Line::closed();
        line.open(socket);
        Self { line, calls: 0 }
    }

    /// Calls, and returns the reply; what else comes before it has to be expected first.
    pub async fn call(&mut self, kind: &str, mut fields: Value) -> Value {
        self.calls += 1;
        let id = format!("call {}", self.calls);
        fields["type"] = kind.into();
        fields["id"] = id.as_str().into();
        self.line.send(fields).await;
        let reply = self.line.expect("reply").await;
        assert_eq!(reply["id"], id.as_str());
        reply
    }

    /// What it was told until the answer to a call that changes nothing. By then the
    /// server knows whose socket it is.
    pub async fn told(&mut self) -> Vec<Value> {
        let call = json!({"type": "cancel", "id": "told", "nonce": ""});
        self.line.send(call).await;
        let mut told = Vec::new();
        loop {
            let message = self.line.next().await;
            if message["id"] == "told" {
                assert_eq!(message["body"]["code"], "nonce_invalid");
                return told;
            }
            told.push(message);
        }
    }

    /// Says something to the browser of this session.
    pub async fn say(&mut self, session: &Value, text: &str) {
        let message = json!({"type": "message", "session": session, "text": text});
        self.line.send(message).await;
    }
}

impl Deref for PhoneSocket {
    type Target = Line;

    fn deref(&self) -> &Line {
        &self.line
    }
}

impl DerefMut for PhoneSocket {
    fn deref_mut(&mut self) -> &mut Line {
        &mut self.line
    }
}
