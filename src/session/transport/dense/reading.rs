//! What a client sends, through one buffer that all sockets of a thread share.

use std::{
    cell::RefCell,
    mem,
    pin::Pin,
    task::{self, Poll},
};

use actix::{ActorContext, Context, fut::ActorFuture};
use tokio::io::{AsyncRead, ReadBuf};

use super::{
    super::super::frame::{HEAD, MOST},
    DenseSocket,
};

/// Room for a frame that is almost whole, and as much again.
const SIZE: usize = 2 * (HEAD + MOST);

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; SIZE].into_boxed_slice());
}

/// Reads for as long as the socket lives.
#[derive(Debug)]
pub struct Reading;

impl ActorFuture<DenseSocket> for Reading {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        socket: &mut DenseSocket,
        context: &mut Context<DenseSocket>,
        task: &mut task::Context<'_>,
    ) -> Poll<()> {
        BUFFER.with_borrow_mut(|buffer| {
            while context.state().alive() {
                let known = socket.partial.len();
                buffer[..known].copy_from_slice(&socket.partial);
                let mut room = ReadBuf::new(&mut buffer[known..]);
                match Pin::new(&mut socket.stream).poll_read(task, &mut room) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(())) if !room.filled().is_empty() => {}
                    // The client has ended the connection, or it is broken.
                    Poll::Ready(_) => break,
                }
                let all = known + room.filled().len();
                drop(mem::take(&mut socket.partial));
                socket.take(&mut buffer[..all], context);
            }
            context.stop();
            Poll::Ready(())
        })
    }
}
