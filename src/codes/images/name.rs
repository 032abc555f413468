//! The name of an image: the hash of its bytes, and what they are.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::wechat::{CodeImage, ImageKind};

/// The SHA-256 of an image's bytes and its kind, which says nothing about the scene in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ImageName {
    hash: [u8; 32],
    kind: ImageKind,
}

impl ImageName {
    /// The name of these bytes.
    pub(super) fn of(image: &CodeImage) -> Self {
        Self {
            hash: Sha256::digest(&image.bytes).into(),
            kind: image.kind,
        }
    }

    /// Reads 64 small hex digits and a known ending; none of such names leads out of a folder.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (digits, ending) = text.split_once('.')?;
        let kind = [ImageKind::Jpeg, ImageKind::Png]
            .into_iter()
            .find(|kind| kind.extension() == ending)?;
        if digits.len() != 64 {
            return None;
        }
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self { hash, kind })
    }

    /// Whether these are the bytes that the name was given to.
    pub(super) fn is_of(&self, bytes: &[u8]) -> bool {
        self.hash == <[u8; 32]>::from(Sha256::digest(bytes))
    }

    pub(super) fn media_type(&self) -> &'static str {
        self.kind.media_type()
    }
}

fn digit(c: u8) -> Option<u8> {
    match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.hash
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, ".{}", self.kind.extension())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_we_give_are_names() {
        let hash = "0a".repeat(32);
        for (name, media_type) in [
            (format!("{hash}.jpg"), "image/jpeg"),
            (format!("{hash}.png"), "image/png"),
        ] {
            let parsed = ImageName::parse(&name).unwrap();
            assert_eq!(parsed.media_type(), media_type);
            assert_eq!(parsed.to_string(), name);
        }
        for other in [
            "",
            "..",
            "../secret.key",
            "x.jpg",
            &hash,
            &format!("{}.jpg", hash.to_uppercase()),
            &format!("{hash}.gif"),
            &format!("{hash}.jpg/.."),
            &format!("{}é.jpg", "0".repeat(62)),
        ] {
            assert_eq!(ImageName::parse(other), None, "{other}");
        }
    }
}
