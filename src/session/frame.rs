//! A client's frames (RFC 6455, section 5), read in place: no I/O and no copies.
//!
//! Only whole messages are taken, so a fragment is an error of its own, and a
//! frame that may not be is known by its head, before its payload has come.

use super::protocol::CloseCode;

/// Bytes of the largest payload that a client may send.
pub const MOST: usize = 8 * 1024;
/// Bytes of the longest head, with the mask.
pub const HEAD: usize = 14;
/// Bytes of the largest payload of a control frame (section 5.5).
const MOST_CONTROL: usize = 125;

/// A whole frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A message.
    Text(&'a str),
    /// To be answered with the same bytes.
    Ping(&'a [u8]),
    /// Answers a ping of ours, or none.
    Pong,
    /// The client closes.
    Close,
}

/// What stands before a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    kind: Kind,
    mask: [u8; 4],
    /// Of the head itself.
    size: usize,
    payload: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Ping,
    Pong,
    Close,
}

impl Head {
    /// Reads the head in front of these bytes; none while it has not come whole.
    /// What may not be is refused as soon as it can be seen.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>, CloseCode> {
        let Some(first) = bytes.first() else {
            return Ok(None);
        };
        // The last frame of a message, and no extension's bits; a continuation has no other place.
        let (end, reserved) = (first & 0x80, first & 0x70);
        let kind = match first & 0x0f {
            _ if end == 0 || reserved != 0 => return Err(CloseCode::Protocol),
            // Binary is refused below, once it is known to be masked.
            1 | 2 => Kind::Text,
            8 => Kind::Close,
            9 => Kind::Ping,
            10 => Kind::Pong,
            _ => return Err(CloseCode::Protocol),
        };
        let Some(second) = bytes.get(1) else {
            return Ok(None);
        };
        if second & 0x80 == 0 {
            return Err(CloseCode::Protocol);
        }
        if first & 0x0f == 2 {
            return Err(CloseCode::Unsupported);
        }
        let short = second & 0x7f;
        if kind != Kind::Text && usize::from(short) > MOST_CONTROL {
            return Err(CloseCode::Protocol);
        }
        let (before_mask, least) = match short {
            126 => (4, 126),
            127 => (10, 1 << 16),
            _ => (2, 0),
        };
        let Some(length) = bytes.get(2..before_mask) else {
            return Ok(None);
        };
        let length = match length {
            [] => u64::from(short),
            length => length
                .iter()
                .fold(0, |length, byte| length << 8 | u64::from(*byte)),
        };
        if length < least {
            return Err(CloseCode::Protocol);
        }
        let payload = usize::try_from(length).ok().filter(|size| *size <= MOST);
        let payload = payload.ok_or(CloseCode::TooLarge)?;
        let Some(&mask) = bytes[before_mask..].first_chunk() else {
            return Ok(None);
        };
        Ok(Some(Self {
            kind,
            mask,
            size: before_mask + mask.len(),
            payload,
        }))
    }

    /// Bytes of the whole frame.
    pub fn frame(&self) -> usize {
        self.size + self.payload
    }
}

impl<'a> Frame<'a> {
    /// Reads the frame in front of these bytes, and how many of them it took;
    /// none while it has not come whole. The bytes are unmasked where they lie,
    /// so a frame can be read once.
    pub fn read(bytes: &'a mut [u8]) -> Result<Option<(Self, usize)>, CloseCode> {
        let Some(head) = Head::read(bytes)? else {
            return Ok(None);
        };
        let size = head.frame();
        let Some(payload) = bytes.get_mut(head.size..size) else {
            return Ok(None);
        };
        for (byte, mask) in payload.iter_mut().zip(head.mask.iter().cycle()) {
            *byte ^= mask;
        }
        let payload = &*payload;
        let frame = match head.kind {
            Kind::Text => Self::Text(std::str::from_utf8(payload).map_err(|_| CloseCode::Invalid)?),
            Kind::Ping => Self::Ping(payload),
            Kind::Pong => Self::Pong,
            Kind::Close if closes(payload) => Self::Close,
            Kind::Close => return Err(CloseCode::Protocol),
        };
        Ok(Some((frame, size)))
    }
}

