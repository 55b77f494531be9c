//! Files on the servers of others: whatever is in one, it is measured within bounds or refused, and
//! what it is called can be shown. A panic of what reads formats is a refusal: `measure` catches it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::Cursor;
use std::sync::Once;
use stereo::media::direct::measure;
use stereo::text::tidied;

static QUIET: Once = Once::new();

fuzz_target!(|file: &[u8]| {
    // The hook of this tool ends the process at any panic. One that nobody catches still does: nothing
    // may unwind out of a target.
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
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
