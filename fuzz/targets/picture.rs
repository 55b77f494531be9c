//! Whatever is sent as a picture of a person is refused by a short answer, or becomes two JPEGs of the
//! two sizes, which hold what draws them and nothing else. Neither holds more memory meanwhile than
//! the two sizes take.

#![no_main]

use image::{DynamicImage, ImageDecoder, ImageReader};
use libfuzzer_sys::fuzz_target;
use std::alloc::{GlobalAlloc, Layout, System};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Cursor;
use std::sync::atomic::{AtomicUsize, Ordering};
use stereo::media::picture::{LARGE, SMALL, has_whole_chunks, make};
use stereo_protocol::{ErrorKind, ErrorObject};

/// Points of a picture that is decoded here.
const FEW: u64 = 1 << 14;
/// Points beyond which none is. Those between take up to a second each, and are left out.
const MOST: u64 = 40_000_000;
/// Making the two sizes takes as long as decoding some hundreds so small: of pictures that can be
/// decoded only one in so many is made.
const ONE_IN: u64 = 64;
/// Bytes: the large size in colours of four bytes, and of sixteen while it is made smaller or larger.
const HELD: usize = 32 << 20;

fuzz_target!(|bytes: &[u8]| {
    let points = points_of(bytes);
    if points.is_some_and(|points| (FEW + 1..=MOST).contains(&points)) {
        return;
    }
    // What reads a RIFF file by itself makes room for whatever a chunk claims.
    let is_riff = bytes.starts_with(b"RIFF");
    let readable = !is_riff || has_whole_chunks(bytes);
    let decodes = points.is_some_and(|points| points <= FEW) && readable && decodes(bytes);
    let begun = Counting::begin();
    if !decodes || chosen(bytes) {
        match make(bytes) {
            Ok(picture) => {
                assert!(decodes);
                is_bare(&picture.small, SMALL);
                is_bare(&picture.large, LARGE);
            }
            Err(error) => {
                assert!(!decodes, "{error:?}");
                answerable(&error);
            }
        }
    }
    let held = Counting::most_since(begun);
    assert!(held <= HELD, "{held} bytes");
});

fn points_of(bytes: &[u8]) -> Option<u64> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let (width, height) = reader.ok()?.into_dimensions().ok()?;
    Some(u64::from(width) * u64::from(height))
}

fn decodes(bytes: &[u8]) -> bool {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let decoder = reader.map(ImageReader::into_decoder);
    let Ok(Ok(mut decoder)) = decoder else {
        return false;
    };
    decoder.orientation().is_ok() && DynamicImage::from_decoder(decoder).is_ok()
}

/// The same at every run.
fn chosen(bytes: &[u8]) -> bool {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish().is_multiple_of(ONE_IN)
}

fn answerable(error: &ErrorObject) {
    let kinds = [ErrorKind::Invalid, ErrorKind::TooLarge];
    assert!(kinds.contains(&error.data.kind), "{error:?}");
    assert_eq!(error.data.field.as_deref(), Some("picture"));
    assert!(error.message.len() < 200 && error.message.contains("expected"));
}

/// A JPEG of so many points a side, in which every segment is needed to draw it: no comment, no data
/// of applications but the bare head of JFIF, no thumbnail, and nothing behind its end.
fn is_bare(jpeg: &[u8], side: u32) {
    let mut rest = jpeg.strip_prefix(b"\xff\xd8").expect("a JPEG");
    let points = loop {
        let [0xff, marker, high, low, ..] = rest else {
            panic!("no segment: {:x?}", rest.get(..4));
        };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (segment, behind) = rest[2..].split_at(length);
        match marker {
            0xe0 => assert!(length == 16 && segment[2..].starts_with(b"JFIF\0")),
            0xc0 => {
                let sides = [side as u16; 2].map(u16::to_be_bytes).concat();
                assert_eq!(segment[3..7], sides);
            }
            // Tables.
            0xc4 | 0xdb => {}
            0xda => break behind,
            other => panic!("segment {other:x}"),
        }
        rest = behind;
    };
    let end = points
        .windows(2)
        .position(|two| two[0] == 0xff && two[1] != 0);
    assert_eq!(end.map(|end| &points[end..]), Some(&b"\xff\xd9"[..]));
}

/// Counts bytes that are held, and the most that ever were.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;
static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

impl Counting {
    fn begin() -> usize {
        let now = NOW.load(Ordering::Relaxed);
        PEAK.store(now, Ordering::Relaxed);
        now
    }

    fn most_since(begun: usize) -> usize {
        PEAK.load(Ordering::Relaxed) - begun
    }

    fn add(size: usize) {
        let now = NOW.fetch_add(size, Ordering::Relaxed) + size;
        PEAK.fetch_max(now, Ordering::Relaxed);
    }
}

// SAFETY: everything goes to the system's allocator, and comes back, as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::add(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::add(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(place, layout) }
    }
}
