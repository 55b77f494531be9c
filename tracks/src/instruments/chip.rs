//! A games console of the eighties: pulses with sixteen steps of volume, a triangle made of
//! thirty-two, and a noise out of a shift register. Its edges are rounded only as far as a digital
//! file needs.

use crate::score::Stroke;
use crate::synth::{Bus, Envelope, Phase, RATE, frames, hz, pan, pulse, sine};

/// Which voice of the chip.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Chip {
    /// A pulse of this width, with a vibrato that comes late.
    Pulse(f32),
    /// The stepped triangle: all or nothing, it has no volume.
    Triangle,
}

/// Volume in sixteen steps.
fn stepped(level: f32) -> f32 {
    (level * 15.0).round() / 15.0
}

/// Plays one note, or, with `steps`, an arpeggio of semitones at the frame rate of the screen.
pub(crate) fn chip(bus: &mut Bus, stroke: Stroke, voice: Chip, place: f32, steps: &[f32]) {
    let roots: Vec<f32> = steps.iter().map(|step| hz(stroke.pitch + step)).collect();
    let [left, right] = pan(place);
    let (mut wave, mut vibrato) = (Phase::at(0.0), Phase::at(0.0));
    let mut envelope = Envelope::new(0.001, 0.35, 0.45, 0.03);
    let screen = frames(1.0 / 50.0);
    let (mut volume, mut gate) = (0.0_f32, 0.0_f32);
    for i in 0..frames(stroke.held + 0.25) {
        let held = i < frames(stroke.held * 0.9);
        let level = envelope.next(held);
        let late = ((i as f32 / RATE - 0.22) * 4.0).clamp(0.0, 1.0);
        let root = roots
            .get((i / screen) % roots.len().max(1))
            .copied()
            .unwrap_or(440.0);
        let bent = root * (1.0 + 0.006 * late * sine(vibrato.next(6.2).0));
        // Steps of volume and gates slide over a millisecond: the step is meant, its click is not.
        volume += (stepped(level * stroke.force) - volume) * 0.03;
        gate += (if held { 1.0 } else { 0.0 } - gate) * 0.03;
        let x = match voice {
            Chip::Pulse(width) => pulse(wave.next(bent), width) * volume * 0.22,
            Chip::Triangle => staircase(wave.next(bent).0) * gate * 0.5,
        };
        if !held && volume < 1e-5 && gate < 1e-5 {
            break;
        }
        bus.write(stroke.at + i, [x * left, x * right]);
    }
}

/// A triangle in sixteen levels up and sixteen down, half a step of it smoothed away.
fn staircase(turns: f32) -> f32 {
    let up = if turns < 0.5 {
        turns * 2.0
    } else {
        2.0 - turns * 2.0
    };
    let exact = up * 15.0;
    (0.5 * exact + 0.5 * exact.round()) / 7.5 - 1.0
}

/// The shift register: `period` frames a bit (higher is deeper), 93 bits round when `metallic`.
pub(crate) fn chip_noise(
    bus: &mut Bus,
    at: usize,
    force: f32,
    seconds: f32,
    period: f32,
    metallic: bool,
) {
    let mut register = 1_u16;
    let (mut due, mut bit, mut volume) = (0.0_f32, 0.0_f32, 0.0_f32);
    let last = frames(seconds);
    for i in 0..last {
        due += 1.0 / period;
        while due >= 1.0 {
            due -= 1.0;
            let tap = (register >> if metallic { 6 } else { 1 }) & 1;
            let fed = (register & 1) ^ tap;
            register = (register >> 1) | (fed << 14);
            bit = if register & 1 == 0 { 1.0 } else { -1.0 };
        }
        let left = 1.0 - i as f32 / last as f32;
        volume += (stepped(force * left * left) - volume) * 0.05;
        let x = bit * volume * 0.2;
        bus.write(at + i, [x, x]);
    }
}
