//! What waits for a client that does not read.

use bytes::{Buf, BytesMut};

/// Bytes that may wait. The kernel holds some more.
const MOST: usize = 16 * 1024;

/// Whole frames, but for the first, of which a part may have gone.
#[derive(Debug, Default)]
pub struct Unsent(BytesMut);

impl Unsent {
    /// Whether this may be added. Where nothing waits, anything may, since the
    /// kernel takes most of it.
    pub fn has_room_for(&self, frame: &[u8]) -> bool {
        self.0.is_empty() || self.0.len() + frame.len() <= MOST
    }

    /// Adds it at the end. A close frame is added in any case.
    pub fn push(&mut self, frame: &[u8]) {
        self.0.extend_from_slice(frame);
    }

    /// What has to go next.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// So many bytes have gone.
    pub fn sent(&mut self, count: usize) {
        self.0.advance(count);
        if self.0.is_empty() {
            self.0 = BytesMut::new();
        }
    }

    /// Nothing waits, and it holds no memory.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_kilobytes_may_wait_and_not_one_frame_more() {
        let (mut unsent, frame) = (Unsent::default(), [7; 1000]);
        while unsent.has_room_for(&frame) {
            unsent.push(&frame);
        }
        assert_eq!(unsent.bytes().len(), 16_000);
        unsent.sent(1_000);
        assert!(unsent.has_room_for(&frame));
        unsent.sent(15_000);
        assert!(unsent.is_empty());
        assert_eq!(unsent.0.capacity(), 0);
    }
}
