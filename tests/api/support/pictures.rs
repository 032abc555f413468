//! Pictures as phones send them, and some that no phone would.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

pub const RED: [u8; 3] = [220, 30, 30];
pub const BLUE: [u8; 3] = [30, 30, 220];

/// Its left half red, its right half blue.
pub fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_fn(width, height, |x, _| {
        Rgb(if x < width / 2 { RED } else { BLUE })
    });
    let mut file = Cursor::new(Vec::new());
    DynamicImage::from(image)
        .write_to(&mut file, format)
        .unwrap();
    file.into_inner()
}

pub fn jpeg() -> Vec<u8> {
    picture(300, 200, ImageFormat::Jpeg)
}

pub fn png() -> Vec<u8> {
    picture(300, 200, ImageFormat::Png)
}

/// A JPEG with this segment at its beginning, such as 0xE1 for EXIF.
pub fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, content, &jpeg[2..]].concat()
}

/// What a camera writes: how it was held, and after that where (here only words).
pub fn exif(orientation: u16, place: &str) -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    tiff.extend(orientation.to_le_bytes());
    tiff.extend([0; 6]);
    [b"Exif\0\0", tiff.as_slice(), place.as_bytes()].concat()
}

/// A PNG with this chunk after its header, the CRC right.
pub fn with_chunk(png: &[u8], kind: &[u8], content: &[u8]) -> Vec<u8> {
    [&png[..33], &chunk(kind, content), &png[33..]].concat()
}

/// A PNG whose header says these dimensions.
pub fn of_size(png: &[u8], width: u32, height: u32) -> Vec<u8> {
    let header = [&width.to_be_bytes(), &height.to_be_bytes(), &png[24..29]].concat();
    [&png[..8], &chunk(b"IHDR", &header), &png[33..]].concat()
}

/// The PNG as the first picture of an animation of two.
pub fn animated(png: &[u8]) -> Vec<u8> {
    let size = &png[16..24];
    let frame = |number: u32| [&number.to_be_bytes(), size, &[0; 8], &[0, 1, 0, 1, 0, 0]].concat();
    let with_first = with_chunk(png, b"fcTL", &frame(0));
    let control = [2_u32.to_be_bytes(), 0_u32.to_be_bytes()].concat();
    let whole = with_chunk(&with_first, b"acTL", &control);
    let (pictures, end) = whole.split_at(whole.len() - 12);
    [pictures, &chunk(b"fcTL", &frame(1)), end].concat()
}

fn chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let named = [kind, content].concat();
    [&length, named.as_slice(), &crc(&named).to_be_bytes()].concat()
}

fn crc(bytes: &[u8]) -> u32 {
    let rest = bytes.iter().fold(u32::MAX, |rest, byte| {
        (0..8).fold(rest ^ u32::from(*byte), |rest, _| {
            (rest >> 1) ^ if rest & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    });
    !rest
}
