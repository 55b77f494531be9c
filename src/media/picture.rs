//! Pictures of people: decoded with limits, turned the way they were taken, cut to a square, and
//! written anew in two sizes. Nothing but the points goes from one to the other: no EXIF, GPS,
//! XMP, ICC, comment or thumbnail, and nothing that was hidden behind the end. Pure, and slow: not
//! for a task that others wait for.

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage,
    RgbaImage,
};
use std::io::Cursor;
use stereo_protocol::{ErrorKind, ErrorObject};

/// Bytes of a picture that is taken.
pub const LARGEST: usize = 5 << 20;
/// Points of a side, small.
pub const SMALL: u32 = 96;
/// Points of a side, large.
pub const LARGE: u32 = 512;

/// Points of a side that are decoded, at most.
const MOST_SIDE: u32 = 16_384;
/// Points in all that are decoded: what a good camera makes.
const MOST_POINTS: u64 = 40_000_000;
/// Bytes that a decoded picture may take, and any one thing that its decoder needs: those points,
/// in colours that can be seen through.
const MOST_BYTES: u64 = 4 * MOST_POINTS;
/// Points of a side beyond which a picture is first made smaller in the cheapest way.
const PLENTY: u32 = 2 * LARGE;
const QUALITY: u8 = 86;

/// A picture as it is kept: two JPEGs.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// [`SMALL`] points a side.
    pub small: Box<[u8]>,
    /// [`LARGE`] points a side.
    pub large: Box<[u8]>,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Picture(…)")
    }
}

/// Where the small one of a picture is served.
pub fn small_picture(name: &str) -> Box<str> {
    format!("/pictures/{name}-{SMALL}.jpg").into()
}

/// Where the large one of a picture is served.
pub fn large_picture(name: &str) -> Box<str> {
    format!("/pictures/{name}-{LARGE}.jpg").into()
}

/// Makes a picture out of the bytes of a JPEG, PNG or WebP file.
///
/// # Errors
/// `invalid` or `too_large` on the field `picture`, with what was expected.
pub fn make(bytes: &[u8]) -> Result<Picture, ErrorObject> {
    let invalid = |expected: &str| ErrorObject::invalid("picture", expected);
    let broken = || invalid("expected a picture that is whole");
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| broken())?;
    let known = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP];
    if !reader
        .format()
        .is_some_and(|format| known.contains(&format))
    {
        return Err(invalid("expected a JPEG, PNG or WebP picture"));
    }
    if reader.format() == Some(ImageFormat::WebP) && !has_whole_chunks(bytes) {
        return Err(broken());
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    let too_large = || {
        ErrorObject::new(
            ErrorKind::TooLarge,
            "picture: expected at most 40 million points, and 16,384 a side",
        )
        .with_field("picture")
    };
    let mut decoder = reader.into_decoder().map_err(|error| match error {
        image::ImageError::Limits(_) => too_large(),
        _ => broken(),
    })?;
    let (width, height) = decoder.dimensions();
    // What the limits bound is what the decoder takes for itself, not what it fills for us.
    let points = u64::from(width) * u64::from(height);
    if points > MOST_POINTS || decoder.total_bytes() > MOST_BYTES {
        return Err(too_large());
    }
    let orientation = decoder.orientation().map_err(|_| broken())?;
    let image = DynamicImage::from_decoder(decoder).map_err(|error| match error {
        image::ImageError::Limits(_) => too_large(),
        _ => broken(),
    })?;
    let mut large = squared(&image);
    drop(image);
    // The square is turned, not the whole: that is the same, and takes little.
    large.apply_orientation(orientation);
    let small = large.resize_exact(SMALL, SMALL, FilterType::CatmullRom);
    let written = |image| written(image).ok_or_else(broken);
    Ok(Picture {
        small: written(small)?,
        large: written(large)?,
    })
}

/// Whether no chunk of a RIFF file claims more bytes than there are: what reads it makes room for as
/// many as are claimed, whatever its limits (WebP Container Specification, "RIFF File Format").
pub fn has_whole_chunks(file: &[u8]) -> bool {
    let mut rest = file.get(12..).unwrap_or_default();
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let [.., a, b, c, d] = *head;
        let size = u32::from_le_bytes([a, b, c, d]) as usize;
        if size > after.len() {
            return false;
        }
        // Chunks of an odd length have a byte more.
        rest = after.get(size + size % 2..).unwrap_or_default();
    }
    true
}

