//! Dub in B minor: one drop, a bass that leaves holes, and an echo that fills them. After ten bars
//! everything but the echo goes out for two.

use crate::instruments::{Bass, bass, hat, kick, melodica, organ, rim};
use crate::score::{Clock, Hand, Note, chord, read};
use crate::synth::{Bus, Echo, Hall};

const CHORDS: [&str; 4] = ["D4+F#4+B4", "D4+F#4+A4", "E4+G4+B4", "C#4+F#4+A4"];
const RIFF: [&str; 4] = [
    "B1:.75 B1:.25 -:.5 D2:.5 F#2:.5 E2:.5 D2:.5 -:.5",
    "B1:.75 B1:.25 -:.5 A1:.5 >B1:1 -:.5 D2:.25 -:.25",
    "E2:.75 E2:.25 -:.5 G2:.5 B2:.5 A2:.5 G2:.5 -:.5",
    "F#2:.75 F#2:.25 -:.5 E2:.5 C#2:.5 -:.5 A1:.5 -:.5",
];
/// Bars 6 to 11; the last two fall into the hole.
const TUNE: &str = "-:.5 F#4:.5 A4:.5 B4:1.5 A4:.5 F#4:.5 | E4:.5 F#4:1.5 -:2 | \
     -:.5 G4:.5 B4:.5 D5:1.5 B4:.5 A4:.5 | F#4:.5 A4:1 C#5:.5 A4:.5 F#4:1.5 | \
     B4:1.5 -:2.5 | -:2 D5:.5 C#5:.5 A4:1";
const BEATS: f32 = 56.0;
const STRING: Bass = Bass {
    edge: 0.25,
    dark_hz: 130.0,
    open_hz: 420.0,
    decay: 0.5,
    sustain: 0.55,
    drive: 1.7,
};

/// Whether the band plays in a bar, or has left the room to the echo.
fn is_full(bar: usize) -> bool {
    (2..10).contains(&bar) || bar >= 12
}

/// The whole piece, unmastered.
pub(crate) fn compose(seed: u64) -> Bus {
    let clock = Clock::new(74.0).swung(0.5, 0.56);
    let silence = Bus::silent(52.0);
    let (drums, thrown) = drums(seed, clock, &silence);
    let low = low(seed, clock, &silence);
    let (mut chops, bubble) = chops(seed, clock, &silence);
    let mut tune = silence.clone();
    let mut player = Hand::new(seed ^ 0x77, clock, 0.018, 0.12);
    for mut note in read(TUNE) {
        note.beat += 24.0;
        let stroke = player.play(note, 0.7);
        melodica(&mut tune, stroke, 0.22, &mut player.noise);
    }
    let beat = 60.0 / 74.0;
    let tape = Echo {
        left: beat * 0.75,
        right: beat * 0.5,
        feedback: 0.62,
        cross: 1.0,
        low_hz: 260.0,
        high_hz: 2_300.0,
    };
    let mut sent = silence.clone();
    sent.mix(&chops, -24.0);
    sent.mix(&thrown, -24.0);
    sent.mix(&tune, -25.0);
    let repeats = tape.of(&sent);
    let spring = Hall {
        size: 0.42,
        seconds: 1.9,
        bright_hz: 2_800.0,
        before: 0.012,
    };
    let mut wet = silence.clone();
    wet.add(&sent, 0.6);
    wet.add(&repeats, 0.35);
    wet.add(&drums, 0.05);
    chops.add(&bubble, 0.55);
    let mut mix = silence;
    mix.mix(&drums, -20.5);
    mix.mix(&low, -18.5);
    mix.mix(&chops, -25.0);
    mix.mix(&tune, -23.5);
    mix.mix(&repeats, -25.5);
    mix.mix(&spring.of(&wet), -29.0);
    mix
}

