//! RFC 6455 frames: built once for a room, read once for each client.

use bytes::BytesMut;
use divan::{Bencher, black_box, counter::BytesCount};
use stereo::connection::deflate;
use stereo::connection::frame::{Decoder, Opcode, write_frame};

const SIZES: [usize; 3] = [100, 330, 18_000];

/// Text that compresses as JSON does.
fn text(length: usize) -> Vec<u8> {
    let item = br#"{"id":"q_0vk1sj3naygb","by":"m_5wx96s64etz3","votes":0,"track":{"title":"Snow on the Soundboard"}},"#;
    item.iter().copied().cycle().take(length).collect()
}

/// A frame of a client, masked.
fn masked(payload: &[u8]) -> Vec<u8> {
    let mut plain = BytesMut::new();
    write_frame(&mut plain, Opcode::Text, false, &[payload]);
    let header = plain.len() - payload.len();
    let mut out = plain[..header].to_vec();
    out[1] |= 0x80;
    let mask = [7, 91, 200, 3];
    out.extend_from_slice(&mask);
    let keyed = payload.iter().zip(mask.iter().cycle());
    out.extend(keyed.map(|(byte, key)| byte ^ key));
    out
}

/// Appends to a batch.
#[divan::bench(args = SIZES)]
fn write(bencher: Bencher<'_, '_>, length: usize) {
    let payload = text(length);
    let mut out = BytesMut::with_capacity(length + 64);
    bencher
        .counter(BytesCount::new(length))
        .bench_local(move || {
            out.clear();
            write_frame(&mut out, Opcode::Text, false, &[black_box(&payload)]);
            black_box(out.len())
        });
}

/// Reads frames that came together: header, unmasking, UTF-8.
#[divan::bench(args = [1, 16])]
fn read(bencher: Bencher<'_, '_>, frames: usize) {
    let bytes = masked(&text(150)).repeat(frames);
    bencher
        .counter(BytesCount::new(bytes.len()))
        .with_inputs(|| (Decoder::new(16 << 10, false), bytes.clone()))
        .bench_local_refs(|(decoder, bytes)| {
            let mut seen = 0;
            decoder
                .feed(bytes, &mut |inbound| {
                    black_box(&inbound);
                    seen += 1;
                    true
                })
                .unwrap();
            assert_eq!(seen, frames);
        });
}

/// Compresses one frame, once for all who negotiated it.
#[divan::bench(args = SIZES)]
fn compress(bencher: Bencher<'_, '_>, length: usize) {
    let payload = text(length);
    bencher
        .counter(BytesCount::new(length))
        .bench_local(|| black_box(deflate::deflate(black_box(&payload))));
}
