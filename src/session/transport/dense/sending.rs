//! What a client is sent: written at once, and the rest as its client reads.

use std::{
    cell::RefCell,
    pin::Pin,
    task::{self, Poll, ready},
    time::Duration,
};

use actix::{ActorContext, Context, fut::ActorFuture};
use actix_http::ws::{OpCode, Parser};
use bytes::BytesMut;
use tokio::{
    io::AsyncWrite,
    time::{Instant, Sleep, sleep},
};

use super::{
    super::super::{protocol::CloseCode, socket::Transport},
    DenseSocket,
};

/// How long a client that has been told that it is too slow may take to read that.
const LAST_WORD: Duration = Duration::from_secs(3);

thread_local! {
    static FRAME: RefCell<BytesMut> = RefCell::default();
}

/// Makes a frame in a buffer that all sockets of a thread share.
pub fn with_frame<R>(kind: OpCode, payload: &[u8], write: impl FnOnce(&[u8]) -> R) -> R {
    FRAME.with_borrow_mut(|frame| {
        frame.clear();
        Parser::write_message(frame, payload, kind, true, false);
        write(frame)
    })
}

/// Sends what the kernel did not take. Lives until it has, or the socket is cut.
#[derive(Debug)]
pub struct Sending {
    patience: Pin<Box<Sleep>>,
}

impl Sending {
    /// The client may leave something unread for so long.
    pub fn new(patience: Duration) -> Self {
        Self {
            patience: Box::pin(sleep(patience)),
        }
    }
}

impl ActorFuture<DenseSocket> for Sending {
    type Output = ();

    fn poll(
        mut self: Pin<&mut Self>,
        socket: &mut DenseSocket,
        context: &mut Context<DenseSocket>,
        task: &mut task::Context<'_>,
    ) -> Poll<()> {
        while !socket.unsent.is_empty() {
            match Pin::new(&mut socket.stream).poll_write(task, socket.unsent.bytes()) {
                Poll::Ready(Ok(sent @ 1..)) => socket.unsent.sent(sent),
                Poll::Ready(_) => {
                    context.stop();
                    return Poll::Ready(());
                }
                Poll::Pending => {
                    ready!(self.patience.as_mut().poll(task));
                    if socket.closed {
                        context.stop();
                        return Poll::Ready(());
                    }
                    socket.close(CloseCode::TooSlow, context);
                    self.patience.as_mut().reset(Instant::now() + LAST_WORD);
                }
            }
        }
        if socket.closed {
            socket.end(context);
        }
        Poll::Ready(())
    }
}
