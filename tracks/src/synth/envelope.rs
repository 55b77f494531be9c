//! How a note rises, settles and goes: exponential segments, because straight ones sound like
//! switches.

use super::RATE;

/// Attack, decay, sustain, release.
#[derive(Clone, Copy)]
pub(crate) struct Envelope {
    level: f32,
    rising: bool,
    attack: f32,
    decay: f32,
    sustain: f32,
    release: f32,
}

/// Approach per frame that covers two thirds of the way in `seconds`.
fn approach(seconds: f32) -> f32 {
    1.0 - libm::expf(-1.0 / (seconds.max(0.0005) * RATE))
}

impl Envelope {
    /// Times in seconds (time constants for decay and release), sustain from 0 to 1.
    pub(crate) fn new(attack: f32, decay: f32, sustain: f32, release: f32) -> Self {
        Self {
            level: 0.0,
            rising: true,
            // Aims at 1.3 and stops at 1, which takes some 1.5 time constants.
            attack: approach(attack / 1.5),
            decay: approach(decay),
            sustain,
            release: approach(release),
        }
    }

    /// The level of the next frame, while the key is held or after.
    #[inline]
    pub(crate) fn next(&mut self, held: bool) -> f32 {
        if !held {
            self.level -= self.level * self.release;
        } else if self.rising {
            self.level += (1.3 - self.level) * self.attack;
            if self.level >= 1.0 {
                self.level = 1.0;
                self.rising = false;
            }
        } else {
            self.level += (self.sustain - self.level) * self.decay;
        }
        self.level
    }

    /// Whether nothing more will be heard of it.
    pub(crate) fn is_over(&self, held: bool) -> bool {
        !held && self.level < 0.000_2
    }
}
