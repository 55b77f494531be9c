//! Notes on paper and the hand that plays them: a small notation, a clock with swing and
//! rallentando, and human inexactness. Knows times and pitches, never sound.
//!
//! Notation: `D4:1.5` is a note and its length in beats, `D4+F#4:2` a chord, `-:1` a rest,
//! `>D4:1` an accented note; `|` only helps the eye.

use crate::synth::{Noise, RATE};

/// A note as written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Note {
    /// When, in beats from the start of the score.
    pub(crate) beat: f32,
    /// How long, in beats.
    pub(crate) beats: f32,
    /// MIDI pitch.
    pub(crate) pitch: f32,
    /// Whether it is marked with `>`.
    pub(crate) accent: bool,
}

/// Reads a score. What cannot be read is left out; a test reads every score of every piece.
pub(crate) fn read(score: &str) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut beat = 0.0;
    for token in score.split_whitespace().filter(|token| *token != "|") {
        let (accent, token) = token
            .strip_prefix('>')
            .map_or((false, token), |rest| (true, rest));
        let (names, beats) = token.split_once(':').unwrap_or((token, "1"));
        let beats: f32 = beats.parse().unwrap_or(0.0);
        debug_assert!(beats > 0.0, "length of {token}");
        if names != "-" {
            notes.extend(names.split('+').filter_map(pitch).map(|pitch| Note {
                beat,
                beats,
                pitch,
                accent,
            }));
        }
        beat += beats;
    }
    notes
}

/// Pitches of a chord such as `C4+E4+G4`.
pub(crate) fn chord(names: &str) -> Vec<f32> {
    names.split('+').filter_map(pitch).collect()
}

/// MIDI pitch of a name: letter, `#` or `b`, octave (A4 is 69).
fn pitch(name: &str) -> Option<f32> {
    let read = || {
        let mut letters = name.chars();
        let step = match letters.next()? {
            'C' => 0,
            'D' => 2,
            'E' => 4,
            'F' => 5,
            'G' => 7,
            'A' => 9,
            'B' => 11,
            _ => return None,
        };
        let rest = letters.as_str();
        let (bend, octave) = match rest.chars().next()? {
            '#' => (1, &rest[1..]),
            'b' => (-1, &rest[1..]),
            _ => (0, rest),
        };
        Some((octave.parse::<i32>().ok()? * 12 + 12 + step + bend) as f32)
    };
    let pitch = read();
    debug_assert!(pitch.is_some(), "pitch {name}");
    pitch
}

/// Where beats fall in time.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    /// Seconds per beat.
    beat: f32,
    /// Seconds of silence before beat 0.
    before: f32,
    /// Length in beats of a swung pair, and where its second note falls (0.5 is straight).
    swing: (f32, f32),
    /// From which beat it slows down, and how fast.
    slowing: (f32, f32),
}

impl Clock {
    /// A straight clock.
    pub(crate) fn new(beats_per_minute: f32) -> Self {
        Self {
            beat: 60.0 / beats_per_minute,
            before: 0.03,
            swing: (1.0, 0.5),
            slowing: (1e9, 0.0),
        }
    }

    /// Pairs of `pair` beats whose second half comes at `share` of the pair.
    pub(crate) fn swung(mut self, pair: f32, share: f32) -> Self {
        self.swing = (pair, share);
        self
    }

    /// Slows down from a beat on; `rate` is how much longer each beat is than the one before.
    pub(crate) fn slowing(mut self, from: f32, rate: f32) -> Self {
        self.slowing = (from, rate);
        self
    }

    /// Seconds at a beat.
    pub(crate) fn seconds(&self, beat: f32) -> f32 {
        let (pair, share) = self.swing;
        let whole = (beat / pair).floor();
        let part = beat / pair - whole;
        let swung = if part < 0.5 {
            part * 2.0 * share
        } else {
            share + (part - 0.5) * 2.0 * (1.0 - share)
        };
        let late = (beat - self.slowing.0).max(0.0);
        self.before + self.beat * ((whole + swung) * pair + self.slowing.1 * late * late * 0.5)
    }

    /// Frame at a beat.
    pub(crate) fn frame(&self, beat: f32) -> usize {
        (self.seconds(beat) * RATE) as usize
    }

    /// Seconds between two beats.
    pub(crate) fn between(&self, from: f32, to: f32) -> f32 {
        self.seconds(to) - self.seconds(from)
    }
}

/// A player: slightly early or late, never twice equally loud.
pub(crate) struct Hand {
    /// Where the inexactness comes from; instruments draw from it as well.
    pub(crate) noise: Noise,
    clock: Clock,
    seconds: f32,
    force: f32,
}

/// A note as played.
#[derive(Clone, Copy)]
pub(crate) struct Stroke {
    /// First frame.
    pub(crate) at: usize,
    /// Seconds the key is held.
    pub(crate) held: f32,
    /// MIDI pitch.
    pub(crate) pitch: f32,
    /// 0 to 1.
    pub(crate) force: f32,
}

impl Hand {
    /// Misses by up to `seconds` and varies its force by up to `force` (a share).
    pub(crate) fn new(seed: u64, clock: Clock, seconds: f32, force: f32) -> Self {
        Self {
            noise: Noise::new(seed),
            clock,
            seconds,
            force,
        }
    }

    /// Plays a note with a wished-for force.
    pub(crate) fn play(&mut self, note: Note, force: f32) -> Stroke {
        let miss = self.noise.near() * self.seconds;
        let accent = if note.accent { 1.25 } else { 1.0 };
        Stroke {
            at: ((self.clock.seconds(note.beat) + miss).max(0.0) * RATE) as usize,
            held: self.clock.between(note.beat, note.beat + note.beats),
            pitch: note.pitch,
            force: (force * accent * (1.0 + self.noise.near() * self.force)).clamp(0.02, 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_reads_as_it_is_written() {
        let notes = read("-:1 >D4:.5 | F#4+Bb3:2");
        let told: Vec<_> = notes
            .iter()
            .map(|n| (n.beat, n.beats, n.pitch, n.accent))
            .collect();
        assert_eq!(
            told,
            [
                (1.0, 0.5, 62.0, true),
                (1.5, 2.0, 66.0, false),
                (1.5, 2.0, 58.0, false)
            ]
        );
    }

    #[test]
    fn swing_moves_the_second_of_a_pair_and_nothing_else() {
        let clock = Clock::new(60.0).swung(1.0, 0.6);
        let at = |beat| clock.seconds(beat) - clock.seconds(0.0);
        assert!((at(0.5) - 0.6).abs() < 1e-6 && (at(1.0) - 1.0).abs() < 1e-6);
    }
}
