//! One FLAC frame: which two of left, right, middle and side are cheapest, and how each is told.

use super::bits::{Bits, crc8, crc16};
use super::predict::{self, Prediction};
use super::rice;

/// A frame of up to `full` sample pairs; only the last one of a stream may be shorter.
pub(super) fn encode(number: u32, block: &[[i16; 2]], full: usize) -> Vec<u8> {
    let left: Vec<i32> = block.iter().map(|pair| i32::from(pair[0])).collect();
    let right: Vec<i32> = block.iter().map(|pair| i32::from(pair[1])).collect();
    let side: Vec<i32> = left.iter().zip(&right).map(|(l, r)| l - r).collect();
    let middle: Vec<i32> = left.iter().zip(&right).map(|(l, r)| (l + r) >> 1).collect();
    let [l, r, s, m] = [&left, &right, &side, &middle].map(|channel| predict::roughness(channel));
    // Channel assignment codes of section 9.1.3, each with its channels and their widths.
    let choices = [
        (l + r, 0b0001, [(&left, 16), (&right, 16)]),
        (l + s, 0b1000, [(&left, 16), (&side, 17)]),
        (s + r, 0b1001, [(&side, 17), (&right, 16)]),
        (m + s, 0b1010, [(&middle, 16), (&side, 17)]),
    ];
    let mut best = &choices[0];
    for choice in &choices[1..] {
        if choice.0 < best.0 {
            best = choice;
        }
    }
    let mut out = Bits::default();
    header(&mut out, number, block.len(), full, best.1);
    for (channel, width) in best.2 {
        subframe(&mut out, channel, width);
    }
    out.align();
    let check = crc16(out.written());
    out.push(u64::from(check), 16);
    out.finish()
}

fn header(out: &mut Bits, number: u32, length: usize, full: usize, assignment: u64) {
    let is_full = length == full;
    out.push(0xfff8, 16);
    out.push(if is_full { 0b1100 } else { 0b0111 }, 4);
    out.push(0b1001, 4);
    out.push(assignment, 4);
    out.push(0b1000, 4);
    coded_number(out, number);
    if !is_full {
        out.push(length as u64 - 1, 16);
    }
    let check = crc8(out.written());
    out.push(u64::from(check), 8);
}

/// The frame's number, in the manner of UTF-8; up to 65,535, which is an hour and a half.
fn coded_number(out: &mut Bits, number: u32) {
    let n = u64::from(number);
    match number {
        0..0x80 => out.push(n, 8),
        0x80..0x800 => {
            out.push(0xc0 | (n >> 6), 8);
            out.push(0x80 | (n & 0x3f), 8);
        }
        _ => {
            out.push(0xe0 | (n >> 12), 8);
            out.push(0x80 | ((n >> 6) & 0x3f), 8);
            out.push(0x80 | (n & 0x3f), 8);
        }
    }
}

/// One channel: constant, predicted, or (when nothing predicts it) verbatim.
fn subframe(out: &mut Bits, samples: &[i32], width: u32) {
    let first = samples[0];
    if samples.iter().all(|sample| *sample == first) {
        out.push(0, 8);
        return out.signed(first, width);
    }
    let prediction = predict::best(samples);
    let plan = rice::plan(&prediction.residual, prediction.order());
    if plan.bits >= samples.len() as u64 * u64::from(width) {
        out.push(0b0000_0010, 8);
        samples.iter().for_each(|sample| out.signed(*sample, width));
        return;
    }
    out.push(u64::from(prediction.code()) << 1, 8);
    samples[..prediction.order()]
        .iter()
        .for_each(|sample| out.signed(*sample, width));
    coefficients(out, &prediction);
    rice::write(out, &prediction.residual, prediction.order(), &plan);
}

fn coefficients(out: &mut Bits, prediction: &Prediction) {
    if let Some(linear) = &prediction.linear {
        out.push(u64::from(predict::PRECISION) - 1, 4);
        out.push(linear.shift as u64, 5);
        linear
            .coefficients
            .iter()
            .for_each(|c| out.signed(*c, predict::PRECISION));
    }
}
