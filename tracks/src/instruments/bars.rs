//! Struck bars: wood (a marimba) and metal (a bell of thin bronze).

use crate::score::Stroke;
use crate::synth::{Bus, Mode, Noise, OnePole, decay, frames, hz, pan, ring};

/// Modes of a tuned wooden bar over its resonator: the second two octaves up, the third near three
/// octaves and a third.
const WOOD: [(f32, f32, f32); 4] = [
    (1.0, 1.0, 1.0),
    (3.98, 0.24, 0.28),
    (9.4, 0.09, 0.1),
    (16.2, 0.03, 0.05),
];
/// Hum, prime, tierce, quint, nominal and what shimmers above.
const BRONZE: [(f32, f32, f32); 7] = [
    (0.5, 0.22, 1.0),
    (1.0, 1.0, 0.8),
    (2.002, 0.5, 0.6),
    (2.74, 0.16, 0.4),
    (4.01, 0.2, 0.3),
    (5.4, 0.1, 0.2),
    (6.9, 0.05, 0.12),
];

/// A marimba bar, struck with a medium mallet.
pub(crate) fn marimba(bus: &mut Bus, stroke: Stroke, place: f32, noise: &mut Noise) {
    let root = hz(stroke.pitch);
    let seconds = 1.9 * libm::exp2f(-(stroke.pitch - 57.0) / 16.0);
    let modes: Vec<Mode> = WOOD
        .iter()
        .enumerate()
        .filter(|(_, mode)| root * mode.0 < 9_000.0)
        .map(|(number, (ratio, level, share))| Mode {
            hz: root * ratio,
            // A harder stroke brings the upper modes out.
            level: stroke.force
                * level
                * if number == 0 {
                    1.0
                } else {
                    0.35 + stroke.force
                },
            seconds: seconds * share,
            place: place + 0.05 * noise.white(),
        })
        .collect();
    ring(bus, stroke.at, &modes, 9.0, 0.4);
    mallet(bus, stroke, place, noise);
}

/// The knock of yarn on wood.
fn mallet(bus: &mut Bus, stroke: Stroke, place: f32, noise: &mut Noise) {
    let [left, right] = pan(place);
    let (mut top, mut bottom) = (OnePole::new(1_900.0), OnePole::new(350.0));
    let (mut level, falls) = (0.5 * stroke.force * stroke.force, decay(0.035));
    for i in 0..frames(0.05) {
        let x = (i as f32 / 40.0).min(1.0) * level * bottom.high(top.low(noise.white()));
        level *= falls;
        bus.write(stroke.at + i, [x * left, x * right]);
    }
}

/// A small bell, never quite in the middle.
pub(crate) fn bell(bus: &mut Bus, stroke: Stroke, place: f32, noise: &mut Noise) {
    let root = hz(stroke.pitch);
    let seconds = 7.0 * libm::exp2f(-(stroke.pitch - 72.0) / 20.0);
    let mut modes = Vec::new();
    for (ratio, level, share) in BRONZE {
        let spread = 0.3 * noise.white();
        let level =
            stroke.force * level * libm::expf(-root * ratio / (1_500.0 + 2_500.0 * stroke.force));
        let mode = Mode {
            hz: root * ratio,
            level,
            seconds: seconds * share,
            place: place + spread,
        };
        modes.push(mode);
        // Nothing cast is round: each mode is two, and they beat.
        modes.push(Mode {
            hz: mode.hz + 0.3 + noise.unit(),
            level: level * 0.6,
            place: place - spread,
            ..mode
        });
    }
    ring(bus, stroke.at, &modes, 12.0, 1.0);
}
