//! Filters: a one-pole for softening, a state-variable one for playing, a blocker for what should
//! not be there at all.

use super::RATE;
use core::f32::consts::PI;

/// A first-order low-pass.
#[derive(Clone, Copy, Default)]
pub(crate) struct OnePole {
    k: f32,
    state: f32,
}

impl OnePole {
    /// Low-pass with its corner at `hz`.
    pub(crate) fn new(hz: f32) -> Self {
        Self {
            k: 1.0 - libm::expf(-2.0 * PI * hz / RATE),
            state: 0.0,
        }
    }

    /// What is below the corner.
    #[inline]
    pub(crate) fn low(&mut self, x: f32) -> f32 {
        self.state += (x - self.state) * self.k;
        self.state
    }

    /// What is above the corner.
    #[inline]
    pub(crate) fn high(&mut self, x: f32) -> f32 {
        x - self.low(x)
    }
}

/// A state-variable filter in the trapezoidal form, which stays stable while it is swept.
#[derive(Clone, Copy)]
pub(crate) struct Svf {
    g: f32,
    damping: f32,
    scale: f32,
    s1: f32,
    s2: f32,
}

impl Svf {
    /// At `hz`, with resonance `q` (0.7 is flat).
    pub(crate) fn new(hz: f32, q: f32) -> Self {
        let mut filter = Self {
            g: 0.0,
            damping: 1.0 / q,
            scale: 0.0,
            s1: 0.0,
            s2: 0.0,
        };
        filter.tune(hz);
        filter
    }

    /// Moves the corner; costs a tangent, so players do it every few frames.
    pub(crate) fn tune(&mut self, hz: f32) {
        self.g = libm::tanf(PI * hz.clamp(10.0, RATE * 0.45) / RATE);
        self.scale = 1.0 / (1.0 + self.g * (self.g + self.damping));
    }

    /// Low, band and high of the next frame.
    #[inline]
    fn next(&mut self, x: f32) -> [f32; 3] {
        let high = (x - self.s1 * (self.g + self.damping) - self.s2) * self.scale;
        let band = self.g * high + self.s1;
        let low = self.g * band + self.s2;
        self.s1 = self.g * high + band;
        self.s2 = self.g * band + low;
        [low, band, high]
    }

    /// What is below the corner.
    #[inline]
    pub(crate) fn low(&mut self, x: f32) -> f32 {
        self.next(x)[0]
    }

    /// What is around the corner, at unit gain there.
    #[inline]
    pub(crate) fn band(&mut self, x: f32) -> f32 {
        self.next(x)[1] * self.damping
    }

    /// What is above the corner.
    #[inline]
    pub(crate) fn high(&mut self, x: f32) -> f32 {
        self.next(x)[2]
    }
}

/// Removes what does not move: a second-order high-pass at 22 Hz.
pub(crate) struct DcBlock(Svf);

impl DcBlock {
    /// At rest.
    pub(crate) fn new() -> Self {
        Self(Svf::new(22.0, 0.7))
    }

    /// The next frame without its offset.
    #[inline]
    pub(crate) fn next(&mut self, x: f32) -> f32 {
        self.0.high(x)
    }
}
