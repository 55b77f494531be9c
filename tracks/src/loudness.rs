//! How loud music is to people: integrated loudness and true peak after ITU-R BS.1770-5. Only
//! measures; who turns something up or down is the mastering.

use crate::synth::RATE;
#[cfg(test)]
use crate::synth::decibels;

/// The absolute gate in LUFS: what is quieter does not count, and silence measures as this.
pub(crate) const FLOOR: f64 = -70.0;

/// A second-order section with its state.
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    s: [f64; 2],
}

impl Biquad {
    #[inline]
    fn next(&mut self, x: f64) -> f64 {
        let y = self.b[0] * x + self.s[0];
        self.s[0] = self.b[1] * x - self.a[0] * y + self.s[1];
        self.s[1] = self.b[2] * x - self.a[1] * y;
        y
    }

    /// The shelf of stage 1 (the head), worked out for our rate from its analogue prototype.
    fn head() -> Self {
        let k = libm::tan(core::f64::consts::PI * 1_681.974_450_955_533 / f64::from(RATE));
        let q = 0.707_175_236_955_419_6;
        let high = libm::pow(10.0, 3.999_843_853_973_347 / 20.0);
        let mid = libm::pow(high, 0.499_666_774_154_541_6);
        let a0 = 1.0 + k / q + k * k;
        Self {
            b: [
                (high + mid * k / q + k * k) / a0,
                2.0 * (k * k - high) / a0,
                (high - mid * k / q + k * k) / a0,
            ],
            a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
            s: [0.0; 2],
        }
    }

    /// The high-pass of stage 2 (the RLB weighting).
    fn revised_low() -> Self {
        let k = libm::tan(core::f64::consts::PI * 38.135_470_876_024_44 / f64::from(RATE));
        let q = 0.500_327_037_323_877_3;
        let a0 = 1.0 + k / q + k * k;
        Self {
            b: [1.0, -2.0, 1.0],
            a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
            s: [0.0; 2],
        }
    }
}

/// Loudness in LUFS of a mean square.
fn lufs(power: f64) -> f64 {
    if power > 0.0 {
        -0.691 + 10.0 * libm::log10(power)
    } else {
        f64::NEG_INFINITY
    }
}

/// Weighted power of each tenth of a second, both channels together.
fn tenths(frames: &[[f32; 2]]) -> Vec<f64> {
    let mut weights = [0, 1].map(|_| (Biquad::head(), Biquad::revised_low()));
    let tenth = (RATE / 10.0) as usize;
    frames
        .chunks_exact(tenth)
        .map(|chunk| {
            let mut sum = 0.0;
            for frame in chunk {
                for (x, (head, low)) in frame.iter().zip(&mut weights) {
                    let y = low.next(head.next(f64::from(*x)));
                    sum += y * y;
                }
            }
            sum / tenth as f64
        })
        .collect()
}

/// Mean of the powers louder than a gate in LUFS, or nothing.
fn above(blocks: &[f64], gate: f64) -> f64 {
    let loud = blocks.iter().filter(|power| lufs(**power) > gate);
    let (sum, count) = loud.fold((0.0, 0_u32), |(sum, count), power| (sum + power, count + 1));
    if count == 0 {
        0.0
    } else {
        sum / f64::from(count)
    }
}

/// Integrated loudness in LUFS: blocks of 400 ms overlapping by three quarters, the absolute gate
/// at −70 LUFS, the relative one 10 LU under what passed it.
pub(crate) fn integrated(frames: &[[f32; 2]]) -> f64 {
    let tenths = tenths(frames);
    let blocks: Vec<f64> = tenths
        .windows(4)
        .map(|four| four.iter().sum::<f64>() / 4.0)
        .collect();
    let relative = lufs(above(&blocks, FLOOR)) - 10.0;
    lufs(above(&blocks, relative.max(FLOOR))).max(FLOOR)
}

/// Taps of the interpolator on each side of a frame.
const REACH: usize = 8;

/// Interpolation between frames at a quarter, a half and three quarters: windowed sinc.
fn quarters() -> [[f32; 2 * REACH]; 3] {
    core::array::from_fn(|quarter| {
        let part = (quarter + 1) as f64 / 4.0;
        core::array::from_fn(|tap| {
            let x = core::f64::consts::PI * (tap as f64 - (REACH as f64 - 1.0) - part);
            let window = 0.5 + 0.5 * libm::cos(x / REACH as f64);
            (libm::sin(x) / x * window) as f32
        })
    })
}

/// Highest magnitude at four times the rate, in dBTP.
#[cfg(test)]
pub(crate) fn true_peak(frames: &[[f32; 2]]) -> f64 {
    decibels(f64::from(
        peaks(frames)
            .iter()
            .fold(0.0_f32, |highest, peak| highest.max(*peak)),
    ))
}

/// The highest magnitude between each frame and the next, both channels, as linear amplitude.
pub(crate) fn peaks(frames: &[[f32; 2]]) -> Vec<f32> {
    let between = quarters();
    let mut peaks: Vec<f32> = frames
        .iter()
        .map(|frame| frame[0].abs().max(frame[1].abs()))
        .collect();
    for (at, window) in frames.windows(2 * REACH).enumerate() {
        // Interpolating costs most of mastering; quiet places cannot hold the peak that matters.
        if peaks[at + REACH - 1].max(peaks[at + REACH]) < 0.25 {
            continue;
        }
        for taps in &between {
            let (mut l, mut r) = (0.0_f32, 0.0_f32);
            for (frame, tap) in window.iter().zip(taps) {
                l += frame[0] * tap;
                r += frame[1] * tap;
            }
            let here = &mut peaks[at + REACH - 1];
            *here = here.max(l.abs()).max(r.abs());
        }
    }
    peaks
}
