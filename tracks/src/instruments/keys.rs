//! Keyboards that are not a piano: an electric one with tines, a small organ for chops, and a
//! melodica with a player behind it.

use crate::score::Stroke;
use crate::synth::{Bus, Envelope, Noise, Phase, Svf, decay, frames, hz, pan, pulse, sine, soft};

/// An electric piano: one sine bends another (frequency modulation), more the harder it is struck,
/// with a short ping of the tine.
pub(crate) fn electric_piano(bus: &mut Bus, stroke: Stroke, noise: &mut Noise) {
    let root = hz(stroke.pitch);
    let [left, right] = pan(((stroke.pitch - 64.0) / 40.0 + 0.06 * noise.white()).clamp(-0.6, 0.6));
    let (mut carrier, mut bender, mut tine) = (Phase::at(0.0), Phase::at(0.0), Phase::at(0.0));
    let mut envelope = Envelope::new(0.003, 1.9, 0.0, 0.11);
    let (mut depth, depth_falls) = (0.12 + 0.26 * stroke.force * stroke.force, decay(2.2));
    let (mut ping, ping_falls) = (0.10 * stroke.force * stroke.force, decay(0.35));
    let tine_hz = (root * 7.02).min(6_000.0);
    for i in 0..frames(stroke.held + 0.9) {
        let held = i < frames(stroke.held);
        let level = envelope.next(held) * stroke.force;
        if envelope.is_over(held) {
            break;
        }
        let bend = sine(bender.next(root).0) * depth * 0.5;
        let turns = carrier.next(root).0 + bend;
        let x = sine(if turns >= 1.0 { turns - 1.0 } else { turns })
            + sine(tine.next(tine_hz).0) * ping;
        depth *= depth_falls;
        ping *= ping_falls;
        let x = soft(x * level * 0.9) * 0.4;
        bus.write(stroke.at + i, [x * left, x * right]);
    }
}

/// Drawbars 16', 8', 5⅓' and 4', cut short: the off-beat chop.
pub(crate) fn organ(bus: &mut Bus, stroke: Stroke, place: f32, noise: &mut Noise) {
    const BARS: [(f32, f32); 4] = [(0.5, 0.35), (1.0, 1.0), (1.5, 0.3), (2.0, 0.45)];
    let root = hz(stroke.pitch);
    let [left, right] = pan(place);
    let mut phases = BARS.map(|_| Phase::at(noise.unit()));
    let mut envelope = Envelope::new(0.004, 0.25, 0.5, 0.03);
    for i in 0..frames(stroke.held + 0.3) {
        let held = i < frames(stroke.held);
        let level = envelope.next(held) * stroke.force;
        if envelope.is_over(held) {
            break;
        }
        let mut x = 0.0;
        for (phase, (ratio, bar)) in phases.iter_mut().zip(BARS) {
            x += sine(phase.next(root * ratio).0) * bar;
        }
        let x = soft(x * 0.9) * level * 0.3;
        bus.write(stroke.at + i, [x * left, x * right]);
    }
}

/// A melodica: a free reed (a narrow pulse, filtered) that is blown into, with vibrato that comes
/// late and a scoop up to the note.
pub(crate) fn melodica(bus: &mut Bus, stroke: Stroke, place: f32, noise: &mut Noise) {
    let root = hz(stroke.pitch);
    let [left, right] = pan(place);
    let (mut reed, mut second, mut vibrato) =
        (Phase::at(0.0), Phase::at(0.4), Phase::at(noise.unit()));
    let mut envelope = Envelope::new(0.05, 0.4, 0.8, 0.07);
    let (mut body, mut air) = (Svf::new(1_300.0, 0.9), Svf::new(2_400.0, 1.2));
    let (mut scoop, scoop_falls) = (-0.012, decay(0.14));
    for i in 0..frames(stroke.held + 0.7) {
        let held = i < frames(stroke.held);
        let level = envelope.next(held) * stroke.force;
        if envelope.is_over(held) {
            break;
        }
        let late = (i as f32 / frames(0.6) as f32).min(1.0);
        let bent = root * (1.0 + scoop + 0.005 * late * sine(vibrato.next(5.1).0));
        scoop *= scoop_falls;
        if i % 32 == 0 {
            body.tune(700.0 + root + 900.0 * level);
        }
        let x = pulse(reed.next(bent), 0.28) + 0.6 * pulse(second.next(bent * 1.003), 0.34);
        let x = (body.low(x) + air.band(noise.white()) * 0.05) * level * 0.24;
        bus.write(stroke.at + i, [x * left, x * right]);
    }
}