/// Whether this may stand in a close frame (sections 5.5.1 and 7.4): nothing, or
/// a code that may be sent and a reason in UTF-8.
fn closes(payload: &[u8]) -> bool {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return payload.is_empty();
    };
    let code = u16::from_be_bytes(*code);
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) && std::str::from_utf8(reason).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client's frame, its length written in so many bytes (0, 2 or 8 more).
    fn masked(first: u8, payload: &[u8], more: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match more {
            0 => frame.push(0x80 | u8::try_from(payload.len()).unwrap()),
            2 => frame.push(0x80 | 0x7e),
            _ => frame.push(0x80 | 0x7f),
        }
        frame.extend(&(payload.len() as u64).to_be_bytes()[8 - more..]);
        let mask = [7, 11, 13, 17];
        frame.extend(mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b));
        frame
    }

    fn read(mut bytes: Vec<u8>) -> Result<Option<(String, usize)>, CloseCode> {
        let read = Frame::read(&mut bytes);
        read.map(|read| read.map(|(frame, size)| (format!("{frame:?}"), size)))
    }

    fn refused(bytes: &[u8], code: CloseCode) {
        assert_eq!(read(bytes.to_vec()), Err(code), "{bytes:x?}");
    }

    #[test]
    fn each_kind_of_frame_is_read_when_its_last_byte_has_come() {
        let long = "a".repeat(MOST);
        for (frame, expected) in [
            (masked(0x81, b"hello", 0), r#"Text("hello")"#.to_owned()),
            (masked(0x81, b"", 0), r#"Text("")"#.to_owned()),
            (masked(0x81, long.as_bytes(), 2), format!("Text({long:?})")),
            (masked(0x89, b"?", 0), "Ping([63])".to_owned()),
            (masked(0x8a, &[0xff; 125], 0), "Pong".to_owned()),
            (masked(0x88, b"", 0), "Close".to_owned()),
            (masked(0x88, b"\x03\xe8bye", 0), "Close".to_owned()),
        ] {
            let size = frame.len();
            let shorter = (0..15).chain(size.saturating_sub(3)..size);
            for cut in shorter.filter(|cut| *cut < size) {
                assert_eq!(read(frame[..cut].to_vec()), Ok(None), "{cut} of {size}");
            }
            let with_the_next = [&frame[..], b"\x81"].concat();
            assert_eq!(read(with_the_next), Ok(Some((expected, size))));
        }
    }

    #[test]
    fn what_may_not_be_is_refused_by_the_first_byte_that_shows_it() {
        use CloseCode::{Protocol, TooLarge, Unsupported};
        // Fragments and continuations, reserved bits, reserved opcodes.
        for first in [
            0x01, 0x02, 0x09, 0x00, 0x80, 0x91, 0xa1, 0xc1, 0x83, 0x8b, 0x8f,
        ] {
            refused(&[first], Protocol);
        }
        // Without a mask.
        refused(&[0x81, 0x02], Protocol);
        refused(&[0x82, 0x02], Protocol);
        refused(&[0x82, 0x82], Unsupported);
        // Control frames that are too long, or might be.
        refused(&[0x89, 0xfe], Protocol);
        refused(&[0x88, 0xff], Protocol);
        // More bytes of length than it needs.
        refused(&[0x81, 0xfe, 0, 125], Protocol);
        refused(&[0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff], Protocol);
        // Too large, even beyond what there are numbers for.
        refused(&[0x81, 0xfe, 0x20, 0x01], TooLarge);
        refused(&[0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0], TooLarge);
        refused(&[0x81, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0], TooLarge);
    }

    #[test]
    fn a_text_is_utf8_and_a_close_has_a_code_that_may_be_sent() {
        refused(&masked(0x81, b"\xff", 0), CloseCode::Invalid);
        for payload in [
            &b"\x03"[..],
            b"\x03\xe7",
            b"\x03\xec",
            b"\x03\xed",
            b"\x03\xee",
            b"\x03\xf7",
            b"\x07\xd0",
            b"\x13\x88",
            b"\x03\xe8\xff",
        ] {
            refused(&masked(0x88, payload, 0), CloseCode::Protocol);
        }
    }
}
