//! A lo-fi beat in G: swung sixteenths a little behind, an electric piano on a tired tape, a felt
//! piano that hums along, and a record that has been played often.

use crate::instruments::{Bass, bass, electric_piano, felt, hat, kick, snare, vinyl};
use crate::score::{Clock, Hand, Note, chord, read};
use crate::synth::{Bus, Hall, Noise, Phase, Svf, sine, soft, wobble};

/// Am9, D13, Gmaj9, E7♯5♭9, and for the way home Cmaj9 and Cm6/9; no voice moves more than a third.
const AM9: (&str, &str) = ("G3+B3+C4+E4", "A1:1.5 A1:.5 -:.5 E2:.5 G2:1");
const D13: (&str, &str) = ("F#3+B3+C4+E4", "D2:1.5 D2:.5 -:.5 A1:.5 C2:.5 A1:.5");
const GMAJ9: (&str, &str) = ("F#3+A3+B3+D4", "G1:1.5 G1:.5 -:.5 D2:.5 F#2:.5 F2:.5");
const E7: (&str, &str) = ("G#3+C4+D4+F4", "E2:1.5 E2:.5 -:.5 B1:.5 G#1:1");
const CMAJ9: (&str, &str) = ("E3+G3+B3+D4", "C2:1.5 C2:.5 -:.5 G1:.5 B1:1");
const CM6: (&str, &str) = ("Eb3+G3+A3+D4", "C2:1.5 -:1 Eb2:.5 D2:1");
const HOME: (&str, &str) = ("F#3+A3+B3+D4", "G1:4");
const BARS: [(&str, &str); 13] = [
    AM9, D13, GMAJ9, E7, AM9, D13, GMAJ9, E7, AM9, D13, CMAJ9, CM6, HOME,
];
/// From bar 6.
const TUNE: &str = "-:.5 B4:.5 D5:.5 E5:.5 D5:1 B4:1 | -:.5 C5:.5 D5:.5 C5:.5 G#4:1.5 -:.5 | \
     -:.5 A4:.5 C5:.5 E5:.5 G5:.75 E5:.25 C5:1 | B4:1.5 A4:.5 F#4:1 -:1 | \
     -:.5 G4:.5 B4:.5 D5:.5 E5:1 G5:1 | Eb5:1.5 D5:.5 C5:1 A4:1 | B4:4";
const STRING: Bass = Bass {
    edge: 0.1,
    dark_hz: 150.0,
    open_hz: 260.0,
    decay: 0.7,
    sustain: 0.5,
    drive: 1.4,
};

/// The whole piece, unmastered.
pub(crate) fn compose(seed: u64) -> Bus {
    let clock = Clock::new(78.0).swung(0.5, 0.6);
    let silence = Bus::silent(46.0);
    let (mut keys, low) = harmony(seed, clock, &silence);
    let mut tune = silence.clone();
    let mut hand = Hand::new(seed ^ 0x3e, clock, 0.024, 0.14);
    for mut note in read(TUNE) {
        note.beat += 24.0;
        note.beats += 0.25;
        let stroke = hand.play(note, 0.6);
        felt(&mut tune, stroke, &mut hand.noise);
    }
    tremolo(&mut keys);
    let (drums, hits) = drums(seed, clock, &silence);
    keys.duck(&hits, 0.3, 0.2);
    let room = Hall {
        size: 0.6,
        seconds: 1.5,
        bright_hz: 3_000.0,
        before: 0.01,
    };
    let mut wet = keys.clone();
    wet.add(&tune, 2.0);
    let mut tape = silence.clone();
    tape.mix(&keys, -21.0);
    tape.mix(&tune, -23.5);
    tape.mix(&room.of(&wet), -30.0);
    wobble(&mut tape, 34.0, 1.6);
    tape.mix(&low, -21.5);
    tape.mix(&drums, -19.5);
    age(&mut tape);
    let mut dust = silence.clone();
    vinyl(&mut dust, 45.5, &mut Noise::new(seed ^ 0xd5));
    let mut mix = silence;
    mix.mix(&tape, -18.0);
    mix.mix(&dust, -43.0);
    mix
}

