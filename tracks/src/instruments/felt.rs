//! A piano with a strip of felt between hammers and strings, heard from close by: soft in the top,
//! with the wood of the action in it.

use crate::score::Stroke;
use crate::synth::{Bus, Mode, Noise, OnePole, decay, frames, gain, hz, pan, ring};

/// Plays one key. The damper falls when the stroke's hold ends.
pub(crate) fn felt(bus: &mut Bus, stroke: Stroke, noise: &mut Noise) {
    let place = ((stroke.pitch - 62.0) / 34.0).clamp(-0.8, 0.8);
    let modes = strings(stroke, place, noise);
    // High strings have small dampers: they die a little later than the hand says.
    ring(
        bus,
        stroke.at,
        &modes,
        stroke.held,
        0.35 + (76.0 - stroke.pitch).max(0.0) * 0.012,
    );
    action(bus, stroke, place, noise);
}

/// Two strings to a key, a hair apart: one dies quickly, the other sings on, and they beat.
fn strings(stroke: Stroke, place: f32, noise: &mut Noise) -> Vec<Mode> {
    let root = hz(stroke.pitch);
    let stiffness = 0.000_12 * libm::exp2f((stroke.pitch - 48.0) / 14.0);
    let felt_hz = 330.0 + 900.0 * stroke.force * stroke.force + root * 0.55;
    let longest = 13.0 * libm::exp2f(-(stroke.pitch - 40.0) / 17.0).min(1.4);
    let mut modes = Vec::new();
    for number in 1..=14 {
        let n = number as f32;
        let partial = root * n * (1.0 + stiffness * n * n).sqrt();
        if partial > 7_000.0 {
            break;
        }
        // Struck at an eighth of its length, a string lacks every eighth partial.
        let strike = libm::sinf(core::f32::consts::PI * n / 8.0).abs() + 0.08;
        let level = stroke.force * strike * libm::expf(-partial / felt_hz) / libm::sqrtf(n);
        let seconds = longest / (1.0 + 0.3 * (n - 1.0));
        let beating = 0.12 + 0.25 * noise.unit();
        let spread = 0.16 * noise.white();
        modes.push(Mode {
            hz: partial,
            level: level * 0.66,
            seconds: seconds * 0.38,
            place: place - spread,
        });
        modes.push(Mode {
            hz: partial + beating,
            level: level * 0.34,
            seconds,
            place: place + spread,
        });
    }
    // Low notes have more partials: equal force is to be equally loud.
    let power: f32 = modes.iter().map(|mode| mode.level * mode.level).sum();
    let even = stroke.force * gain(-10.0) / power.sqrt().max(1e-6);
    modes.iter_mut().for_each(|mode| mode.level *= even);
    modes
}

/// Hammer and key: a muffled thump, and felt brushing the string.
fn action(bus: &mut Bus, stroke: Stroke, place: f32, noise: &mut Noise) {
    let [left, right] = pan(place * 0.6);
    let (mut wood, mut brush, mut rumble) = (
        OnePole::new(240.0),
        OnePole::new(1_500.0),
        OnePole::new(60.0),
    );
    let (mut thump, mut touch) = (0.42 * stroke.force, 0.03 * stroke.force);
    let (thump_falls, touch_falls) = (decay(0.07), decay(0.12));
    for i in 0..frames(0.12) {
        let white = noise.white();
        let rise = (i as f32 / 130.0).min(1.0);
        let x = rise * (rumble.high(wood.low(white)) * thump + brush.low(white) * touch);
        thump *= thump_falls;
        touch *= touch_falls;
        bus.write(stroke.at + i, [x * left, x * right]);
    }
}
