//! The stand-in for a mini-program code: an ordinary QR that any reader reads.
//!
//! The real layout is proprietary, so the simulator draws what phones and test readers know, with
//! the address of its own phone page in it.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use qrcode::{Color, EcLevel, QrCode};
use url::Url;

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
    pub(super) width: u32,
    pub(super) line_color: [u8; 3],
    /// PNG with a transparent background instead of JPEG on white.
    pub(super) transparent: bool,
}

/// The code could not be drawn: the public address is too long for a QR, or too long for the
/// width.
#[derive(Debug, thiserror::Error)]
pub(super) enum DrawingError {
    #[error("the address does not fit into a QR code: {0}")]
    TooLong(#[from] qrcode::types::QrError),
    #[error("the QR code does not fit into {0} pixels")]
    TooNarrow(u32),
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

impl Drawing {
    /// The image's bytes.
    pub(super) fn draw(&self, public_url: &Url) -> Result<Vec<u8>, DrawingError> {
        let address = phone_address(public_url, &self.scene);
        let code = QrCode::with_error_correction_level(address.as_bytes(), EcLevel::M)?;
        let is_dark = self.pixels(&code)?;
        let [r, g, b] = self.line_color;
        let mut bytes = Cursor::new(Vec::new());
        if self.transparent {
            let pixels = spread(&is_dark, [r, g, b, 255], [255, 255, 255, 0]);
            PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::NoFilter)
                .write_image(&pixels, self.width, self.width, ExtendedColorType::Rgba8)?;
        } else if r == g && g == b {
            let pixels = spread(&is_dark, [r], [255]);
            JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).write_image(
                &pixels,
                self.width,
                self.width,
                ExtendedColorType::L8,
            )?;
        } else {
            let pixels = spread(&is_dark, [r, g, b], [255, 255, 255]);
            JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).write_image(
                &pixels,
                self.width,
                self.width,
                ExtendedColorType::Rgb8,
            )?;
        }
        Ok(bytes.into_inner())
    }

    /// One flag a pixel, row by row: whole pixels a module, centred, white around.
    fn pixels(&self, code: &QrCode) -> Result<Vec<bool>, DrawingError> {
        let width = self.width as usize;
        let modules = code.width();
        let scale = width / (modules + 2 * QUIET_ZONE);
        if scale == 0 {
            return Err(DrawingError::TooNarrow(self.width));
        }
        let margin = (width - scale * modules) / 2;
        let mut pixels = vec![false; width * width];
        for (row, colors) in code.to_colors().chunks(modules).enumerate() {
            let mut line = vec![false; width];
            for (column, _) in colors
                .iter()
                .enumerate()
                .filter(|(_, color)| **color == Color::Dark)
            {
                line[margin + column * scale..][..scale].fill(true);
            }
            for y in 0..scale {
                pixels[(margin + row * scale + y) * width..][..width].copy_from_slice(&line);
            }
        }
        Ok(pixels)
    }
}

fn spread<const N: usize>(is_dark: &[bool], dark: [u8; N], light: [u8; N]) -> Vec<u8> {
    is_dark
        .iter()
        .flat_map(|dark_here| if *dark_here { dark } else { light })
        .collect()
}
