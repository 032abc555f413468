use image::{DynamicImage, ImageFormat, Rgb, RgbImage, load_from_memory};
use proptest::prelude::*;

use super::*;

fn drawn(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_fn(width, height, |x, y| {
        let byte = |number: u32| u8::try_from(number % 256).unwrap();
        Rgb([byte(x), byte(y), byte(x ^ y)])
    });
    let mut file = Cursor::new(Vec::new());
    DynamicImage::from(image)
        .write_to(&mut file, format)
        .unwrap();
    file.into_inner()
}

fn size(format: Format, file: &[u8]) -> (u32, u32) {
    let made = load_from_memory(&remake(format, file).unwrap()).unwrap();
    (made.width(), made.height())
}

#[test]
fn a_picture_becomes_a_square_and_is_never_made_larger() {
    for (width, height, side) in [(640, 480, 256), (100, 300, 100), (1, 1, 1), (4096, 1, 1)] {
        let png = drawn(width, height, ImageFormat::Png);
        assert_eq!(size(Format::Png, &png), (side, side));
        let jpeg = drawn(width, height, ImageFormat::Jpeg);
        assert_eq!(size(Format::Jpeg, &jpeg), (side, side));
    }
}

#[test]
fn what_is_seen_through_is_white_and_not_what_lies_behind() {
    let mut image = RgbaImage::from_pixel(40, 40, Rgba([0, 0, 0, 0]));
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        if (10..30).contains(&x) && (10..30).contains(&y) {
            *pixel = Rgba([0, 0, 255, 128]);
        }
    }
    let mut file = Cursor::new(Vec::new());
    let image = DynamicImage::from(image);
    image.write_to(&mut file, ImageFormat::Png).unwrap();
    let made = remake(Format::Png, file.get_ref()).unwrap();
    let made = load_from_memory(&made).unwrap().into_rgb8();
    let near = |at: (u32, u32), wanted: [u8; 3]| {
        let Rgb(found) = made[at];
        let apart = found.iter().zip(wanted).map(|(a, b)| a.abs_diff(b)).max();
        assert!(apart.unwrap() < 12, "{found:?} instead of {wanted:?}");
    };
    near((2, 2), [255, 255, 255]);
    near((20, 20), [127, 127, 255]);
}

#[test]
fn pixels_of_16_bits_are_taken() {
    let image = image::ImageBuffer::from_pixel(30, 30, Rgba([65535_u16, 0, 0, 65535]));
    let mut file = Cursor::new(Vec::new());
    let image = DynamicImage::ImageRgba16(image);
    image.write_to(&mut file, ImageFormat::Png).unwrap();
    assert_eq!(size(Format::Png, file.get_ref()), (30, 30));
}

#[test]
fn what_has_too_many_pixels_is_refused_by_its_header() {
    for (width, height) in [(4097, 1), (1, 4097), (4096, 2049)] {
        // The rest is not needed for that, and is not there.
        let mut png = drawn(1, 1, ImageFormat::Png)[..33].to_vec();
        png[16..24].copy_from_slice(&(u64::from(width) << 32 | u64::from(height)).to_be_bytes());
        assert!(remake(Format::Png, &png).is_err());
        let mut jpeg = drawn(8, 8, ImageFormat::Jpeg);
        let frame = jpeg.windows(2).position(|two| two == b"\xff\xc0").unwrap();
        let sides = [height, width].map(|side: u32| u16::try_from(side).unwrap().to_be_bytes());
        jpeg[frame + 5..frame + 9].copy_from_slice(&sides.concat());
        let refused = remake(Format::Jpeg, &jpeg).unwrap_err();
        assert!(matches!(refused, Refused::Dimensions(..)), "{refused}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A panic would end the server.
    #[test]
    fn a_broken_file_is_refused_or_drawn_and_ends_nothing(
        is_png: bool,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        end in any::<prop::sample::Index>(),
        is_cut: bool,
    ) {
        let (format, kind) = if is_png {
            (Format::Png, ImageFormat::Png)
        } else {
            (Format::Jpeg, ImageFormat::Jpeg)
        };
        let mut file = drawn(40, 30, kind);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if is_cut {
            file.truncate(end.index(file.len()));
        }
        if let Ok(made) = remake(format, &file) {
            prop_assert_eq!(Format::of(&made), Some(Format::Jpeg));
        }
    }
}
