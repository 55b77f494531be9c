//! However a client's bytes are cut into reads, they are the same messages and the same end.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stereo::connection::frame::{Decoder, Fault, Inbound};

const MOST: usize = 1 << 10;

/// What was read, and how it ended.
fn read<'a>(parts: impl Iterator<Item = &'a [u8]>) -> (Vec<String>, Result<(), Fault>) {
    let mut decoder = Decoder::new(MOST, true);
    let (mut seen, mut over) = (Vec::new(), false);
    for part in parts {
        let mut part = part.to_vec();
        let fed = decoder.feed(&mut part, &mut |inbound| {
            if let Inbound::Text(text) = &inbound {
                assert!(text.len() <= MOST);
            }
            over |= matches!(inbound, Inbound::Close(_));
            seen.push(format!("{inbound:?}"));
            true
        });
        if fed.is_err() || over {
            return (seen, fed);
        }
        // A frame that is not whole, and a message that is not: never more than twice each.
        assert!(decoder.held() <= 4 * (MOST + 14) + 2 * part.len());
    }
    (seen, Ok(()))
}

fuzz_target!(|input: (u8, &[u8])| {
    let (cut, bytes) = input;
    let whole = read(std::iter::once(bytes));
    let parts = read(bytes.chunks(usize::from(cut) % 37 + 1));
    assert_eq!(whole, parts);
});
