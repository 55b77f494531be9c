//! Chance, seeded. Everything accidental in a piece (a late note, the dust on the record) comes
//! from here, so that the accident is the same each time.

/// A SplitMix64 sequence.
#[derive(Clone)]
pub(crate) struct Noise(u64);

impl Noise {
    /// The sequence of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in 0 to 1, 24 bits fine.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / 16_777_216.0
    }

    /// Uniform in −1 to 1.
    pub(crate) fn white(&mut self) -> f32 {
        self.unit() * 2.0 - 1.0
    }

    /// Around zero, mostly near it, never beyond ±1: how a hand misses.
    pub(crate) fn near(&mut self) -> f32 {
        (self.white() + self.white() + self.white()) / 3.0
    }
}
