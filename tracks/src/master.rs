//! The last step: one loudness for all pieces, peaks that survive any decoder, silence at both
//! ends. Takes a mix, gives frames of 16 bits.
//!
//! Without dither: at this loudness its hiss would be the only thing heard in the tails, and it
//! would cost more bytes than the music in them.

use crate::loudness::{integrated, peaks};
use crate::synth::{Bus, DcBlock, frames, gain, soft};

/// Integrated loudness of every piece, in LUFS.
pub(crate) const TARGET: f64 = -16.0;
/// Ceiling of the true peak, in dBTP; half a decibel of room for what the limiter's smoothing and
/// the rounding to 16 bits let through.
const CEILING: f32 = -1.6;
/// Seconds that the limiter looks ahead.
const AHEAD: f32 = 0.004;

/// Finishes a mix: `closing` is how many seconds its end takes to go to nothing.
pub(crate) fn finish(mut mix: Bus, closing: f32) -> Vec<[i16; 2]> {
    let mut blocks = [DcBlock::new(), DcBlock::new()];
    mix.each(|[l, r]| [blocks[0].next(l), blocks[1].next(r)]);
    turn_to(&mut mix, TARGET - 1.0);
    // Gentle saturation: 1.5 dB off the loudest crests, none off the rest.
    mix.each(|frame| frame.map(|x| soft(x * 0.8) / 0.8));
    close(&mut mix, closing);
    for _ in 0..4 {
        turn_to(&mut mix, TARGET);
        limit(&mut mix);
    }
    mix.frames
        .iter()
        .map(|frame| frame.map(to_sixteen_bits))
        .collect()
}

fn to_sixteen_bits(x: f32) -> i16 {
    (x * 32_767.0).round().clamp(-32_768.0, 32_767.0) as i16
}

fn turn_to(mix: &mut Bus, lufs: f64) {
    let by = gain((lufs - integrated(&mix.frames)) as f32);
    mix.each(|frame| frame.map(|x| x * by));
}

/// Rises out of silence in 4 ms and goes back to it in `closing` seconds, then 20 ms of nothing.
fn close(mix: &mut Bus, closing: f32) {
    let (rise, fall, nothing) = (frames(0.004), frames(closing), frames(0.02));
    let length = mix.frames.len();
    for (at, frame) in mix.frames.iter_mut().enumerate() {
        let opened = (at as f32 / rise as f32).min(1.0);
        let left = (length - at).saturating_sub(nothing) as f32 / fall as f32;
        let closed = left.min(1.0);
        let level = opened * closed * closed * (3.0 - 2.0 * closed);
        *frame = frame.map(|x| x * level);
    }
}

/// Looks ahead, holds the lowest gain that is needed, and moves to it in a smooth line.
fn limit(mix: &mut Bus) {
    let ceiling = gain(CEILING);
    let ahead = frames(AHEAD);
    let wanted: Vec<f32> = peaks(&mix.frames)
        .iter()
        .map(|peak| if *peak > ceiling { ceiling / peak } else { 1.0 })
        .collect();
    if wanted.iter().all(|gain| *gain >= 1.0) {
        return;
    }
    let held = lowest_around(&wanted, ahead);
    let smooth = mean_around(&mean_around(&held, ahead / 2), ahead / 2 - 1);
    for (frame, gain) in mix.frames.iter_mut().zip(smooth) {
        *frame = frame.map(|x| x * gain);
    }
}

/// The lowest value within `reach` on both sides.
fn lowest_around(values: &[f32], reach: usize) -> Vec<f32> {
    let mut lowest = vec![1.0_f32; values.len()];
    for (at, value) in values.iter().enumerate().filter(|(_, value)| **value < 1.0) {
        let last = (at + reach + 1).min(values.len());
        for there in &mut lowest[at.saturating_sub(reach)..last] {
            *there = there.min(*value);
        }
    }
    lowest
}

/// The mean within `reach` on both sides; in double precision, so that the running sum stays true.
fn mean_around(values: &[f32], reach: usize) -> Vec<f32> {
    let at = |index: isize| f64::from(values[index.clamp(0, values.len() as isize - 1) as usize]);
    let reach = reach as isize;
    let mut sum: f64 = (-reach..=reach).map(at).sum();
    (0..values.len() as isize)
        .map(|index| {
            let mean = sum / (2 * reach + 1) as f64;
            sum += at(index + reach + 1) - at(index - reach);
            mean as f32
        })
        .collect()
}