/// The middle of it, [`LARGE`] points a side. Nothing as large as the whole is made on the way.
fn squared(image: &DynamicImage) -> DynamicImage {
    let (width, height) = (image.width(), image.height());
    let side = width.min(height);
    let square = imageops::crop_imm(image, (width - side) / 2, (height - side) / 2, side, side);
    let resize =
        |points: &RgbaImage| imageops::resize(points, LARGE, LARGE, FilterType::CatmullRom);
    let large = match side > PLENTY {
        true => resize(&imageops::thumbnail(&*square, PLENTY, PLENTY)),
        false => resize(&square.to_image()),
    };
    large.into()
}

/// As a JPEG; what can be seen through lies on white.
fn written(image: DynamicImage) -> Option<Box<[u8]>> {
    let points = image.to_rgba8();
    let opaque = RgbImage::from_fn(points.width(), points.height(), |x, y| {
        let [red, green, blue, alpha] = points.get_pixel(x, y).0;
        let over = |colour: u8| {
            let (colour, alpha) = (u32::from(colour), u32::from(alpha));
            ((colour * alpha + 255 * (255 - alpha)) / 255) as u8
        };
        image::Rgb([over(red), over(green), over(blue)])
    });
    let mut bytes = Vec::new();
    let encoder = &mut JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    let (width, height) = opaque.dimensions();
    let encoded = encoder.encode(&opaque, width, height, ExtendedColorType::Rgb8);
    encoded.ok().map(|()| bytes.into_boxed_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let image = RgbImage::from_fn(width, height, |x, _| {
            // Red on the left, blue on the right.
            if x < width / 2 {
                image::Rgb([255, 0, 0])
            } else {
                image::Rgb([0, 0, 255])
            }
        });
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let image = image::load_from_memory(&png(width, height)).unwrap();
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_chunk_that_claims_more_than_there_is_takes_no_memory() {
        let file = include_bytes!("../../fuzz/seeds/picture/webp-chunk-too-long");
        let before = crate::allocations::bytes();
        let refused = make(file).unwrap_err();
        let taken = crate::allocations::bytes() - before;
        assert!(refused.message.contains("whole"), "{}", refused.message);
        assert!(taken < 1 << 20, "{taken} bytes");
        let whole = include_bytes!("../../fuzz/seeds/picture/webp-exif");
        assert!(make(whole).is_ok());
    }

    /// A JPEG with an EXIF segment that says how it was held, and where, and by whom.
    fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut tiff = b"II*\0\x08\0\0\0\x02\0".to_vec();
        tiff.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
        tiff.extend([0x3b, 0x01, 2, 0, 16, 0, 0, 0, 38, 0, 0, 0]);
        tiff.extend([0, 0, 0, 0]);
        tiff.extend(b"GPS-NEEDLE-ADA!\0");
        let mut segment = b"Exif\0\0".to_vec();
        segment.extend(tiff);
        let mut bytes = jpeg[..2].to_vec();
        bytes.extend([0xff, 0xe1]);
        bytes.extend((segment.len() as u16 + 2).to_be_bytes());
        bytes.extend(segment);
        bytes.extend([0xff, 0xfe, 0, 18]);
        bytes.extend(b"COMMENT-NEEDLE!!");
        bytes.extend(&jpeg[2..]);
        bytes.extend(b"<script>TAIL-NEEDLE</script>");
        bytes
    }

    fn holds(bytes: &[u8], needle: &[u8]) -> bool {
        bytes.windows(needle.len()).any(|window| window == needle)
    }

    #[test]
    fn nothing_but_the_points_of_a_picture_is_kept() {
        let bytes = with_exif(&jpeg(640, 480), 1);
        let picture = make(&bytes).unwrap();
        for needle in [
            &b"NEEDLE"[..],
            b"Exif",
            b"script",
            b"ICC",
            b"http://ns.adobe",
        ] {
            for kept in [&picture.small, &picture.large] {
                assert!(!holds(kept, needle), "{}", String::from_utf8_lossy(needle));
            }
        }
        for (kept, side) in [(&picture.small, SMALL), (&picture.large, LARGE)] {
            let image = image::load_from_memory(kept).unwrap();
            assert_eq!((image.width(), image.height()), (side, side));
        }
    }

    #[test]
    fn a_picture_stands_as_it_was_taken() {
        // 3: held upside down, so that left and right are the other way round.
        let upright = make(&with_exif(&jpeg(400, 400), 1)).unwrap();
        let turned = make(&with_exif(&jpeg(400, 400), 3)).unwrap();
        let left = |picture: &Picture| {
            let image = image::load_from_memory(&picture.small).unwrap().to_rgb8();
            image.get_pixel(4, SMALL / 2).0
        };
        assert!(left(&upright)[0] > 200, "red");
        assert!(left(&turned)[2] > 200, "blue");
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let whole = png(300, 200);
        let polyglot = [b"GIF89a/*".as_slice(), &whole].concat();
        for bytes in [
            &b""[..],
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>1</script></svg>",
            b"<!doctype html><script>1</script>",
            b"GIF89a\x01\0\x01\0\0\0\0;",
            &polyglot,
            &whole[..whole.len() / 2],
            &jpeg(300, 200)[..200],
        ] {
            let error = make(bytes).unwrap_err();
            assert_eq!(error.data.field.as_deref(), Some("picture"));
        }
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        // A PNG whose header promises more than is decoded.
        let mut bomb = png(8, 8);
        bomb[16..20].copy_from_slice(&16_000u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&16_000u32.to_be_bytes());
        let crc = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());
        let error = make(&bomb).unwrap_err();
        assert_eq!(error.data.kind, ErrorKind::TooLarge);
    }

    fn jpeg_of_grey(width: u32, height: u32) -> Vec<u8> {
        let points = vec![128; width as usize * height as usize];
        let mut bytes = Vec::new();
        let encoder = &mut JpegEncoder::new(&mut bytes);
        let encoded = encoder.encode(&points, width, height, ExtendedColorType::L8);
        encoded.unwrap();
        bytes
    }

    /// A PNG of nothing, of 16 bits and four channels: 8 bytes a point.
    fn png_of_16_bits(side: u32) -> Vec<u8> {
        let mut lines = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        for _ in 0..side {
            let line = vec![0; 1 + 8 * side as usize];
            std::io::Write::write_all(&mut lines, &line).unwrap();
        }
        let mut head = [side.to_be_bytes(), side.to_be_bytes()].concat();
        head.extend([16, 6, 0, 0, 0]);
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        for (name, content) in [
            (b"IHDR", head),
            (b"IDAT", lines.finish().unwrap()),
            (b"IEND", Vec::new()),
        ] {
            bytes.extend((content.len() as u32).to_be_bytes());
            let chunk = [&name[..], &content].concat();
            bytes.extend(&chunk);
            bytes.extend(crc32(&chunk).to_be_bytes());
        }
        bytes
    }

    /// A lossless WebP of one colour: each of its five codes has one symbol, so a point takes no
    /// bit at all.
    fn webp_of_one_colour(side: u32) -> Vec<u8> {
        let size = u64::from(side - 1);
        let codes = (0..5).fold(0_u64, |codes, at| codes | 1 << (4 * at));
        let bits = u128::from(size | size << 14) | u128::from(codes) << (32 + 3);
        let mut stream = vec![0x2f];
        stream.extend(&bits.to_le_bytes()[..8]);
        stream.push(0);
        let mut bytes = b"RIFF".to_vec();
        bytes.extend((12 + stream.len() as u32).to_le_bytes());
        bytes.extend(b"WEBPVP8L");
        bytes.extend((stream.len() as u32).to_le_bytes());
        bytes.extend(stream);
        bytes
    }

    #[test]
    fn bombs_that_are_whole_are_not_unpacked_either() {
        // The same, small, is a picture.
        for whole in [
            png_of_16_bits(100),
            webp_of_one_colour(100),
            jpeg_of_grey(100, 100),
        ] {
            assert!(make(&whole).is_ok());
        }
        for (name, bomb) in [
            // 20 million points, but of 8 bytes each.
            ("png", png_of_16_bits(4_500)),
            ("webp", webp_of_one_colour(6_500)),
            ("jpeg", jpeg_of_grey(6_500, 6_500)),
        ] {
            assert!(bomb.len() < LARGEST, "{name}: {}", bomb.len());
            let error = make(&bomb).unwrap_err();
            assert_eq!(error.data.kind, ErrorKind::TooLarge, "{name}");
        }
    }

    #[test]
    fn a_picture_of_a_camera_is_made_smaller_in_two_steps() {
        let picture = make(&with_exif(&jpeg(2_400, 1_800), 3)).unwrap();
        let image = image::load_from_memory(&picture.large).unwrap().to_rgb8();
        let colours = [0, LARGE - 1].map(|x| image.get_pixel(x, LARGE / 2).0);
        assert!(colours[0][2] > 200 && colours[1][0] > 200, "{colours:?}");
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum()
    }

    #[test]
    fn what_can_be_seen_through_lies_on_white() {
        let clear = image::RgbaImage::from_pixel(200, 200, image::Rgba([0, 0, 0, 0]));
        let mut bytes = Cursor::new(Vec::new());
        clear.write_to(&mut bytes, ImageFormat::WebP).unwrap();
        let picture = make(&bytes.into_inner()).unwrap();
        let small = image::load_from_memory(&picture.small).unwrap().to_rgb8();
        assert!(small.get_pixel(48, 48).0.iter().all(|colour| *colour > 250));
    }
}
