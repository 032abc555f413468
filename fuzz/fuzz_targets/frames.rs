//! Any bytes that a client may send on an open socket (RFC 6455, section 5).

#![no_main]

use libfuzzer_sys::fuzz_target;
use saoma_fuzz::session::{
    frame::{Frame, MOST},
    protocol::CloseCode,
};

fuzz_target!(|bytes: &[u8]| {
    let (whole, end) = read(bytes, bytes.len().max(1));
    // However the network cuts it into pieces, the same is read, and bytes that
    // wait for the rest of their frame are never more than one frame has.
    for piece in [1, 2, 7] {
        assert_eq!(read(bytes, piece), (whole.clone(), end));
    }
    let (told, told_end) = as_the_standard_says(bytes);
    assert_eq!((whole, end), (told, told_end));
});

/// What a socket keeps of a frame: its kind, and its payload where that counts.
type Read = (u8, Vec<u8>);

/// Reads as a transport does, from pieces of this size.
fn read(bytes: &[u8], piece: usize) -> (Vec<Read>, Option<CloseCode>) {
    let (mut frames, mut kept) = (Vec::new(), Vec::new());
    for piece in bytes.chunks(piece) {
        kept.extend_from_slice(piece);
        let mut at = 0;
        loop {
            match Frame::read(&mut kept[at..]) {
                Ok(Some((frame, size))) => {
                    at += size;
                    frames.push(match frame {
                        Frame::Text(text) => (1, text.as_bytes().to_vec()),
                        Frame::Close => (8, Vec::new()),
                        Frame::Ping(payload) => (9, payload.to_vec()),
                        Frame::Pong => (10, Vec::new()),
                    });
                }
                Ok(None) => break,
                Err(code) => return (frames, Some(code)),
            }
        }
        kept.drain(..at);
        assert!(kept.len() < 14 + MOST);
    }
    (frames, None)
}

/// The standard's picture of a frame, read bit by bit from all the bytes at once.
fn as_the_standard_says(bytes: &[u8]) -> (Vec<Read>, Option<CloseCode>) {
    let (mut frames, mut at) = (Vec::new(), 0);
    loop {
        match one(&bytes[at..]) {
            Ok(Some((frame, size))) => {
                frames.push(frame);
                at += size;
            }
            Ok(None) => return (frames, None),
            Err(code) => return (frames, Some(code)),
        }
    }
}

fn one(bytes: &[u8]) -> Result<Option<(Read, usize)>, CloseCode> {
    let bit = |byte: u8, number: u8| byte >> (7 - number) & 1;
    let Some(&first) = bytes.first() else {
        return Ok(None);
    };
    let opcode = first & 15;
    let reserved = [1, 2, 3].iter().any(|number| bit(first, *number) == 1);
    let known = [1, 2, 8, 9, 10].contains(&opcode);
    if bit(first, 0) == 0 || reserved || !known {
        return Err(CloseCode::Protocol);
    }
    let Some(&second) = bytes.get(1) else {
        return Ok(None);
    };
    if bit(second, 0) == 0 {
        return Err(CloseCode::Protocol);
    }
    if opcode == 2 {
        return Err(CloseCode::Unsupported);
    }
    let length = second & 127;
    if opcode >= 8 && length > 125 {
        return Err(CloseCode::Protocol);
    }
    let longer = match length {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let Some(digits) = bytes.get(2..2 + longer) else {
        return Ok(None);
    };
    let mut payload = u128::from(length);
    if longer > 0 {
        payload = 0;
        for digit in digits {
            payload = payload * 256 + u128::from(*digit);
        }
        let shortest = match payload {
            0..=125 => 0,
            126..=65_535 => 2,
            _ => 8,
        };
        if longer != shortest {
            return Err(CloseCode::Protocol);
        }
    }
    if payload > MOST as u128 {
        return Err(CloseCode::TooLarge);
    }
    let begin = 2 + longer + 4;
    let size = begin + payload as usize;
    let Some(masked) = bytes.get(begin..size) else {
        return Ok(None);
    };
    let mask = &bytes[begin - 4..begin];
    let payload: Vec<u8> = (0..masked.len())
        .map(|at| masked[at] ^ mask[at % 4])
        .collect();
    let read = match opcode {
        1 if std::str::from_utf8(&payload).is_err() => return Err(CloseCode::Invalid),
        1 | 9 => (opcode, payload),
        8 => {
            let code = payload
                .get(..2)
                .map(|code| u16::from(code[0]) * 256 + u16::from(code[1]));
            let allowed = match code {
                None => payload.is_empty(),
                Some(code) => match code {
                    1004 | 1005 | 1006 => false,
                    1000..=1014 | 3000..=4999 => true,
                    _ => false,
                },
            };
            let reason = payload.get(2..).unwrap_or_default();
            if !allowed || std::str::from_utf8(reason).is_err() {
                return Err(CloseCode::Protocol);
            }
            (8, Vec::new())
        }
        _ => (opcode, Vec::new()),
    };
    Ok(Some((read, size)))
}
