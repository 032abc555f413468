//! The dark and light modules of a QR.

use qrcode::bits::encode_auto;
use qrcode::canvas::{Canvas, MaskPattern};
use qrcode::types::QrResult;
use qrcode::{Color, EcLevel, ec};

/// A square of modules, row by row, without the quiet zone.
pub(super) struct Modules {
    pub(super) side: usize,
    pub(super) colors: Vec<Color>,
}

impl Modules {
    /// Encodes `text` with error correction level M.
    ///
    /// The mask is fixed: choosing the best of eight takes nine tenths of the time in a debug
    /// build, and an address with random letters in it looks the same under each.
    pub(super) fn encode(text: &str) -> QrResult<Self> {
        let bits = encode_auto(text.as_bytes(), EcLevel::M)?;
        let version = bits.version();
        let (data, correction) = ec::construct_codewords(&bits.into_bytes(), version, EcLevel::M)?;
        let mut canvas = Canvas::new(version, EcLevel::M);
        canvas.draw_all_functional_patterns();
        canvas.draw_data(&data, &correction);
        canvas.apply_mask(MaskPattern::DiagonalLines);
        let colors = canvas.into_colors();
        Ok(Self {
            side: colors.len().isqrt(),
            colors,
        })
    }
}
