//! The picture of a mini-program code.

use std::fmt;

use bytes::Bytes;

/// A mini-program code as WeChat drew it.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeImage {
    /// The file as it came, at most 1 MiB.
    pub bytes: Bytes,
    /// What its first bytes say it is; WeChat's Content-Type says JPEG for PNG as well.
    pub kind: ImageKind,
}

impl CodeImage {
    /// Accepts a whole JPEG or PNG; the error says what it was instead.
    pub(super) fn read(bytes: Bytes) -> Result<Self, &'static str> {
        let kind = ImageKind::of(&bytes).ok_or("neither a JPEG nor a PNG image")?;
        if kind.is_whole(&bytes) {
            Ok(Self { bytes, kind })
        } else {
            Err("an image that breaks off")
        }
    }
}

impl fmt::Debug for CodeImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeImage")
            .field("kind", &self.kind)
            .field("len", &self.bytes.len())
            .finish()
    }
}

/// The image formats that WeChat draws codes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageKind {
    /// JPEG, WeChat's usual format.
    Jpeg,
    /// PNG, which WeChat sends for a transparent background.
    Png,
}

impl ImageKind {
    /// The media type to serve it as.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// The usual ending of a file of this kind, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\xFF\xD8\xFF") {
            Some(Self::Jpeg)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1A\n") {
            Some(Self::Png)
        } else {
            None
        }
    }

    /// Whether the mark that ends such a file stands near the end. A connection that breaks
    /// within a chunked body looks like the body's end, so the length alone does not tell.
    fn is_whole(self, bytes: &[u8]) -> bool {
        // Some encoders append a little metadata; half a picture is far longer than that.
        const TAIL: usize = 64;
        let end_mark: &[u8] = match self {
            Self::Jpeg => b"\xFF\xD9",
            Self::Png => b"IEND",
        };
        bytes[bytes.len().saturating_sub(TAIL)..]
            .windows(end_mark.len())
            .any(|window| window == end_mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &'static [u8]) -> Result<ImageKind, &'static str> {
        CodeImage::read(Bytes::from_static(bytes)).map(|image| image.kind)
    }

    #[test]
    fn the_first_bytes_decide_what_an_image_is() {
        assert_eq!(read(b"\xFF\xD8\xFF\xE0 jpeg \xFF\xD9"), Ok(ImageKind::Jpeg));
        assert_eq!(
            read(b"\x89PNG\r\n\x1A\n png \0\0\0\0IEND\xAE\x42\x60\x82"),
            Ok(ImageKind::Png)
        );
    }

    #[test]
    fn what_is_no_whole_image_is_refused() {
        for other in [&b""[..], b"<html>", b"GIF89a", b"\xFF\xD8", b"\x89PNG"] {
            assert_eq!(read(other), Err("neither a JPEG nor a PNG image"));
        }
        for half in [&b"\xFF\xD8\xFF\xE0 half"[..], b"\x89PNG\r\n\x1A\n half"] {
            assert_eq!(read(half), Err("an image that breaks off"));
        }
    }
}
