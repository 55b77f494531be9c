//! A chiptune in A major: two pulses, a triangle and a noise, as it was; and a small room around
//! them, as it was not.

use crate::instruments::{Chip, chip, chip_noise, kick};
use crate::score::{Clock, Hand, Note, read};
use crate::synth::{Bus, Hall, OnePole};

/// Root of the bass and semitones of the chord, per bar.
const BARS: [(&str, [f32; 3]); 20] = [
    ("A2", MAJOR),
    ("A2", MAJOR),
    ("A2", MAJOR),
    ("F#2", MINOR),
    ("D2", MAJOR),
    ("E2", MAJOR),
    ("A2", MAJOR),
    ("C#3", MINOR),
    ("D2", MAJOR),
    ("E2", MAJOR),
    ("F#2", MINOR),
    ("D2", MAJOR),
    ("A2", MAJOR),
    ("E2", MAJOR),
    ("F#2", MINOR),
    ("B2", MAJOR),
    ("D2", MAJOR),
    ("E2", MAJOR),
    ("A2", MAJOR),
    ("A2", MAJOR),
];
const MAJOR: [f32; 3] = [0.0, 4.0, 7.0];
const MINOR: [f32; 3] = [0.0, 3.0, 7.0];
/// From bar 2.
const TUNE: &str = "\
     C#5:.5 E5:.5 >A5:.75 G#5:.25 A5:.5 E5:.5 C#5:1 | F#5:.75 E5:.25 C#5:.5 A4:.5 C#5:1 -:1 | \
     D5:.5 F#5:.5 >A5:.75 B5:.25 A5:.5 F#5:.5 D5:1 | E5:.5 G#5:.5 B5:1 G#5:.5 E5:.5 -:1 | \
     C#5:.5 E5:.5 >A5:.75 G#5:.25 A5:.5 E5:.5 C#5:1 | G#5:.75 F#5:.25 E5:.5 C#5:.5 E5:1 -:1 | \
     F#5:.5 E5:.5 D5:.5 F#5:.5 A5:.5 F#5:.5 B5:1 | G#5:.5 B5:.5 >E6:1 D6:.25 C#6:.25 B5:.5 -:1 | \
     >C#6:1.5 A5:.5 B5:.5 C#6:.5 A5:1 | D6:1 A5:.5 F#5:.5 A5:1.5 -:.5 | \
     C#6:.5 B5:.5 A5:.5 E5:.5 A5:1 C#6:1 | B5:1.5 G#5:.5 E5:1 -:1 | \
     A5:.5 C#6:.5 >F#6:1 E6:.5 C#6:.5 A5:1 | B5:.5 D#6:.5 F#6:1 D#6:.5 B5:.5 -:1 | \
     A5:.5 F#5:.5 D5:.5 F#5:.5 A5:.5 D6:.5 >F#6:1 | E6:.75 D6:.25 B5:.5 G#5:.5 E5:1 -:1 | \
     A5:.5 E5:.5 C#5:.5 E5:.5 A5:.5 C#6:.5 E6:.5 -:.5 | >A5:1";

/// The whole piece, unmastered.
pub(crate) fn compose(seed: u64) -> Bus {
    let clock = Clock::new(138.0);
    let silence = Bus::silent(36.0);
    let (mut lead, mut shadow, mut chords, mut low) = (
        silence.clone(),
        silence.clone(),
        silence.clone(),
        silence.clone(),
    );
    // A machine plays: exact in time, and no two runs differ in force.
    let mut hand = Hand::new(seed, clock, 0.0, 0.0);
    for mut note in read(TUNE) {
        note.beat += 8.0;
        let width = if (40.0..72.0).contains(&note.beat) {
            0.25
        } else {
            0.5
        };
        let stroke = hand.play(note, 0.75);
        chip(&mut lead, stroke, Chip::Pulse(width), -0.12, &[0.0]);
        // The old trick for a channel to spare: the tune again, late, soft, on the other side.
        note.beat += 0.75;
        chip(
            &mut shadow,
            hand.play(note, 0.3),
            Chip::Pulse(0.25),
            0.65,
            &[0.0],
        );
    }
    for (bar, (root, steps)) in BARS.iter().enumerate() {
        accompany(&mut hand, bar, root, steps, &mut chords, &mut low);
    }
    let drums = drums(clock, &silence);
    let room = Hall {
        size: 0.35,
        seconds: 0.9,
        bright_hz: 4_500.0,
        before: 0.008,
    };
    let mut wet = lead.clone();
    wet.add(&chords, 0.8);
    wet.add(&drums, 0.3);
    let mut mix = silence;
    mix.mix(&lead, -20.0);
    mix.mix(&shadow, -29.0);
    mix.mix(&chords, -25.0);
    mix.mix(&low, -21.5);
    mix.mix(&drums, -23.0);
    mix.mix(&room.of(&wet), -31.0);
    soften(&mut mix);
    mix
}

