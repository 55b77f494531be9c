//! Two marimbas in A minor, one in each channel, with one figure of twelve strokes. The right one
//! slips behind the left stroke by stroke, all the way round, until they are one again: the
//! product in forty seconds.

use crate::instruments::{Bass, Pad, bass, bell, marimba, pad, shaker};
use crate::score::{Clock, Hand, Note, chord, read};
use crate::synth::{Bus, Hall};

const FIGURE: [usize; 12] = [0, 3, 5, 2, 4, 1, 0, 5, 3, 1, 4, 2];
/// Six tones for the figure, one for the ground, per four bars.
const CHORDS: [(&str, &str); 6] = [
    ("A3+E4+A4+B4+C5+E5", "A2"),
    ("A3+E4+G4+B4+C5+E5", "A2"),
    ("A3+F4+A4+C5+E5+G5", "F2"),
    ("G3+E4+G4+B4+C5+E5", "C3"),
    ("A3+D4+F4+C5+E5+F5", "D3"),
    ("G3+D4+G4+A4+B4+E5", "G2"),
];
/// By how many strokes the right hand side is late, per two bars from bar 4.
const LATE: [usize; 10] = [0, 1, 2, 4, 5, 7, 8, 10, 11, 12];
const BELLS: &str = "E5:9 B5:15 C6:9 A5:15 | A5:9 G5:15 E5:9 C6:15 | B5:9 C6:9 E6:6 D6:9 B5:15 | \
     F5:9 E6:15 D6:9 C6:15 | B5:9 D6:15";
const BARS: usize = 24;
const GROUND: Bass = Bass {
    edge: 0.0,
    dark_hz: 120.0,
    open_hz: 160.0,
    decay: 0.6,
    sustain: 0.35,
    drive: 1.2,
};
const AIR: Pad = Pad {
    attack: 1.6,
    release: 0.8,
    dark_hz: 200.0,
    open_hz: 700.0,
    detune: 7.0,
};

/// Tones and ground of a bar; the last two bars are home.
fn harmony(bar: usize) -> (Vec<f32>, f32) {
    let (tones, ground) = CHORDS[if bar >= 22 { 0 } else { bar / 4 }];
    (chord(tones), chord(ground)[0])
}

/// The whole piece, unmastered.
pub(crate) fn compose(seed: u64) -> Bus {
    let clock = Clock::new(440.0).slowing(268.0, 0.006);
    let silence = Bus::silent(44.0);
    let bars = both(seed, clock, &silence);
    let (mut low, mut air, mut bells, mut sand) = (
        silence.clone(),
        silence.clone(),
        silence.clone(),
        silence.clone(),
    );
    let mut hand = Hand::new(seed ^ 0x10, clock, 0.006, 0.12);
    for bar in 4..BARS {
        let (tones, ground) = harmony(bar);
        let start = bar as f32 * 12.0;
        for (beat, beats) in [(0.0, 5.0), (7.0, 4.0)] {
            let note = Note {
                beat: start + beat,
                beats,
                pitch: ground,
                accent: false,
            };
            bass(&mut low, hand.play(note, 0.6), GROUND);
            let stroke = hand.play(
                Note {
                    pitch: ground,
                    ..note
                },
                0.55,
            );
            marimba(&mut low, stroke, 0.0, &mut hand.noise);
        }
        if bar % 2 == 0 {
            for pitch in tones.iter().take(4) {
                let note = Note {
                    beat: start,
                    beats: 23.0,
                    pitch: *pitch,
                    accent: false,
                };
                pad(&mut air, hand.play(note, 0.5), AIR, &mut hand.noise.clone());
            }
        }
        for stroke in (0..12).filter(|_| (8..22).contains(&bar)) {
            let note = Note {
                beat: start + stroke as f32,
                beats: 1.0,
                pitch: 0.0,
                accent: false,
            };
            let played = hand.play(note, if stroke % 3 == 0 { 0.5 } else { 0.22 });
            shaker(&mut sand, played.at, played.force, &mut hand.noise);
        }
    }
    for mut note in read(BELLS) {
        note.beat += 48.0;
        let stroke = hand.play(note, 0.4);
        bell(&mut bells, stroke, 0.0, &mut hand.noise);
    }
    let room = Hall {
        size: 0.9,
        seconds: 2.2,
        bright_hz: 4_800.0,
        before: 0.015,
    };
    let mut wet = bars.clone();
    wet.add(&bells, 1.2);
    wet.add(&air, 0.8);
    let mut mix = silence;
    mix.mix(&bars, -18.5);
    mix.mix(&low, -22.0);
    mix.mix(&air, -28.0);
    mix.mix(&bells, -28.0);
    mix.mix(&sand, -35.0);
    mix.mix(&room.of(&wet), -28.0);
    mix
}

/// The two players: the left one keeps to the figure, the right one drifts.
fn both(seed: u64, clock: Clock, silence: &Bus) -> Bus {
    let mut bars = silence.clone();
    let mut left = Hand::new(seed, clock, 0.004, 0.14);
    let mut right = Hand::new(seed ^ 0xff, clock, 0.004, 0.14);
    for stroke in 0..BARS * 12 {
        let bar = stroke / 12;
        let tones = harmony(bar).0;
        let beat = stroke as f32;
        // The first bars grow; afterwards each half bar leans on its first stroke.
        let grown = 0.35 + 0.65 * (beat / 36.0).min(1.0);
        let force = |step: usize| grown * if step.is_multiple_of(6) { 0.68 } else { 0.48 };
        let note = |step: usize| Note {
            beat,
            beats: 1.0,
            pitch: tones[FIGURE[step % 12]],
            accent: false,
        };
        let played = left.play(note(stroke), force(stroke));
        marimba(&mut bars, played, -0.62, &mut left.noise);
        if bar >= 4 {
            let step = stroke + 12 - LATE[(bar - 4) / 2];
            let played = right.play(note(step), force(step));
            marimba(&mut bars, played, 0.62, &mut right.noise);
        }
    }
    for (place, hand) in [(-0.62, &mut left), (0.62, &mut right)] {
        for pitch in chord("A2+A3+E4+A4") {
            let note = Note {
                beat: BARS as f32 * 12.0,
                beats: 6.0,
                pitch,
                accent: false,
            };
            let played = hand.play(note, 0.6);
            marimba(&mut bars, played, place, &mut hand.noise);
        }
    }
    bars
}
