//! The address of a code once more, as a comment in its JPEG: the simulated phone has no camera
//! that could read the QR.

const COMMENT: u8 = 0xfe;
const APP0: u8 = 0xe0;
const SCAN: u8 = 0xda;

/// The picture with this comment, behind the segment that has to come first.
pub(super) fn write(mut jpeg: Vec<u8>, text: &str) -> Vec<u8> {
    let first = segments(&jpeg).next();
    let place = match first {
        Some((APP0, content)) => 6 + content.len(),
        _ => 2,
    };
    // A QR holds less than 3,000 bytes.
    let length = u16::try_from(text.len() + 2).unwrap_or(u16::MAX);
    let mut segment = vec![0xff, COMMENT];
    segment.extend(length.to_be_bytes());
    segment.extend(text.bytes());
    jpeg.splice(place..place, segment);
    jpeg
}

/// The comment of a picture; none of one that is no JPEG or has none.
pub(super) fn read(jpeg: &[u8]) -> Option<String> {
    let (_, text) = segments(jpeg).find(|(marker, _)| *marker == COMMENT)?;
    String::from_utf8(text.to_vec()).ok()
}

/// Markers and contents up to the picture's lines.
fn segments(jpeg: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = jpeg.strip_prefix(&[0xff, 0xd8]).unwrap_or_default();
    std::iter::from_fn(move || {
        let [0xff, marker, high, low, ..] = *rest else {
            return None;
        };
        let end = 2 + usize::from(u16::from_be_bytes([high, low]));
        let content = rest.get(4..end).filter(|_| marker != SCAN)?;
        rest = &rest[end..];
        Some((marker, content))
    })
}
