//! FLAC (RFC 9639), the part of it that two channels of 16 bits need. Written here because it is
//! small and because an encoder crate would bring fourteen more into the build; the decoder that
//! the tests hold against it is somebody else's.
//!
//! The predictor's coefficients are worked out in floating point with plain arithmetic only, so
//! the bytes are the same everywhere; what a player decodes is exact in any case.

mod bits;
mod frame;
mod predict;
mod rice;

use bits::Bits;

/// Frames per block: the encoder's usual choice at 44.1 kHz.
const BLOCK: usize = 4096;
/// Seconds between the points that a player can seek to at once.
const SEEK_SECONDS: usize = 4;

/// A complete FLAC file.
pub(crate) fn encode(frames: &[[i16; 2]], rate: u32) -> Vec<u8> {
    let blocks: Vec<Vec<u8>> = frames
        .chunks(BLOCK)
        .enumerate()
        .map(|(number, block)| frame::encode(number as u32, block, BLOCK))
        .collect();
    let mut out = Bits::default();
    out.bytes(b"fLaC");
    stream_info(&mut out, frames.len(), rate, &blocks);
    seek_table(&mut out, frames.len(), rate, &blocks);
    for block in &blocks {
        out.bytes(block);
    }
    out.finish()
}

/// Metadata block 0. The MD5 is left at zero, which section 8.2 defines as "not known".
fn stream_info(out: &mut Bits, frames: usize, rate: u32, blocks: &[Vec<u8>]) {
    let sizes = || blocks.iter().map(|block| block.len() as u64);
    out.push(0, 8);
    out.push(34, 24);
    out.push(BLOCK as u64, 16);
    out.push(BLOCK as u64, 16);
    out.push(sizes().min().unwrap_or(0), 24);
    out.push(sizes().max().unwrap_or(0), 24);
    out.push(u64::from(rate), 20);
    out.push(2 - 1, 3);
    out.push(16 - 1, 5);
    out.push(frames as u64, 36);
    out.push(0, 64);
    out.push(0, 64);
}

/// Metadata block 3, and the last one: without it a player in a browser guesses its way through
/// the file when somebody joins in the middle.
fn seek_table(out: &mut Bits, frames: usize, rate: u32, blocks: &[Vec<u8>]) {
    let every = (rate as usize * SEEK_SECONDS).div_ceil(BLOCK);
    let points = blocks.len().div_ceil(every);
    out.push(0x80 | 3, 8);
    out.push(18 * points as u64, 24);
    let mut offset = 0;
    for (number, block) in blocks.iter().enumerate() {
        if number % every == 0 {
            let first = number * BLOCK;
            out.push(first as u64, 64);
            out.push(offset, 64);
            out.push((frames - first).min(BLOCK) as u64, 16);
        }
        offset += block.len() as u64;
    }
}