/// The kit, and apart from it the rim clicks that are thrown into the echo.
fn drums(seed: u64, clock: Clock, silence: &Bus) -> (Bus, Bus) {
    let (mut kit, mut thrown) = (silence.clone(), silence.clone());
    let mut hand = Hand::new(seed ^ 0xd0, clock, 0.006, 0.2);
    for bar in 0..14 {
        let start = bar as f32 * 4.0;
        if is_full(bar) {
            kick(&mut kit, clock.frame(start + 2.0), 0.95, 49.0, 0.5);
            rim(&mut kit, clock.frame(start + 2.0), 0.5, &mut hand.noise);
            if bar % 4 == 1 || bar >= 8 {
                kick(&mut kit, clock.frame(start), 0.7, 49.0, 0.4);
            }
            if bar % 2 == 1 {
                rim(&mut kit, clock.frame(start + 3.25), 0.3, &mut hand.noise);
            }
        }
        if bar % 4 == 1 {
            rim(&mut thrown, clock.frame(start + 3.5), 0.7, &mut hand.noise);
            rim(&mut thrown, clock.frame(start + 3.75), 0.5, &mut hand.noise);
        }
        for eighth in (0..8).filter(|_| bar > 0 && bar != 10) {
            let note = Note {
                beat: start + eighth as f32 * 0.5,
                beats: 0.5,
                pitch: 0.0,
                accent: false,
            };
            let stroke = hand.play(note, if eighth % 2 == 1 { 0.62 } else { 0.3 });
            let open = if eighth == 7 && bar % 2 == 0 {
                0.28
            } else {
                0.07
            };
            hat(&mut kit, stroke.at, stroke.force, open, &mut hand.noise);
        }
    }
    kick(&mut kit, clock.frame(BEATS), 0.95, 49.0, 0.6);
    rim(&mut thrown, clock.frame(BEATS), 0.8, &mut hand.noise);
    (kit, thrown)
}

fn low(seed: u64, clock: Clock, silence: &Bus) -> Bus {
    let mut low = silence.clone();
    let mut hand = Hand::new(seed ^ 0xba, clock, 0.008, 0.1);
    for bar in (0..14).filter(|bar| is_full(*bar)) {
        for mut note in read(RIFF[(bar + 2) % 4]) {
            note.beat += bar as f32 * 4.0;
            bass(&mut low, hand.play(note, 0.75), STRING);
        }
    }
    let last = Note {
        beat: BEATS,
        beats: 3.0,
        pitch: 35.0,
        accent: false,
    };
    bass(&mut low, hand.play(last, 0.8), STRING);
    low
}

/// The chops on two and four, and under them the organ's bubble between the beats.
fn chops(seed: u64, clock: Clock, silence: &Bus) -> (Bus, Bus) {
    let (mut chops, mut bubble) = (silence.clone(), silence.clone());
    let mut hand = Hand::new(seed ^ 0xc4, clock, 0.007, 0.12);
    for bar in 0..14 {
        let tones = chord(CHORDS[(bar + 2) % 4]);
        let beats: &[f32] = if is_full(bar) || bar < 2 {
            &[1.0, 3.0]
        } else {
            &[1.0]
        };
        for beat in beats {
            for pitch in &tones {
                let note = Note {
                    beat: bar as f32 * 4.0 + beat,
                    beats: 0.22,
                    pitch: *pitch,
                    accent: false,
                };
                organ(
                    &mut chops,
                    hand.play(note, 0.7),
                    -0.3,
                    &mut hand.noise.clone(),
                );
            }
        }
        for half in (0..4).filter(|_| is_full(bar)) {
            for pitch in &tones {
                let note = Note {
                    beat: bar as f32 * 4.0 + half as f32 + 0.5,
                    beats: 0.2,
                    pitch: pitch - 12.0,
                    accent: false,
                };
                organ(
                    &mut bubble,
                    hand.play(note, 0.35),
                    0.35,
                    &mut hand.noise.clone(),
                );
            }
        }
    }
    for pitch in chord("B3+D4+F#4+B4") {
        let note = Note {
            beat: BEATS,
            beats: 0.4,
            pitch,
            accent: false,
        };
        organ(
            &mut chops,
            hand.play(note, 0.75),
            -0.3,
            &mut hand.noise.clone(),
        );
    }
    (chops, bubble)
}
