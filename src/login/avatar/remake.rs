//! From a stranger's file to a picture of ours: pixels in, a new JPEG out, and nothing else of the
//! file. Pure and slow: it runs where it keeps nobody waiting.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageError, Limits, Rgba, RgbaImage,
    codecs::{
        jpeg::{JpegDecoder, JpegEncoder},
        png::PngDecoder,
    },
    imageops::thumbnail,
    metadata::Orientation,
};

/// Pixels of a side of what is kept; pages show 88, at up to three to a pixel of theirs.
const SIDE: u32 = 256;
/// Of what is sent, read in its header: a screenshot of a large phone has half of it. Few bytes can
/// say that they are gigabytes of pixels.
const LARGEST_SIDE: u32 = 4096;
const MOST_PIXELS: u64 = 8 * 1024 * 1024;
/// Bytes that a decoder may take: pixels of 16 bits a channel need them.
const MOST_MEMORY: u64 = 8 * MOST_PIXELS + 4 * 1024 * 1024;
const QUALITY: u8 = 85;
const WHITE: u16 = 255;

/// What a phone may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `image/jpeg`
    Jpeg,
    /// `image/png`
    Png,
}

/// Why a file gave no picture.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It has more pixels than a picture needs.
    #[error("{0} by {1} pixels")]
    Dimensions(u32, u32),
    /// It is broken, or of a kind that nobody makes.
    #[error(transparent)]
    Broken(#[from] ImageError),
}

impl Format {
    /// What these bytes begin like.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\xff\xd8\xff") {
            return Some(Self::Jpeg);
        }
        bytes.starts_with(b"\x89PNG\r\n\x1a\n").then_some(Self::Png)
    }

    /// Whether a `Content-Type`, without its parameters, says the same or nothing.
    pub fn agrees_with(self, content_type: &str) -> bool {
        let own = match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        };
        let agreeing = ["", "application/octet-stream", own];
        agreeing
            .iter()
            .any(|known| content_type.eq_ignore_ascii_case(known))
    }
}

/// The middle of the picture as a square JPEG of at most 256 pixels a side, upright, on white. Of a
/// picture that moves it is the first.
pub fn remake(format: Format, file: &[u8]) -> Result<Vec<u8>, Refused> {
    let (image, orientation) = match format {
        Format::Jpeg => decode(JpegDecoder::new(Cursor::new(file))?)?,
        Format::Png => decode(PngDecoder::with_limits(Cursor::new(file), limits())?)?,
    };
    let mut small = DynamicImage::ImageRgba8(small_square(image));
    small.apply_orientation(orientation);
    let mut made = Vec::new();
    JpegEncoder::new_with_quality(&mut made, QUALITY).encode_image(&small.into_rgb8())?;
    Ok(made)
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    limits
}

fn decode(mut decoder: impl ImageDecoder) -> Result<(DynamicImage, Orientation), Refused> {
    let (width, height) = decoder.dimensions();
    let sides = 1..=LARGEST_SIDE;
    let is_sane = sides.contains(&width) && sides.contains(&height);
    if !is_sane || u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Refused::Dimensions(width, height));
    }
    decoder.set_limits(limits())?;
    // What it says of itself may be broken where the picture is not.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok((DynamicImage::from_decoder(decoder)?, orientation))
}

fn small_square(image: DynamicImage) -> RgbaImage {
    let (width, height) = (image.width(), image.height());
    let side = width.min(height);
    let square = image.crop_imm((width - side) / 2, (height - side) / 2, side, side);
    drop(image);
    let mut square = square.into_rgba8();
    // Before it is made small: what is behind nothing may have any colour, and would shine through.
    square.pixels_mut().for_each(on_white);
    let side = side.min(SIDE);
    thumbnail(&square, side, side)
}

fn on_white(pixel: &mut Rgba<u8>) {
    let [red, green, blue, alpha] = pixel.0;
    let over = |colour: u8| {
        let (colour, alpha) = (u16::from(colour), u16::from(alpha));
        let mixed = (colour * alpha + WHITE * (WHITE - alpha)) / WHITE;
        u8::try_from(mixed).unwrap_or(u8::MAX)
    };
    pixel.0 = [over(red), over(green), over(blue), u8::MAX];
}

#[cfg(test)]
mod tests;
