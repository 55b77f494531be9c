//! Whatever a client asks of a file: bytes that exist, or none.

#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use libfuzzer_sys::fuzz_target;
use stereo::media::range::{Selection, select_for};

fuzz_target!(|input: (u32, bool, Vec<(u8, &[u8])>)| {
    const NAMES: [HeaderName; 3] = [header::RANGE, header::IF_RANGE, header::IF_NONE_MATCH];
    let (length, get, given) = input;
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(&NAMES[usize::from(name) % NAMES.len()], value);
        }
    }
    let method = if get { Method::GET } else { Method::HEAD };
    match select_for(&method, &headers, u64::from(length), "\"abc\"") {
        Selection::Part { first, last } => {
            assert!(get && headers.contains_key(header::RANGE));
            assert!(first <= last && last < u64::from(length));
        }
        Selection::NotModified => assert!(headers.contains_key(header::IF_NONE_MATCH)),
        Selection::Unsatisfiable => assert!(get && headers.contains_key(header::RANGE)),
        Selection::Whole => {}
    }
});
