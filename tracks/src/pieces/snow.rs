//! Slow felt piano in D major. A falling third asks four times; the third time it is let rise, and
//! one borrowed minor chord shades the way home.

use crate::instruments::felt;
use crate::score::{Clock, Hand, read};
use crate::synth::{Bus, Hall};

const LEFT: [&str; 12] = [
    "D2:.5 A2:.5 F#3:.5 A3:.5 E4:.5 A3:.5 F#3:.5 A2:.5",
    "B1:.5 F#2:.5 D3:.5 F#3:.5 A3:.5 F#3:.5 D3:.5 F#2:.5",
    "G2:.5 D3:.5 A3:.5 B3:.5 D4:.5 B3:.5 A3:.5 D3:.5",
    "A2:.5 E3:.5 A3:.5 D4:.5 E4:.5 C#4:.5 A3:.5 E3:.5",
    "F#2:.5 D3:.5 A3:.5 D4:.5 F#4:.5 D4:.5 A3:.5 D3:.5",
    "G2:.5 D3:.5 F#3:.5 B3:.5 D4:.5 B3:.5 F#3:.5 D3:.5",
    "E2:.5 B2:.5 G3:.5 B3:.5 D4:.5 B3:.5 G3:.5 B2:.5",
    "A2:.5 E3:.5 G3:.5 B3:.5 D4:.5 B3:.5 G3:.5 E3:.5",
    "B1:.5 F#2:.5 D3:.5 F#3:.5 C#4:.5 F#3:.5 D3:.5 F#2:.5",
    "A2:.5 E3:.5 A3:.5 C#4:.5 F#4:.5 C#4:.5 A3:.5 E3:.5",
    "G2:.5 D3:.5 A3:.5 B3:.5 G2:.5 D3:.5 Bb3:.5 D4:.5",
    "D2:.5 A2:.5 E3:.5 F#3:.5 A3:1 D4:1",
];

const RIGHT: [&str; 12] = [
    "-:1 F#5:1 E5:.5 D5:1.5",
    "-:1 F#5:1 E5:.5 C#5:.5 D5:1",
    "-:1 B4:1 D5:.5 F#5:1.5",
    "E5:3 -:1",
    "-:1 A5:1 F#5:.5 E5:1.5",
    "-:1 G5:.5 F#5:.5 E5:.5 D5:1.5",
    "-:.5 B4:.5 D5:1 E5:.5 G5:1.5",
    "F#5:1 E5:2 -:1",
    "-:1 D5+F#5:1 E5:.5 D5:1.5",
    "-:1 F#5:1 E5+A5:.5 >F#5+C#6:1.5",
    "D5+B5:1.5 A5:.5 F#5:.5 E5:1.5",
    "D5:1 E5:1 F#5:2",
];

/// The whole piece, unmastered.
pub(crate) fn compose(seed: u64) -> Bus {
    let clock = Clock::new(63.0).slowing(40.0, 0.03);
    let mut piano = Bus::silent(54.0);
    let mut left = Hand::new(seed, clock, 0.016, 0.14);
    let mut right = Hand::new(seed ^ 0x51, clock, 0.02, 0.1);
    for bar in 0..12 {
        let start = bar as f32 * 4.0;
        // The pedal: the left hand rings until the harmony changes, the last chord until the end.
        let pedal = if bar == 11 {
            start + 12.0
        } else {
            start + 4.05
        };
        for mut note in read(LEFT[bar]) {
            let force = if note.beat == 0.0 {
                0.42
            } else {
                0.27 + 0.03 * note.beat
            };
            note.beat += start;
            note.beats = pedal - note.beat;
            let stroke = left.play(note, force * breath(note.beat));
            felt(&mut piano, stroke, &mut left.noise);
        }
        for mut note in read(RIGHT[bar]) {
            note.beat += start;
            note.beats = if bar == 11 {
                pedal - note.beat
            } else {
                note.beats + 0.4
            };
            let stroke = right.play(note, 0.62 * breath(note.beat));
            felt(&mut piano, stroke, &mut right.noise);
        }
    }
    let room = Hall {
        size: 1.15,
        seconds: 3.6,
        bright_hz: 3_600.0,
        before: 0.024,
    };
    let mut mix = piano.alike();
    mix.mix(&piano, -18.0);
    mix.mix(&room.of(&piano), -29.0);
    mix
}

/// Phrases of four bars that swell and ebb, over a whole that does the same.
fn breath(beat: f32) -> f32 {
    let phrase = (beat / 16.0).fract();
    let whole = (beat / 48.0).min(1.0);
    0.72 + 0.5 * phrase * (1.0 - phrase) + 0.8 * whole * whole * (1.0 - whole)
}
