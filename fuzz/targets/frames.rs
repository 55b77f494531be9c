//! However a client's bytes are cut into reads, they are the same messages and the same end; what
//! was read can be written, and reads as the same; and without compression nothing else is read
//! than with it, up to the first frame that is compressed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stereo::connection::frame::{Decoder, Fault, Inbound, Opcode, frame};

const MOST: usize = 1 << 10;

/// Messages, and how the connection ended.
type Read = (Vec<(Opcode, Vec<u8>)>, Result<(), Fault>);

fn read<'a>(parts: impl Iterator<Item = &'a [u8]>, deflate: bool) -> Read {
    let mut decoder = Decoder::new(MOST, deflate);
    let (mut seen, mut over) = (Vec::new(), false);
    for part in parts {
        let mut part = part.to_vec();
        let fed = decoder.feed(&mut part, &mut |inbound| {
            let (opcode, payload) = owned(&inbound);
            assert!(payload.len() <= MOST);
            over |= opcode == Opcode::Close;
            seen.push((opcode, payload));
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

fn owned(inbound: &Inbound<'_>) -> (Opcode, Vec<u8>) {
    match inbound {
        Inbound::Text(text) => (Opcode::Text, text.as_bytes().to_vec()),
        Inbound::Binary(bytes) => (Opcode::Binary, bytes.to_vec()),
        Inbound::Ping(payload) => (Opcode::Ping, payload.to_vec()),
        Inbound::Pong => (Opcode::Pong, Vec::new()),
        Inbound::Close(code) => {
            let code = code.map(u16::to_be_bytes);
            (Opcode::Close, code.map(Vec::from).unwrap_or_default())
        }
    }
}

/// Reads of these lengths, again and again; 0: whatever is left.
fn cut<'a>(mut bytes: &'a [u8], lengths: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    for length in lengths.iter().cycle() {
        let length = match usize::from(*length) {
            0 => bytes.len(),
            length => length.min(bytes.len()),
        };
        let (part, rest) = bytes.split_at(length);
        parts.push(part);
        bytes = rest;
        if bytes.is_empty() {
            break;
        }
    }
    parts
}

/// A frame of ours as a client would send it: under a mask of zeros.
fn masked(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut bytes = frame(opcode, &[payload]).to_vec();
    let header = bytes.len() - payload.len();
    bytes[1] |= 0x80;
    bytes.splice(header..header, [0; 4]);
    bytes
}

fuzz_target!(|input: (bool, [u8; 4], &[u8])| {
    let (deflate, lengths, bytes) = input;
    let whole = read(std::iter::once(bytes), deflate);
    assert_eq!(read(cut(bytes, &lengths).into_iter(), deflate), whole);
    assert_eq!(read(bytes.chunks(1), deflate), whole);

    let written = whole
        .0
        .iter()
        .map(|(opcode, payload)| masked(*opcode, payload));
    let written = written.collect::<Vec<_>>().concat();
    assert_eq!(
        read(std::iter::once(&written[..]), false),
        (whole.0.clone(), Ok(()))
    );

    if deflate {
        let plain = read(std::iter::once(bytes), false);
        assert!(whole.0.starts_with(&plain.0));
        let refused = plain.1 == Err(Fault::Protocol);
        assert!(refused || plain == whole);
    }
});
