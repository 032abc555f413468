//! Ends what a client sends at a frame that is too large, before it has come.
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

/// What a client sends, up to the first frame that is too large.
#[derive(Debug)]
pub struct Bounded<S = Payload> {
    bytes: S,
    sizes: Sizes,
    too_large: Rc<Cell<bool>>,
}

impl<S> Bounded<S> {
    /// Frames of at most so many bytes. The flag tells whether one was larger,
    /// since the stream's error does not reach the actor as it is.
    pub fn new(bytes: S, most: usize) -> (Self, Rc<Cell<bool>>) {
        let too_large = Rc::new(Cell::new(false));
        let bounded = Self {
            bytes,
            sizes: Sizes::new(most),
            too_large: too_large.clone(),
        };
        (bounded, too_large)
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
            && !self.sizes.allow(bytes)
        {
            self.too_large.set(true);
            return Poll::Ready(Some(Err(PayloadError::Overflow)));
        }
        next
    }
}

/// Follows the frames in a stream of bytes by their heads alone (RFC 6455, section 5.2).
#[derive(Debug)]
struct Sizes {
    most: u64,
    /// The head as far as it has come, without the mask.
    head: [u8; 10],
    length: usize,
    /// Bytes of mask and payload that still have to come.
    left: u64,
}

impl Sizes {
    fn new(most: usize) -> Self {
        Self {
            most: most as u64,
            head: [0; 10],
            length: 0,
            left: 0,
        }
    }

    /// False when a frame is too large.
    fn allow(&mut self, mut bytes: &[u8]) -> bool {
        while let Some((first, rest)) = bytes.split_first() {
            if self.left > 0 {
                let skipped =
                    usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
                self.left -= skipped as u64;
                bytes = &bytes[skipped..];
                continue;
            }
            self.head[self.length] = *first;
            self.length += 1;
            bytes = rest;
            let Some(payload) = self.payload() else {
                continue;
            };
            if payload > self.most {
                return false;
            }
            let mask = if self.head[1] & 0x80 == 0 { 0 } else { 4 };
            self.left = mask + payload;
            self.length = 0;
        }
        true
    }

    /// The payload's length, when its last byte has come.
    fn payload(&self) -> Option<u64> {
        let [_, short, long @ ..] = self.head;
        match (short & 0x7f, self.length) {
            (126, 4) => Some(u64::from(u16::from_be_bytes([long[0], long[1]]))),
            (127, 10) => Some(u64::from_be_bytes(long)),
            (126 | 127, _) | (_, ..2) => None,
            (short, _) => Some(u64::from(short)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame with a mask, whose payload looks like heads of huge frames.
    fn frame(length: usize) -> Vec<u8> {
        let mut frame = vec![0x81];
        match length {
            ..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
            126..=0xffff => {
                frame.push(0xfe);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(0xff);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend(vec![0xff; 4 + length]);
        frame
    }

    #[test]
    fn frames_up_to_the_bound_pass_however_they_are_cut_into_pieces() {
        let lengths = [0, 1, 125, 126, 127, 1_000, 8_192];
        let bytes: Vec<u8> = lengths.into_iter().flat_map(frame).collect();
        for piece in [1, 2, 3, 7, 100, 100_000] {
            let mut sizes = Sizes::new(8_192);
            assert!(
                bytes.chunks(piece).all(|piece| sizes.allow(piece)),
                "{piece}"
            );
            assert_eq!((sizes.left, sizes.length), (0, 0));
        }
    }

    #[test]
    fn a_larger_frame_is_known_by_its_head() {
        for length in [8_193, 0xffff, 0x1_0000, 1 << 20] {
            let mut sizes = Sizes::new(8_192);
            assert!(sizes.allow(&frame(5)));
            assert!(!sizes.allow(&frame(length)[..10]), "{length}");
        }
    }
}
