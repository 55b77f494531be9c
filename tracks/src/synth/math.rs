//! The few functions that turn musical units into numbers. Everything here is either plain IEEE
//! arithmetic or `libm` in software, so it gives the same bits on every platform.

use core::f32::consts::PI;

/// Frames per second of everything in this crate.
pub(crate) const RATE: f32 = crate::SAMPLE_RATE as f32;

/// Frequency of a MIDI pitch (69 is A4); fractions are detunings.
pub(crate) fn hz(pitch: f32) -> f32 {
    440.0 * libm::exp2f((pitch - 69.0) / 12.0)
}

/// Linear gain of a level in decibels.
pub(crate) fn gain(decibels: f32) -> f32 {
    libm::powf(10.0, decibels / 20.0)
}

/// Level in decibels of a linear gain.
#[cfg(test)]
pub(crate) fn decibels(gain: f64) -> f64 {
    20.0 * libm::log10(gain)
}

/// Factor per frame that falls by 60 dB in `seconds`.
pub(crate) fn decay(seconds: f32) -> f32 {
    libm::expf(-6.907_755 / (seconds * RATE))
}

/// Whole frames in `seconds`, never negative.
pub(crate) fn frames(seconds: f32) -> usize {
    (seconds * RATE) as usize
}

/// Sine of a phase in turns, for phases in −1 to 1. An odd polynomial, 4e-6 off at worst.
pub(crate) fn sine(turns: f32) -> f32 {
    let wrapped = if turns >= 0.5 {
        turns - 1.0
    } else if turns < -0.5 {
        turns + 1.0
    } else {
        turns
    };
    let folded = if wrapped > 0.25 {
        0.5 - wrapped
    } else if wrapped < -0.25 {
        -0.5 - wrapped
    } else {
        wrapped
    };
    let x = folded * 2.0 * PI;
    let q = x * x;
    x * (1.0 + q * (-1.0 / 6.0 + q * (1.0 / 120.0 + q * (-1.0 / 5040.0 + q / 362_880.0))))
}

/// Saturation with the shape of tanh: unit slope at rest, ±1 at ±3 and beyond.
pub(crate) fn soft(x: f32) -> f32 {
    let x = x.clamp(-3.0, 3.0);
    x * (27.0 + x * x) / (27.0 + 9.0 * x * x)
}

/// Gains of left and right at equal power, for a place from −1 (left) to 1 (right).
pub(crate) fn pan(place: f32) -> [f32; 2] {
    let angle = (place.clamp(-1.0, 1.0) + 1.0) * (PI / 4.0);
    [libm::cosf(angle), libm::sinf(angle)]
}
