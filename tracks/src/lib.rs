//! The demo tracks: seven short pieces, made of nothing but code and a seed each.
//!
//! A piece is composed (`pieces`), played (`instruments`, on `synth` and `score`), mastered to
//! −16 LUFS (`master`, `loudness`), encoded (`flac`) and drawn (`artwork`). Nothing in here does
//! I/O but [`write_all`], and nothing depends on the machine: no clock, no `std` transcendental,
//! no order of threads or maps. The same source gives the same bytes everywhere.
//!
//! **Format: FLAC, 16 bits, 44.1 kHz, two channels.** A lossy file would be smaller, but an
//! encoder for one is a large dependency, and its padding would move the first sample; rooms are
//! to be in sync to the sample. WAV would be exact too, at two to three times the bytes. Every
//! current browser decodes FLAC. The encoder is our own four small files: the crate that exists
//! would bring fourteen others into everybody's build.

mod artwork;
mod flac;
mod instruments;
mod loudness;
mod master;
mod pieces;
mod score;
mod synth;
mod write;

pub use write::{Rendered, write_all};

/// Frames per second of every track.
pub const SAMPLE_RATE: u32 = 44_100;

/// What [`Piece::encode`] gives, for the `Content-Type` header.
pub const CONTENT_TYPE: &str = "audio/flac";

/// What a piece is like, in one word that a person understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Slow, close, alone.
    Quiet,
    /// Low and unhurried.
    Deep,
    /// Going somewhere.
    Driving,
    /// At home, in the afternoon.
    Mellow,
    /// Hardly moving.
    Still,
    /// Turning over one thought.
    Patterned,
    /// Sunny.
    Bright,
}

/// A demo track: who it is by, and how it comes about.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// Its name in URLs and file names: `a-z`, `0-9` and hyphens.
    pub slug: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Who it is said to be by; invented, like everything here.
    pub artist: &'static str,
    /// From which all of its chance is drawn.
    pub seed: u64,
    /// What it is like.
    pub mood: Mood,
    /// The colour of its sleeve, `#rrggbb`; at least 4.5 : 1 against the ink `#14121a`.
    pub accent: &'static str,
    compose: fn(u64) -> synth::Bus,
    /// Seconds over which its end goes to nothing.
    closing: f32,
    sleeve: artwork::Sleeve,
}

const PIECES: [Piece; 7] = [
    Piece {
        slug: "snow-on-the-soundboard",
        title: "Snow on the Soundboard",
        artist: "Margin & Hush",
        seed: 1_907,
        mood: Mood::Quiet,
        accent: "#f2b857",
        compose: pieces::snow::compose,
        closing: 3.0,
        sleeve: artwork::Sleeve::Groove,
    },
    Piece {
        slug: "basement-weather",
        title: "Basement Weather",
        artist: "Low Tide Committee",
        seed: 7_401,
        mood: Mood::Deep,
        accent: "#58b98a",
        compose: pieces::basement::compose,
        closing: 2.0,
        sleeve: artwork::Sleeve::Strata,
    },
    Piece {
        slug: "night-train-window-seat",
        title: "Night Train, Window Seat",
        artist: "Signal Orchard",
        seed: 1_120,
        mood: Mood::Driving,
        accent: "#7f95ff",
        compose: pieces::window::compose,
        closing: 2.5,
        sleeve: artwork::Sleeve::Ridges,
    },
    Piece {
        slug: "tea-gone-cold",
        title: "Tea Gone Cold",
        artist: "Half Past Rain",
        seed: 78,
        mood: Mood::Mellow,
        accent: "#f27b5b",
        compose: pieces::tea::compose,
        closing: 2.5,
        sleeve: artwork::Sleeve::Sun,
    },
    Piece {
        slug: "where-the-lake-was",
        title: "Where the Lake Was",
        artist: "Slow Meridian",
        seed: 4_242,
        mood: Mood::Still,
        accent: "#5fc3cf",
        compose: pieces::lake::compose,
        closing: 5.0,
        sleeve: artwork::Sleeve::Hills,
    },
    Piece {
        slug: "two-needles-one-groove",
        title: "Two Needles, One Groove",
        artist: "Left Answers Right",
        seed: 1_212,
        mood: Mood::Patterned,
        accent: "#c4bf4e",
        compose: pieces::needles::compose,
        closing: 1.5,
        sleeve: artwork::Sleeve::Mirror,
    },
    Piece {
        slug: "two-bit-picnic",
        title: "Two-Bit Picnic",
        artist: "Coin Garden",
        seed: 8_000,
        mood: Mood::Bright,
        accent: "#ee76b0",
        compose: pieces::coins::compose,
        closing: 0.6,
        sleeve: artwork::Sleeve::Pixels,
    },
];

/// All pieces, in the order in which they rotate.
pub fn pieces() -> &'static [Piece] {
    &PIECES
}

impl Piece {
    /// Composes, plays and masters the piece: left and right of every frame, at [`SAMPLE_RATE`],
    /// −16 LUFS, under −1 dBTP, silent at both ends. Takes about a second of one core.
    pub fn render(&self) -> Vec<[i16; 2]> {
        master::finish((self.compose)(self.seed), self.closing)
    }

    /// The frames as a file of type [`CONTENT_TYPE`], lossless.
    pub fn encode(&self, frames: &[[i16; 2]]) -> Vec<u8> {
        flac::encode(frames, SAMPLE_RATE)
    }

    /// The sleeve: a square SVG document, drawn from the waveform of these frames.
    pub fn artwork(&self, frames: &[[i16; 2]]) -> String {
        artwork::draw(self, frames)
    }
}

/// Length of that many frames, in milliseconds; every piece is a whole number of them.
pub fn duration_ms(frames: usize) -> u64 {
    frames as u64 * 1000 / u64::from(SAMPLE_RATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(frames: &[[i16; 2]]) -> Vec<[f32; 2]> {
        frames
            .iter()
            .map(|frame| frame.map(|sample| f32::from(sample) / 32_768.0))
            .collect()
    }

    #[test]
    fn every_piece_is_as_loud_as_the_others_and_never_clips() {
        for piece in pieces() {
            let frames = piece.render();
            let loudness = loudness::integrated(&floats(&frames));
            assert!(
                (loudness + 16.0).abs() < 0.3,
                "{}: {loudness:.2} LUFS",
                piece.slug
            );
            let peak = loudness::true_peak(&floats(&frames));
            assert!(peak < -0.9, "{}: {peak:.2} dBTP", piece.slug);
            let length = duration_ms(frames.len());
            assert!(
                (20_000..=60_000).contains(&length),
                "{}: {length} ms",
                piece.slug
            );
            for edge in [&frames[..100], &frames[frames.len() - 100..]] {
                assert!(
                    edge.iter()
                        .flatten()
                        .all(|sample| sample.unsigned_abs() < 800),
                    "{} begins or ends with a click",
                    piece.slug
                );
            }
        }
    }

    #[test]
    fn the_same_piece_is_the_same_bytes_and_decodes_to_what_was_played() {
        let piece = &pieces()[0];
        let (frames, again) = (piece.render(), piece.render());
        assert!(frames == again);
        let file = piece.encode(&frames);
        let mut reader = claxon::FlacReader::new(&file[..]).unwrap();
        let decoded: Vec<i32> = reader.samples().map(Result::unwrap).collect();
        let played: Vec<i32> = frames
            .iter()
            .flatten()
            .map(|sample| i32::from(*sample))
            .collect();
        assert!(decoded == played);
    }
}