/// The electric piano and the bass.
fn harmony(seed: u64, clock: Clock, silence: &Bus) -> (Bus, Bus) {
    let (mut keys, mut low) = (silence.clone(), silence.clone());
    let mut hand = Hand::new(seed, clock, 0.012, 0.12);
    for (bar, (tones, line)) in BARS.iter().enumerate() {
        let start = bar as f32 * 4.0;
        let rhythm: &[(f32, f32, f32)] = match bar {
            12 => &[(0.0, 5.0, 0.55)],
            _ if bar % 2 == 0 => &[(0.0, 1.6, 0.6), (1.75, 0.5, 0.42), (2.5, 1.4, 0.5)],
            _ => &[(0.0, 2.3, 0.58), (2.5, 0.4, 0.4), (3.25, 0.7, 0.48)],
        };
        for (beat, beats, force) in rhythm {
            // Rolled from below, a few milliseconds a finger.
            for (finger, pitch) in chord(tones).into_iter().enumerate() {
                let note = Note {
                    beat: start + beat,
                    beats: *beats,
                    pitch,
                    accent: finger == 3,
                };
                let mut stroke = hand.play(note, *force);
                stroke.at += finger * 420;
                electric_piano(&mut keys, stroke, &mut hand.noise);
            }
        }
        for mut note in read(line).into_iter().filter(|_| bar > 1) {
            note.beat += start;
            bass(&mut low, hand.play(note, 0.65), STRING);
        }
    }
    (keys, low)
}

/// The drums, and when the bass drum strikes.
fn drums(seed: u64, clock: Clock, silence: &Bus) -> (Bus, Vec<usize>) {
    let mut kit = silence.clone();
    let mut hits = Vec::new();
    let mut hand = Hand::new(seed ^ 0xd2, clock, 0.005, 0.22);
    let at = |beat: f32, late: usize| clock.frame(beat) + late;
    for bar in 2..12 {
        let start = bar as f32 * 4.0;
        let kicks: &[f32] = if bar % 2 == 0 {
            &[0.0, 1.75, 2.5]
        } else {
            &[0.0, 2.25, 2.5]
        };
        for beat in kicks {
            hits.push(at(start + beat, 0));
            kick(
                &mut kit,
                at(start + beat, 0),
                if *beat == 0.0 { 0.9 } else { 0.7 },
                52.0,
                0.32,
            );
        }
        // The backbeat drags by 14 ms: that is the whole style.
        for beat in [1.0, 3.0] {
            snare(&mut kit, at(start + beat, 620), 0.62, &mut hand.noise);
        }
        if bar % 4 == 1 {
            snare(&mut kit, at(start + 3.75, 300), 0.22, &mut hand.noise);
        }
        for eighth in 0..8 {
            let note = Note {
                beat: start + eighth as f32 * 0.5,
                beats: 0.5,
                pitch: 0.0,
                accent: false,
            };
            let stroke = hand.play(note, if eighth % 2 == 0 { 0.5 } else { 0.32 });
            let open = if eighth == 5 && bar % 2 == 1 {
                0.2
            } else {
                0.06
            };
            hat(&mut kit, stroke.at, stroke.force, open, &mut hand.noise);
            if eighth == 3 || (eighth == 6 && bar % 2 == 0) {
                let ghost = hand.play(
                    Note {
                        beat: note.beat + 0.25,
                        ..note
                    },
                    0.22,
                );
                hat(&mut kit, ghost.at, ghost.force, 0.05, &mut hand.noise);
            }
        }
    }
    (kit, hits)
}

/// The amplifier's vibrato, from side to side.
fn tremolo(keys: &mut Bus) {
    let mut phase = Phase::at(0.0);
    keys.each(|[l, r]| {
        let swing = 0.28 * sine(phase.next(4.4).0);
        [l * (1.0 + swing), r * (1.0 - swing)]
    });
}

/// A cassette: driven, and without its top octave.
fn age(tape: &mut Bus) {
    let mut top = [Svf::new(6_200.0, 0.7); 2];
    tape.each(|frame| {
        let mut out = frame;
        for (x, top) in out.iter_mut().zip(&mut top) {
            *x = soft(top.low(*x) * 2.2) / 2.2;
        }
        out
    });
}