/// One bar of bouncing bass and chopped chords.
fn accompany(
    hand: &mut Hand,
    bar: usize,
    root: &str,
    steps: &[f32; 3],
    chords: &mut Bus,
    low: &mut Bus,
) {
    let Some(root) = crate::score::chord(root).first().copied() else {
        return;
    };
    let start = bar as f32 * 4.0;
    let last = bar + 1 == BARS.len();
    let bounce: &[f32] = if last {
        &[0.0]
    } else {
        &[0.0, 12.0, 0.0, 12.0, 7.0, 12.0, 0.0, 12.0]
    };
    for (eighth, step) in bounce.iter().enumerate() {
        let note = Note {
            beat: start + eighth as f32 * 0.5,
            beats: 0.42,
            pitch: root + step,
            accent: false,
        };
        chip(low, hand.play(note, 0.8), Chip::Triangle, 0.0, &[0.0]);
    }
    let chops: &[(f32, f32)] = if last {
        &[(0.0, 1.2)]
    } else {
        &[(0.5, 0.3), (1.5, 0.3), (2.25, 0.3), (3.0, 0.75)]
    };
    for (beat, beats) in chops {
        let high = if root > 44.0 { 12.0 } else { 24.0 };
        let note = Note {
            beat: start + beat,
            beats: *beats,
            pitch: root + high,
            accent: false,
        };
        chip(
            chords,
            hand.play(note, 0.6),
            Chip::Pulse(0.125),
            -0.55,
            steps,
        );
    }
}

fn drums(clock: Clock, silence: &Bus) -> Bus {
    let mut drums = silence.clone();
    for bar in 1..19 {
        let start = bar as f32 * 4.0;
        for beat in [0.0, 1.5, 2.0] {
            kick(&mut drums, clock.frame(start + beat), 0.6, 62.0, 0.14);
        }
        for beat in [1.0, 3.0] {
            chip_noise(&mut drums, clock.frame(start + beat), 0.8, 0.13, 3.2, false);
        }
        for eighth in 0..8 {
            let force = if eighth % 2 == 1 { 0.32 } else { 0.2 };
            chip_noise(
                &mut drums,
                clock.frame(start + eighth as f32 * 0.5),
                force,
                0.035,
                1.6,
                false,
            );
        }
        if bar % 4 == 1 {
            for sixteenth in 0..4 {
                let at = clock.frame(start + 3.0 + sixteenth as f32 * 0.25);
                chip_noise(
                    &mut drums,
                    at,
                    0.5 + 0.1 * sixteenth as f32,
                    0.09,
                    5.0 - sixteenth as f32,
                    true,
                );
            }
        }
    }
    kick(&mut drums, clock.frame(76.0), 0.7, 62.0, 0.2);
    drums
}

/// The little loudspeaker: nothing above some 7 kHz.
fn soften(mix: &mut Bus) {
    let mut poles = [[OnePole::new(6_500.0); 2]; 2];
    mix.each(|frame| {
        let mut out = frame;
        for (x, poles) in out.iter_mut().zip(&mut poles) {
            *x = poles.iter_mut().fold(*x, |x, pole| pole.low(x));
        }
        out
    });
}
