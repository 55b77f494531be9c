//! What is there when nobody plays: the surface of a record, and air over water.

use crate::synth::{Bus, Noise, OnePole, Phase, Svf, decay, frames, pan, sine};

/// The run of a record: dust that ticks, a scratch once a turn, a bed of hiss, for `seconds`.
pub(crate) fn vinyl(bus: &mut Bus, seconds: f32, noise: &mut Noise) {
    let last = frames(seconds).min(bus.frames.len());
    let (mut top, mut bottom) = (OnePole::new(5_200.0), OnePole::new(500.0));
    let mut sides = Noise::new(7);
    for at in 0..last {
        let bed = bottom.high(top.low(noise.white())) * 0.05;
        let other = sides.white() * 0.008;
        bus.write(at, [bed + other, bed - other]);
        // Some nine ticks a second, most of them dust, few of them heard as such.
        if noise.unit() < 9.0 / 44_100.0 {
            let force = noise.unit();
            tick(bus, at, 0.1 + 1.1 * force * force * force * force, noise);
        }
    }
    let turn = frames(1.8);
    for scratch in (turn / 3..last).step_by(turn) {
        tick(bus, scratch, 0.6, noise);
        tick(bus, scratch + 700, 0.3, noise);
    }
}

/// One tick: a few milliseconds of a narrow band, somewhere between the channels.
fn tick(bus: &mut Bus, at: usize, force: f32, noise: &mut Noise) {
    let [left, right] = pan(noise.near());
    let mut band = Svf::new(1_200.0 + 2_600.0 * noise.unit(), 1.4);
    let (mut level, falls) = (force, decay(0.006));
    for i in 0..frames(0.008) {
        let x = band.band(noise.white()) * level * (i as f32 / 12.0).min(1.0);
        level *= falls;
        bus.write(at + i, [x * left, x * right]);
    }
}

/// Wind over water: bands of noise that swell slowly and move from side to side.
pub(crate) fn breath(bus: &mut Bus, noise: &mut Noise) {
    for (hz, rate, phase) in [
        (420.0, 0.061, 0.0),
        (760.0, 0.083, 0.4),
        (1_500.0, 0.047, 0.7),
    ] {
        let (mut band, mut swell, mut side) =
            (Svf::new(hz, 1.8), Phase::at(phase), Phase::at(phase * 0.5));
        let mut gains = [0.0; 2];
        for at in 0..bus.frames.len() {
            let level = 0.5 + 0.5 * sine(swell.next(rate).0);
            let place = sine(side.next(rate * 0.7).0);
            if at % 64 == 0 {
                gains = pan(place * 0.8);
                band.tune(hz * (0.8 + 0.5 * level));
            }
            let x = band.band(noise.white()) * level * level;
            bus.write(at, [x * gains[0], x * gains[1]]);
        }
    }
}
