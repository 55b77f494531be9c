//! Drums and small percussion, each made of a tone that falls and a noise that is shaped.

use crate::synth::{Bus, Noise, OnePole, Phase, Svf, decay, frames, pan, pulse, sine, soft};

/// A bass drum: a sine that falls from a knock to its `root_hz`, with a little beater.
pub(crate) fn kick(bus: &mut Bus, at: usize, force: f32, root_hz: f32, seconds: f32) {
    let mut skin = Phase::at(0.0);
    let (mut bend, bend_falls) = (3.2, decay(0.11));
    let (mut level, falls) = (force, decay(seconds));
    let last = frames(seconds * 1.2);
    for i in 0..last {
        let out = ((last - i) as f32 / 300.0).min(1.0) * (i as f32 / 40.0).min(1.0);
        let x = sine(skin.next(root_hz * (1.0 + bend)).0);
        let x = soft(x * level * 1.6) * 0.6 * out;
        bend *= bend_falls;
        level *= falls;
        bus.write(at + i, [x, x]);
    }
}

/// Noise through a band, falling; most percussion is this with other numbers.
struct Hiss {
    band_hz: f32,
    q: f32,
    above_hz: f32,
    seconds: f32,
    level: f32,
    place: f32,
    /// Frames to rise.
    rise: f32,
}

impl Hiss {
    fn play(&self, bus: &mut Bus, at: usize, noise: &mut Noise) {
        let [left, right] = pan(self.place);
        let (mut band, mut above) = (Svf::new(self.band_hz, self.q), OnePole::new(self.above_hz));
        let (mut level, falls) = (self.level, decay(self.seconds));
        let last = frames(self.seconds * 1.1);
        for i in 0..last {
            let out = ((last - i) as f32 / 200.0).min(1.0) * (i as f32 / self.rise).min(1.0);
            let x = above.high(band.band(noise.white())) * level * out;
            level *= falls;
            bus.write(at + i, [x * left, x * right]);
        }
    }
}

/// A snare: two skins' tones and the wires.
pub(crate) fn snare(bus: &mut Bus, at: usize, force: f32, noise: &mut Noise) {
    let (mut low, mut high) = (Phase::at(0.0), Phase::at(0.0));
    let (mut level, falls) = (0.34 * force, decay(0.16));
    let (mut bend, bend_falls) = (0.5, decay(0.05));
    for i in 0..frames(0.2) {
        let out = ((frames(0.2) - i) as f32 / 300.0).min(1.0) * (i as f32 / 30.0).min(1.0);
        let x = (sine(low.next(182.0 * (1.0 + bend)).0)
            + 0.5 * sine(high.next(331.0 * (1.0 + bend)).0))
            * level
            * out;
        bend *= bend_falls;
        level *= falls;
        bus.write(at + i, [x, x]);
    }
    let wires = Hiss {
        band_hz: 2_600.0,
        q: 0.5,
        above_hz: 900.0,
        seconds: 0.24,
        level: 0.42 * force,
        place: 0.06,
        rise: 30.0,
    };
    wires.play(bus, at, noise);
}

/// A rim click: dry wood.
pub(crate) fn rim(bus: &mut Bus, at: usize, force: f32, noise: &mut Noise) {
    let (mut wood, mut ring) = (Phase::at(0.0), Phase::at(0.0));
    let (mut level, falls) = (0.5 * force, decay(0.055));
    for i in 0..frames(0.07) {
        let x = (sine(wood.next(820.0).0) + 0.6 * sine(ring.next(1_640.0).0))
            * level
            * (i as f32 / 20.0).min(1.0);
        level *= falls;
        bus.write(at + i, [x * 0.8, x * 0.6]);
    }
    Hiss {
        band_hz: 3_000.0,
        q: 0.8,
        above_hz: 800.0,
        seconds: 0.03,
        level: 0.3 * force,
        place: -0.15,
        rise: 10.0,
    }
    .play(bus, at, noise);
}

/// A hi-hat: six pulses that agree on nothing, and air. `seconds` is how open it is.
pub(crate) fn hat(bus: &mut Bus, at: usize, force: f32, seconds: f32, noise: &mut Noise) {
    const METAL: [f32; 6] = [2_051.0, 3_042.0, 3_693.0, 4_113.0, 5_401.0, 6_172.0];
    let [left, right] = pan(0.3);
    let mut phases = METAL.map(|_| Phase::at(noise.unit()));
    let (mut cut, mut soften) = (Svf::new(7_200.0, 0.9), OnePole::new(10_500.0));
    let (mut level, falls) = (0.14 * force, decay(seconds));
    let last = frames(seconds * 1.1);
    for i in 0..last {
        let out = ((last - i) as f32 / 200.0).min(1.0) * (i as f32 / 20.0).min(1.0);
        let mut x = noise.white() * 1.2;
        for (phase, metal) in phases.iter_mut().zip(METAL) {
            x += pulse(phase.next(metal), 0.5) * 0.4;
        }
        let x = soften.low(cut.high(x)) * level * out;
        level *= falls;
        bus.write(at + i, [x * left, x * right]);
    }
}

/// A shaker: sand that needs a moment to move.
pub(crate) fn shaker(bus: &mut Bus, at: usize, force: f32, noise: &mut Noise) {
    Hiss {
        band_hz: 6_200.0,
        q: 0.8,
        above_hz: 3_000.0,
        seconds: 0.11,
        level: 0.2 * force,
        place: -0.4,
        rise: 900.0,
    }
    .play(bus, at, noise);
}
