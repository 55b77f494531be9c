//! Files on the servers of others: whatever is in one, it is measured within bounds or refused, and
//! what it is called can be shown.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::Cursor;
use stereo::media::direct::measure;
use stereo::text::tidied;

fuzz_target!(|file: &[u8]| {
    let Some(measured) = measure(Cursor::new(file)) else {
        return;
    };
    assert!((10..=86_400_000).contains(&measured.duration_ms));
    assert!(measured.artists.len() <= 8);
    for told in measured.title.iter().chain(&measured.artists) {
        assert!(told.chars().count() <= 200);
        assert_eq!(tidied(told, 200).as_ref(), Some(told), "{told:?}");
    }
});
