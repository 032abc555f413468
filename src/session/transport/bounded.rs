//! Ends what a client sends at a frame that may not be, before it has come.
//!
//! actix-http looks at a frame's size only when all of it is there, and keeps
//! what has come until then: a client could announce a terabyte and send it.

use std::{
    cell::Cell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    error::PayloadError,
    web::{Bytes, Payload},
};
use futures_util::Stream;

use super::super::{
    frame::{HEAD, Head},
    protocol::CloseCode,
};

/// What a client sends, up to the first frame that may not be.
#[derive(Debug)]
pub struct Bounded<S = Payload> {
    bytes: S,
    heads: Heads,
    refused: Rc<Cell<Option<CloseCode>>>,
}

impl<S> Bounded<S> {
    /// With the code that ends it, once there is one: the stream's error does not
    /// reach the actor as it is.
    pub fn new(bytes: S) -> (Self, Rc<Cell<Option<CloseCode>>>) {
        let refused = Rc::new(Cell::new(None));
        let bounded = Self {
            bytes,
            heads: Heads::default(),
            refused: refused.clone(),
        };
        (bounded, refused)
    }
}

impl<S> Stream for Bounded<S>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.bytes).poll_next(context);
        if let Poll::Ready(Some(Ok(bytes))) = &next
            && let Err(code) = self.heads.follow(bytes)
        {
            self.refused.set(Some(code));
            return Poll::Ready(Some(Err(PayloadError::Overflow)));
        }
        next
    }
}

/// Follows the frames in a stream of bytes by their heads alone.
#[derive(Debug, Default)]
struct Heads {
    /// The head as far as it has come.
    head: [u8; HEAD],
    length: usize,
    /// Bytes of payload that still have to come.
    left: usize,
}

impl Heads {
    fn follow(&mut self, mut bytes: &[u8]) -> Result<(), CloseCode> {
        while let Some((first, rest)) = bytes.split_first() {
            if self.left > 0 {
                let skipped = self.left.min(bytes.len());
                self.left -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            self.head[self.length] = *first;
            self.length += 1;
            bytes = rest;
            if let Some(head) = Head::read(&self.head[..self.length])? {
                self.left = head.frame() - self.length;
                self.length = 0;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame with a mask, whose payload looks like heads of huge frames.
    fn frame(length: usize) -> Vec<u8> {
        let mut frame = vec![0x81];
        if let Ok(length @ ..126) = u8::try_from(length) {
            frame.push(0x80 | length);
        } else {
            frame.push(0xfe);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        frame.extend(vec![0xff; 4 + length]);
        frame
    }

    #[test]
    fn frames_up_to_the_bound_pass_however_they_are_cut_into_pieces() {
        let lengths = [0, 1, 125, 126, 127, 1_000, 8_192];
        let bytes: Vec<u8> = lengths.into_iter().flat_map(frame).collect();
        for piece in [1, 2, 3, 7, 100, 100_000] {
            let mut heads = Heads::default();
            let mut pieces = bytes.chunks(piece);
            assert!(pieces.all(|piece| heads.follow(piece).is_ok()), "{piece}");
            assert_eq!((heads.left, heads.length), (0, 0));
        }
    }

    #[test]
    fn a_larger_frame_is_known_by_its_head() {
        for length in [8_193, 0xffff] {
            let mut heads = Heads::default();
            heads.follow(&frame(5)).unwrap();
            let refused = heads.follow(&frame(length)[..4]);
            assert_eq!(refused, Err(CloseCode::TooLarge), "{length}");
        }
    }
}
