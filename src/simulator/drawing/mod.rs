//! The stand-in for a mini-program code: an ordinary QR that any reader reads.
//!
//! The real layout is proprietary, so the simulator draws what phones and test readers know, with
//! the address of its own phone page in it.

mod comment;
mod flat_jpeg;
mod modules;

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use qrcode::Color;
use url::Url;

use self::modules::Modules;

/// What readers ask for around a QR, in modules.
const QUIET_ZONE: usize = 4;
const JPEG_QUALITY: u8 = 85;
/// The characters that `encodeURIComponent` leaves alone.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// A code as it was ordered.
#[derive(Debug)]
pub(super) struct Drawing {
    pub(super) scene: String,
    /// Of the square, in pixels.
    pub(super) width: u16,
    pub(super) line_color: [u8; 3],
    /// PNG with a transparent background instead of JPEG on white.
    pub(super) transparent: bool,
}

/// The code could not be drawn: the public address is too long for a QR, or for the width.
#[derive(Debug, thiserror::Error)]
pub(super) enum DrawingError {
    #[error("the address does not fit into a QR code: {0}")]
    TooLong(#[from] qrcode::types::QrError),
    #[error("the QR code does not fit into {0} pixels")]
    TooNarrow(u16),
    #[error("the image could not be encoded: {0}")]
    Encoding(#[from] image::ImageError),
}

/// What a phone that scans the code opens.
pub(super) fn phone_address(public_url: &Url, scene: &str) -> String {
    let base = public_url.as_str().trim_end_matches('/');
    format!(
        "{base}/phone?scene={}",
        utf8_percent_encode(scene, COMPONENT)
    )
}

/// The scene of a picture that [`Drawing::draw`] made as a JPEG.
pub(super) fn scene_of(picture: &[u8]) -> Option<String> {
    let address = Url::parse(&comment::read(picture)?).ok()?;
    let mut query = address.query_pairs();
    let (_, scene) = query.find(|(name, _)| name == "scene")?;
    Some(scene.into_owned())
}

impl Drawing {
    /// The image's bytes.
    pub(super) fn draw(&self, public_url: &Url) -> Result<Vec<u8>, DrawingError> {
        let address = phone_address(public_url, &self.scene);
        let picture = Picture::lay_out(&address, self.width)?;
        if self.transparent {
            let [r, g, b] = self.line_color;
            let pixels = picture.pixels([r, g, b, 255], [255, 255, 255, 0]);
            return encode_png(&pixels, self.width);
        }
        Ok(comment::write(self.draw_jpeg(&picture)?, &address))
    }

    fn draw_jpeg(&self, picture: &Picture) -> Result<Vec<u8>, DrawingError> {
        let [r, g, b] = self.line_color;
        if self.line_color == [0, 0, 0] && picture.scale.is_multiple_of(flat_jpeg::BLOCK) {
            let is_dark =
                |x: usize, y: usize| picture.is_dark(x * flat_jpeg::BLOCK, y * flat_jpeg::BLOCK);
            return Ok(flat_jpeg::encode(self.width, is_dark));
        }
        if r == g && g == b {
            return encode_jpeg(
                &picture.pixels([r], [255]),
                self.width,
                ExtendedColorType::L8,
            );
        }
        let pixels = picture.pixels(self.line_color, [255; 3]);
        encode_jpeg(&pixels, self.width, ExtendedColorType::Rgb8)
    }
}

/// A QR with its place in the picture: whole pixels a module, white around.
struct Picture {
    modules: Modules,
    width: usize,
    /// The side of a module, in pixels.
    scale: usize,
    margin: usize,
}

impl Picture {
    /// Modules and margins of whole blocks where there is room for them, which the quick JPEG
    /// encoder needs.
    fn lay_out(address: &str, width: u16) -> Result<Self, DrawingError> {
        let modules = Modules::encode(address)?;
        let room = usize::from(width);
        let mut scale = room / (modules.side + 2 * QUIET_ZONE);
        let mut unit = 1;
        if scale >= flat_jpeg::BLOCK {
            unit = flat_jpeg::BLOCK;
            scale -= scale % unit;
        }
        if scale == 0 {
            return Err(DrawingError::TooNarrow(width));
        }
        let margin = (room - scale * modules.side) / 2;
        Ok(Self {
            modules,
            width: room,
            scale,
            margin: margin - margin % unit,
        })
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        match (self.module_at(x), self.module_at(y)) {
            (Some(column), Some(row)) => {
                self.modules.colors[row * self.modules.side + column] == Color::Dark
            }
            _ => false,
        }
    }

    /// The module that a pixel belongs to, along either axis; none in the margin.
    fn module_at(&self, pixel: usize) -> Option<usize> {
        let module = pixel.checked_sub(self.margin)? / self.scale;
        (module < self.modules.side).then_some(module)
    }

    fn pixels<const N: usize>(&self, dark: [u8; N], light: [u8; N]) -> Vec<u8> {
        let row_length = self.width * N;
        let mut pixels = Vec::with_capacity(row_length * self.width);
        for y in 0..self.width {
            if y > 0 && self.module_at(y) == self.module_at(y - 1) {
                pixels.extend_from_within(pixels.len() - row_length..);
            } else {
                pixels.extend(
                    (0..self.width).flat_map(|x| if self.is_dark(x, y) { dark } else { light }),
                );
            }
        }
        pixels
    }
}

fn encode_png(rgba: &[u8], width: u16) -> Result<Vec<u8>, DrawingError> {
    let (mut png, side) = (Cursor::new(Vec::new()), u32::from(width));
    PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::NoFilter)
        .write_image(rgba, side, side, ExtendedColorType::Rgba8)?;
    Ok(png.into_inner())
}

fn encode_jpeg(
    pixels: &[u8],
    width: u16,
    color: ExtendedColorType,
) -> Result<Vec<u8>, DrawingError> {
    let (mut jpeg, side) = (Cursor::new(Vec::new()), u32::from(width));
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY)
        .write_image(pixels, side, side, color)?;
    Ok(jpeg.into_inner())
}
