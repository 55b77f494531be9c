//! Arpeggios in E minor, at the pace of rails. One figure of sixteen notes runs through ten chords
//! while its filter opens like a morning; a second one answers from the other window.

use crate::instruments::{Bass, Pad, bass, hat, kick, pad, pluck, shaker};
use crate::score::{Clock, Hand, Note, chord, read};
use crate::synth::{Bus, Echo, Hall, chorus};

/// Two bars each: the bass, then five tones for the figures.
const CHORDS: [(&str, &str); 10] = [
    ("E2", "E3+B3+D4+F#4+G4"),
    ("C2", "C3+G3+B3+E4+G4"),
    ("B1", "D3+G3+B3+D4+A4"),
    ("D2", "D3+A3+D4+E4+F#4"),
    ("E2", "E3+B3+D4+F#4+G4"),
    ("C2", "E3+G3+B3+D4+G4"),
    ("A1", "E3+G3+B3+C4+E4"),
    ("B1", "F#3+A3+B3+E4+F#4"),
    ("C2", "E3+G3+B3+D4+G4"),
    ("E2", "E3+B3+D4+F#4+B4"),
];
const FIGURE: [usize; 16] = [0, 2, 4, 1, 3, 4, 2, 3, 0, 2, 4, 3, 1, 4, 3, 2];
const ANSWER: [usize; 8] = [4, 2, 3, 1, 4, 3, 2, 0];
/// From bar 8 to bar 17.
const TUNE: &str =
    "B4:3 D5:1 F#5:2 E5:2 | G5:3 E5:1 D5:4 | C5:3 E5:1 B5:2 A5:2 | F#5:4 E5:2 D#5:2 | E5:6 B4:2";
const STRING: Bass = Bass {
    edge: 0.7,
    dark_hz: 140.0,
    open_hz: 520.0,
    decay: 0.2,
    sustain: 0.2,
    drive: 1.5,
};
const AIR: Pad = Pad {
    attack: 1.4,
    release: 0.9,
    dark_hz: 250.0,
    open_hz: 900.0,
    detune: 9.0,
};
const LEAD: Pad = Pad {
    attack: 0.16,
    release: 0.3,
    dark_hz: 500.0,
    open_hz: 1_700.0,
    detune: 7.0,
};

/// How far the figures' filter is open: up to bar 15, then closing.
fn openness(beat: f32) -> f32 {
    let up = (beat / 60.0).min(1.0);
    let down = ((beat - 64.0) / 16.0).clamp(0.0, 1.0);
    0.12 + 0.7 * up * up - 0.55 * down
}

/// The whole piece, unmastered.
pub(crate) fn compose(seed: u64) -> Bus {
    let clock = Clock::new(112.0);
    let silence = Bus::silent(48.5);
    let (figure, answer) = figures(seed, clock, &silence);
    let mut low = silence.clone();
    let (mut air, mut lead) = pads(seed, clock, &silence);
    let mut hand = Hand::new(seed ^ 0xb1, clock, 0.003, 0.08);
    for eighth in 24..152 {
        let root = chord(CHORDS[eighth / 16].0)[0];
        let lifted = if eighth % 8 == 6 { 12.0 } else { 0.0 };
        let note = Note {
            beat: eighth as f32 * 0.5,
            beats: 0.42,
            pitch: root + lifted,
            accent: eighth % 8 == 0,
        };
        bass(
            &mut low,
            hand.play(note, if eighth % 2 == 1 { 0.72 } else { 0.55 }),
            STRING,
        );
    }
    let (drums, hits) = drums(seed, clock, &silence);
    for bus in [&mut low, &mut air] {
        bus.duck(&hits, 0.55, 0.16);
    }
    chorus(&mut air, 0.31, 70.0, 0.5);
    chorus(&mut lead, 0.43, 50.0, 0.4);
    let beat = 60.0 / 112.0;
    let repeats = Echo {
        left: beat * 0.75,
        right: beat * 1.5,
        feedback: 0.45,
        cross: 1.0,
        low_hz: 300.0,
        high_hz: 4_200.0,
    };
    let mut sent = figure.clone();
    sent.add(&answer, 0.8);
    sent.add(&lead, 0.7);
    let echoed = repeats.of(&sent);
    sent.add(&air, 0.8);
    sent.add(&echoed, 0.5);
    let hall = Hall {
        size: 1.2,
        seconds: 3.4,
        bright_hz: 5_000.0,
        before: 0.02,
    };
    let mut mix = silence;
    mix.mix(&figure, -20.5);
    mix.mix(&answer, -26.0);
    mix.mix(&air, -25.0);
    mix.mix(&lead, -23.5);
    mix.mix(&low, -22.0);
    mix.mix(&drums, -22.0);
    mix.mix(&echoed, -29.0);
    mix.mix(&hall.of(&sent), -28.0);
    mix
}

