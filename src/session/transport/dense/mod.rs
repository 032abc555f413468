//! The socket's actor on the bare TCP connection: for the standalone server.
//!
//! A quiet socket is this actor and its places in the hub and among the pings, and nothing else:
//! HTTP's buffers are gone, reads go through one buffer for each thread, writes
//! straight to the kernel. Only a client that does not read costs more, 16 KiB
//! at most and for a few seconds.

mod handover;
mod reading;
mod sending;
pub mod serving;
mod unsent;

use std::{os::fd::AsRawFd, rc::Rc, time::Duration};

use actix::{Actor, ActorContext, AsyncContext, Context, Handler};
use actix_http::ws::OpCode;
use nix::sys::socket::{Shutdown, shutdown};
use tokio::net::TcpStream;

use super::super::{
    frame::Frame,
    protocol::CloseCode,
    socket::{Session, Transport},
};
use crate::{http::connections::Connection, hub::messages::SocketEvent};

pub use handover::Handover;
use reading::Reading;
use sending::{Sending, with_frame};
use unsent::Unsent;

/// How long a connection lasts after the last word, so that its client can read it.
const LINGER: Duration = Duration::from_secs(1);

/// One browser's socket.
#[derive(Debug)]
pub struct DenseSocket {
    session: Session,
    /// The start of a frame whose rest has not come.
    partial: Vec<u8>,
    /// What the kernel has not taken. While it is not empty, [`Sending`] runs.
    unsent: Unsent,
    /// The last word has been said; what still comes is read and forgotten.
    closed: bool,
    /// Counts it. It knows the stream's number, so it goes first.
    _connection: Option<Rc<Connection>>,
    stream: TcpStream,
}

impl DenseSocket {
    /// On a connection on which HTTP has ended, with what came after its last request.
    pub fn new(
        session: Session,
        stream: TcpStream,
        early: &[u8],
        connection: Option<Rc<Connection>>,
    ) -> Self {
        Self {
            session,
            partial: early.to_vec(),
            unsent: Unsent::default(),
            closed: false,
            _connection: connection,
            stream,
        }
    }

    /// Takes the frames in these bytes and keeps the start of one that is not whole.
    fn take(&mut self, bytes: &mut [u8], context: &mut Context<Self>) {
        let mut at = 0;
        while !self.closed {
            match Frame::read(&mut bytes[at..]) {
                Ok(Some((frame, size))) => {
                    self.receive(&frame, context);
                    at += size;
                }
                Ok(None) => {
                    self.partial = bytes[at..].to_vec();
                    return;
                }
                Err(code) => self.close(code, context),
            }
        }
    }

    fn send(&mut self, kind: OpCode, payload: &[u8], context: &mut Context<Self>) {
        if self.closed {
            return;
        }
        with_frame(kind, payload, |frame| {
            if self.unsent.has_room_for(frame) {
                return self.write(frame, context);
            }
            metrics::counter!("saoma_pushes_dropped_total").increment(1);
            self.close(CloseCode::TooSlow, context);
        });
    }

    /// To the kernel, and what it does not take to the rest.
    fn write(&mut self, frame: &[u8], context: &mut Context<Self>) {
        if !self.unsent.is_empty() {
            return self.unsent.push(frame);
        }
        let sent = match self.stream.try_write(frame) {
            Ok(sent) => sent,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => 0,
            Err(_) => return context.stop(),
        };
        if sent < frame.len() {
            self.unsent.push(&frame[sent..]);
            context.spawn(Sending::new(self.session.settings().timers.unread));
        }
    }

    /// Sends the last bytes.
    fn finish(&mut self, last: &[u8], context: &mut Context<Self>) {
        self.closed = true;
        self.session.leave();
        self.write(last, context);
        if self.unsent.is_empty() {
            self.end(context);
        }
    }

    /// All has been said and has been sent.
    fn end(&mut self, context: &mut Context<Self>) {
        // Only this direction: closing both with something unread would reset the
        // connection, and the client might never read the last frame.
        let _ = shutdown(self.stream.as_raw_fd(), Shutdown::Write);
        context.run_later(LINGER, |_, context| context.stop());
    }
}

impl Transport for DenseSocket {
    fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    fn text(&mut self, text: String, context: &mut Self::Context) {
        self.send(OpCode::Text, text.as_bytes(), context);
    }

    fn ping(&mut self, context: &mut Self::Context) {
        self.send(OpCode::Ping, b"", context);
    }

    fn pong(&mut self, bytes: &[u8], context: &mut Self::Context) {
        self.send(OpCode::Pong, bytes, context);
    }

    fn close(&mut self, code: CloseCode, context: &mut Self::Context) {
        if !self.closed {
            self.finish(&close_frame(code), context);
        }
    }

    fn last(&mut self, text: String, code: CloseCode, context: &mut Self::Context) {
        if self.closed || !self.unsent.is_empty() {
            self.text(text, context);
            return self.close(code, context);
        }
        // Both at once: each write wakes the client.
        with_frame(OpCode::Text, text.as_bytes(), |frame| {
            self.finish(&[frame, &close_frame(code)].concat(), context);
        });
    }

    fn cut(&mut self, context: &mut Self::Context) {
        context.stop();
    }
}

fn close_frame(code: CloseCode) -> [u8; 4] {
    let [high, low] = (code as u16).to_be_bytes();
    [0x88, 2, high, low]
}

impl Actor for DenseSocket {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.begin(context);
        // What came with the request.
        let mut early = std::mem::take(&mut self.partial);
        self.take(&mut early, context);
        context.spawn(Reading);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.session.leave();
    }
}

impl Handler<SocketEvent> for DenseSocket {
    type Result = ();

    fn handle(&mut self, event: SocketEvent, context: &mut Self::Context) {
        self.hear(event, context);
    }
}
