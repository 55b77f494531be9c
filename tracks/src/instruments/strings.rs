//! Saws through filters: pads that swell and plucks that sparkle.

use crate::score::Stroke;
use crate::synth::{Bus, Envelope, Noise, OnePole, Phase, Svf, frames, hz, pan, saw, sine};

/// What kind of pad.
#[derive(Clone, Copy)]
pub(crate) struct Pad {
    /// Seconds to rise.
    pub(crate) attack: f32,
    /// Time constant of the end, in seconds.
    pub(crate) release: f32,
    /// Corner of the filter when closed.
    pub(crate) dark_hz: f32,
    /// How far it opens with the swell.
    pub(crate) open_hz: f32,
    /// Detuning between the voices in cents.
    pub(crate) detune: f32,
}

/// Swells one note on three voices: left, middle, right.
pub(crate) fn pad(bus: &mut Bus, stroke: Stroke, kind: Pad, noise: &mut Noise) {
    for (place, cents) in [(-0.85, -kind.detune), (0.1, 0.0), (0.85, kind.detune)] {
        let root = hz(stroke.pitch + (cents + 1.5 * noise.white()) / 100.0);
        let [left, right] = pan(place);
        let (mut wave, mut drift) = (Phase::at(noise.unit()), Phase::at(noise.unit()));
        let mut envelope = Envelope::new(kind.attack, 4.0, 0.75, kind.release);
        let mut filter = Svf::new(kind.dark_hz, 0.75);
        let mut second = OnePole::new(kind.dark_hz + kind.open_hz);
        for i in 0..frames(stroke.held + kind.release * 7.0) {
            let held = i < frames(stroke.held);
            let level = envelope.next(held);
            if envelope.is_over(held) || stroke.at + i >= bus.frames.len() {
                break;
            }
            let slow = sine(drift.next(0.13).0);
            if i % 64 == 0 {
                filter.tune(kind.dark_hz + kind.open_hz * level * (0.8 + 0.2 * slow));
            }
            let x = saw(wave.next(root * (1.0 + 0.0012 * slow)));
            let x = second.low(filter.low(x)) * level * stroke.force * 0.16;
            bus.write(stroke.at + i, [x * left, x * right]);
        }
    }
}

/// A plucked synthesiser string: bright for a moment, then its fundamental. `open` (0 to 1) is how
/// far the whole patch is opened.
pub(crate) fn pluck(bus: &mut Bus, stroke: Stroke, place: f32, open: f32, noise: &mut Noise) {
    let root = hz(stroke.pitch);
    let [left, right] = pan(place);
    let (mut one, mut two) = (Phase::at(noise.unit()), Phase::at(noise.unit()));
    let mut envelope = Envelope::new(0.002, 0.22 + 0.25 * open, 0.0, 0.09);
    let mut sweep = Envelope::new(0.001, 0.06 + 0.16 * open, 0.08, 0.06);
    let mut filter = Svf::new(500.0, 1.5);
    for i in 0..frames(stroke.held + 1.0) {
        let held = i < frames(stroke.held);
        let level = envelope.next(held);
        let swept = sweep.next(held);
        if envelope.is_over(held) || (held && i > 2_000 && level < 0.000_2) {
            break;
        }
        if i % 16 == 0 {
            filter
                .tune(root * 0.9 + 140.0 + (700.0 + 4_600.0 * open * open) * swept * stroke.force);
        }
        let x = saw(one.next(root * 1.0016)) + saw(two.next(root * 0.9984));
        let x = filter.low(x) * level * stroke.force * 0.2;
        bus.write(stroke.at + i, [x * left, x * right]);
    }
}