fn figures(seed: u64, clock: Clock, silence: &Bus) -> (Bus, Bus) {
    let (mut figure, mut answer) = (silence.clone(), silence.clone());
    let mut hand = Hand::new(seed, clock, 0.003, 0.14);
    for step in 0..320 {
        let tones = chord(CHORDS[step / 32].1);
        let beat = step as f32 * 0.25;
        // B7 resolves its fourth in its second bar.
        let resolved = |pitch: f32| {
            if (60.0..64.0).contains(&beat) && pitch == 64.0 {
                63.0
            } else {
                pitch
            }
        };
        let place = if step % 2 == 0 { -0.35 } else { -0.05 };
        let note = Note {
            beat,
            beats: 0.24,
            pitch: resolved(tones[FIGURE[step % 16]]),
            accent: step % 16 == 0,
        };
        let rise = (beat / 6.0).min(1.0);
        let force = (0.35 + 0.65 * rise)
            * if [0, 3, 6].contains(&(step % 8)) {
                0.78
            } else {
                0.55
            };
        pluck(
            &mut figure,
            hand.play(note, force),
            place,
            openness(beat),
            &mut hand.noise.clone(),
        );
        if step % 3 == 0 && (64..288).contains(&step) {
            let high = resolved(tones[ANSWER[step / 3 % 8]]) + 12.0;
            let note = Note {
                beat,
                beats: 0.5,
                pitch: high,
                accent: false,
            };
            pluck(
                &mut answer,
                hand.play(note, 0.5),
                0.6,
                openness(beat) * 0.7,
                &mut hand.noise.clone(),
            );
        }
    }
    for (order, pitch) in chord("E3+B3+D4+F#4+G4+B4").into_iter().enumerate() {
        let note = Note {
            beat: 80.0 + order as f32 * 0.06,
            beats: 3.0,
            pitch,
            accent: false,
        };
        pluck(
            &mut figure,
            hand.play(note, 0.5),
            -0.3 + order as f32 * 0.12,
            0.4,
            &mut hand.noise.clone(),
        );
    }
    (figure, answer)
}

fn pads(seed: u64, clock: Clock, silence: &Bus) -> (Bus, Bus) {
    let (mut air, mut lead) = (silence.clone(), silence.clone());
    let mut hand = Hand::new(seed ^ 0xa1, clock, 0.01, 0.08);
    for (number, (_, tones)) in CHORDS.iter().enumerate().skip(1) {
        for pitch in chord(tones).into_iter().skip(1) {
            let note = Note {
                beat: number as f32 * 8.0,
                beats: 7.6,
                pitch,
                accent: false,
            };
            pad(&mut air, hand.play(note, 0.6), AIR, &mut hand.noise.clone());
        }
    }
    for mut note in read(TUNE) {
        note.beat += 32.0;
        pad(
            &mut lead,
            hand.play(note, 0.7),
            LEAD,
            &mut hand.noise.clone(),
        );
    }
    (air, lead)
}

/// The drums, and when the bass drum strikes.
fn drums(seed: u64, clock: Clock, silence: &Bus) -> (Bus, Vec<usize>) {
    let mut drums = silence.clone();
    let mut hand = Hand::new(seed ^ 0xd1, clock, 0.003, 0.18);
    let hits: Vec<usize> = (20..72).map(|beat| clock.frame(beat as f32)).collect();
    for hit in &hits {
        kick(&mut drums, *hit, 0.8, 47.0, 0.3);
    }
    for step in 80..288 {
        let beat = step as f32 * 0.25;
        let note = Note {
            beat,
            beats: 0.25,
            pitch: 0.0,
            accent: false,
        };
        if step % 2 == 0 || step % 16 == 13 {
            let stroke = hand.play(note, if step % 4 == 2 { 0.6 } else { 0.3 });
            shaker(&mut drums, stroke.at, stroke.force, &mut hand.noise);
        }
        if step % 4 == 2 && step >= 128 {
            let stroke = hand.play(note, 0.42);
            hat(&mut drums, stroke.at, stroke.force, 0.12, &mut hand.noise);
        }
    }
    (drums, hits)
}
