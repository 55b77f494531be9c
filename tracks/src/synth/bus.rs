//! A bus: stereo frames of one length, onto which instruments write and through which effects
//! pass. Writing past its end is silence, not an error: tails may simply run out.

use super::{frames, gain};
use crate::loudness;

/// Stereo frames in floating point.
#[derive(Clone)]
pub(crate) struct Bus {
    /// Left and right, one pair per frame.
    pub(crate) frames: Vec<[f32; 2]>,
}

impl Bus {
    /// A silent bus, `seconds` long.
    pub(crate) fn silent(seconds: f32) -> Self {
        Self {
            frames: vec![[0.0; 2]; frames(seconds)],
        }
    }

    /// A silent bus as long as this one.
    pub(crate) fn alike(&self) -> Self {
        Self {
            frames: vec![[0.0; 2]; self.frames.len()],
        }
    }

    /// Adds one frame at a place; nothing when the place is past the end.
    #[inline]
    pub(crate) fn write(&mut self, at: usize, frame: [f32; 2]) {
        if let Some(there) = self.frames.get_mut(at) {
            there[0] += frame[0];
            there[1] += frame[1];
        }
    }

    /// Adds another bus at a linear gain.
    pub(crate) fn add(&mut self, other: &Bus, gain: f32) {
        for (here, there) in self.frames.iter_mut().zip(&other.frames) {
            here[0] += there[0] * gain;
            here[1] += there[1] * gain;
        }
    }

    /// Adds a stem so that, while it plays, it is this loud (LUFS, gated). Mixing by measured
    /// loudness keeps the balance when an instrument's own level changes.
    pub(crate) fn mix(&mut self, stem: &Bus, lufs: f32) {
        let measured = loudness::integrated(&stem.frames) as f32;
        if measured > loudness::FLOOR as f32 {
            self.add(stem, gain(lufs - measured));
        }
    }

    /// Passes every frame through a function, in order.
    pub(crate) fn each(&mut self, mut through: impl FnMut([f32; 2]) -> [f32; 2]) {
        for frame in &mut self.frames {
            *frame = through(*frame);
        }
    }

    /// Turns the bus down by up to `depth` (0 to 1) after each hit, back up within `seconds`.
    pub(crate) fn duck(&mut self, hits: &[usize], depth: f32, seconds: f32) {
        let back = super::decay(seconds * 2.0);
        let (mut pressed, mut smooth, mut next) = (0.0_f32, 0.0_f32, 0);
        for (at, frame) in self.frames.iter_mut().enumerate() {
            while hits.get(next).is_some_and(|&hit| hit <= at) {
                pressed = 1.0;
                next += 1;
            }
            // Smoothed over some 3 ms: a gain that jumps is a click.
            smooth += (pressed - smooth) * 0.008;
            pressed *= back;
            let gain = 1.0 - depth * smooth;
            frame[0] *= gain;
            frame[1] *= gain;
        }
    }

    /// Narrows (below 1) or widens (above 1) the stereo image.
    pub(crate) fn widen(&mut self, width: f32) {
        self.each(|[l, r]| {
            let (mid, side) = ((l + r) * 0.5, (l - r) * 0.5 * width);
            [mid + side, mid - side]
        });
    }
}
