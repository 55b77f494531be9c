//! Things that are struck and ring: a sum of decaying sines. Strings, bars and bells differ only
//! in where their modes lie and how long each lasts.

use super::{Bus, RATE, decay, frames, pan};
use core::f32::consts::PI;

/// One way in which a body vibrates.
#[derive(Clone, Copy)]
pub(crate) struct Mode {
    /// Frequency.
    pub(crate) hz: f32,
    /// Amplitude at the strike.
    pub(crate) level: f32,
    /// Seconds to fall by 60 dB.
    pub(crate) seconds: f32,
    /// From −1 (left) to 1 (right).
    pub(crate) place: f32,
}

/// Modes computed side by side; a multiple of what a vector register holds.
const LANES: usize = 8;

/// Eight rotating pointers: each turns and shrinks by one complex factor per frame.
#[derive(Default)]
struct Bank {
    x: [f32; LANES],
    y: [f32; LANES],
    cos: [f32; LANES],
    sin: [f32; LANES],
    left: [f32; LANES],
    right: [f32; LANES],
}

impl Bank {
    fn new(modes: &[Mode]) -> Self {
        let mut bank = Self::default();
        for (lane, mode) in modes.iter().take(LANES).enumerate() {
            let angle = 2.0 * PI * mode.hz / RATE;
            let shrink = decay(mode.seconds);
            bank.x[lane] = mode.level;
            bank.cos[lane] = libm::cosf(angle) * shrink;
            bank.sin[lane] = libm::sinf(angle) * shrink;
            [bank.left[lane], bank.right[lane]] = pan(mode.place);
        }
        bank
    }

    #[inline]
    fn next(&mut self) -> [f32; 2] {
        let (mut left, mut right) = (0.0, 0.0);
        for i in 0..LANES {
            let (x, y) = (self.x[i], self.y[i]);
            self.x[i] = x * self.cos[i] - y * self.sin[i];
            self.y[i] = x * self.sin[i] + y * self.cos[i];
        }
        for i in 0..LANES {
            left += self.y[i] * self.left[i];
            right += self.y[i] * self.right[i];
        }
        [left, right]
    }
}

/// Strikes the modes at a frame; they ring freely for `held` seconds and are then damped, to fall
/// by 60 dB in `damping` seconds.
pub(crate) fn ring(bus: &mut Bus, at: usize, modes: &[Mode], held: f32, damping: f32) {
    const FADE: usize = 600;
    let longest = modes
        .iter()
        .fold(0.0_f32, |longest, mode| longest.max(mode.seconds));
    let last = frames((longest * 1.2).min(held + damping * 1.2)) + FADE;
    let (released, damp) = (frames(held), decay(damping));
    for eight in modes.chunks(LANES) {
        let mut bank = Bank::new(eight);
        let mut level = 1.0;
        for i in 0..last.min(bus.frames.len().saturating_sub(at)) {
            if i >= released {
                level *= damp;
            }
            // The last frames go to nothing, so that even a cut tail cannot click.
            let out = level * ((last - i) as f32 / FADE as f32).min(1.0);
            let [l, r] = bank.next();
            bus.write(at + i, [l * out, r * out]);
        }
    }
}
