//! An ambient pad in C, with the fourth raised: six chords of seven seconds, each grown out of the
//! tones of the last, wind, and a few bells that remember a tune.

use crate::instruments::{Pad, bell, breath, pad};
use crate::score::{Clock, Hand, Note, chord, read};
use crate::synth::{Bus, Echo, Hall, Noise, OnePole, Phase, chorus, hz, sine};

const CHORDS: [&str; 6] = [
    "C3+G3+E4+B4+D5",
    "A2+G3+E4+B4+C5",
    "F2+A3+E4+G4+B4",
    "D3+A3+E4+F#4+C5",
    "E3+G3+D4+B4+F#5",
    "C3+G3+D4+E4+B4+G5",
];
const DEEP: [f32; 6] = [36.0, 33.0, 29.0, 38.0, 40.0, 36.0];
const BELLS: &str = "-:3 E5:1 B5:3 | -:2 G5:1 E5:1 D5:3 | -:2 E5:1 B5:1 A5:1 G5:2 | \
     -:2.5 F#5:1.5 E6:3 | -:2 D6:1 B5:1 F#5:1 G5:2 | -:2 E5:1 B5:4";
const SECONDS: f32 = 7.0;
const SWELL: Pad = Pad {
    attack: 3.0,
    release: 1.5,
    dark_hz: 180.0,
    open_hz: 1_250.0,
    detune: 8.0,
};
const SHIMMER: Pad = Pad {
    attack: 4.0,
    release: 1.8,
    dark_hz: 600.0,
    open_hz: 1_900.0,
    detune: 12.0,
};

/// The whole piece, unmastered.
pub(crate) fn compose(seed: u64) -> Bus {
    let clock = Clock::new(60.0);
    let silence = Bus::silent(52.0);
    let (mut pads, mut deep, mut bells, mut wind) = (
        silence.clone(),
        silence.clone(),
        silence.clone(),
        silence.clone(),
    );
    let mut hand = Hand::new(seed, clock, 0.25, 0.1);
    for (number, tones) in CHORDS.iter().enumerate() {
        let beat = (number as f32 * SECONDS - 0.6).max(0.0);
        for (voice, pitch) in chord(tones).into_iter().enumerate() {
            let note = Note {
                beat: beat + voice as f32 * 0.22,
                beats: SECONDS,
                pitch,
                accent: false,
            };
            let force = 0.75 - 0.06 * voice as f32;
            pad(
                &mut pads,
                hand.play(note, force),
                SWELL,
                &mut hand.noise.clone(),
            );
            if voice >= 3 {
                let above = Note {
                    pitch: pitch + 12.0,
                    ..note
                };
                pad(
                    &mut pads,
                    hand.play(above, 0.13),
                    SHIMMER,
                    &mut hand.noise.clone(),
                );
            }
        }
        ground(&mut deep, clock.frame(beat), DEEP[number] + 12.0);
    }
    let mut mallet = Hand::new(seed ^ 0xbe, clock, 0.06, 0.25);
    for (number, note) in read(BELLS).into_iter().enumerate() {
        let place = if number % 2 == 0 { -0.55 } else { 0.55 };
        let stroke = mallet.play(note, 0.45);
        bell(&mut bells, stroke, place, &mut mallet.noise);
    }
    breath(&mut wind, &mut Noise::new(seed ^ 0x77));
    chorus(&mut pads, 0.17, 110.0, 0.6);
    let far = Echo {
        left: 0.875,
        right: 1.3125,
        feedback: 0.5,
        cross: 1.0,
        low_hz: 350.0,
        high_hz: 3_000.0,
    };
    let echoed = far.of(&bells);
    let hall = Hall {
        size: 1.7,
        seconds: 6.5,
        bright_hz: 3_800.0,
        before: 0.04,
    };
    let mut wet = silence.clone();
    wet.mix(&pads, -20.0);
    wet.mix(&bells, -23.0);
    wet.mix(&echoed, -27.0);
    let mut mix = silence;
    mix.mix(&pads, -20.0);
    mix.mix(&deep, -25.0);
    mix.mix(&bells, -25.0);
    mix.mix(&echoed, -31.0);
    mix.mix(&wind, -36.0);
    mix.mix(&hall.of(&wet), -22.5);
    mix.widen(1.15);
    mix
}

/// A sine under everything, with a little of its octave so that it is heard on small boxes.
fn ground(bus: &mut Bus, at: usize, pitch: f32) {
    let (mut low, mut octave) = (Phase::at(0.0), Phase::at(0.0));
    let mut level = [OnePole::new(0.25), OnePole::new(0.25)];
    let root = hz(pitch);
    let held = crate::synth::frames(SECONDS - 0.6);
    for i in 0..crate::synth::frames(SECONDS + 5.0) {
        let open = if i < held { 1.0 } else { 0.0 };
        let swell = level.iter_mut().fold(open, |x, pole| pole.low(x));
        let x = (sine(low.next(root).0) + 0.25 * sine(octave.next(root * 2.0).0)) * swell * 0.4;
        bus.write(at + i, [x, x]);
    }
}
