//! Nothing inflates beyond the bound, and what we deflate inflates to itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stereo::connection::deflate::{deflate, inflate};

fuzz_target!(|input: (u16, &[u8])| {
    let (most, bytes) = (usize::from(input.0) + 1, input.1);
    if let Ok(text) = inflate(bytes, most) {
        assert!(text.len() <= most);
    }
    if let Some(packed) = deflate(bytes) {
        assert!(packed.len() < bytes.len());
        assert_eq!(inflate(&packed, bytes.len()).as_deref(), Ok(bytes));
        assert!(inflate(&packed, bytes.len() - 1).is_err());
    }
});
