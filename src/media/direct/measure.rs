//! What a file of audio says of itself: how long it is, what it is called, by whom.

use lofty::config::{GlobalOptions, ParseOptions, apply_global_options};
use lofty::file::{AudioFile, TaggedFileExt};
use lofty::probe::Probe;
use lofty::tag::Accessor;
use std::io::{BufReader, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Shortest and longest piece, in milliseconds: a hundredth of a second, and a day.
const BOUNDS_MS: std::ops::RangeInclusive<u64> = 10..=86_400_000;
/// Longest title or artist, in characters.
const LONGEST: usize = 200;
/// Artists of one piece.
const MOST_ARTISTS: usize = 8;
/// Bytes that reading one thing of a file may take at once.
const MOST_BYTES: usize = 4 << 20;
/// Small reads are gathered: formats are read a few bytes at a time.
const GATHERED: usize = 4 << 10;

/// What is told of a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Milliseconds.
    pub duration_ms: u64,
    /// Its title, if it has one.
    pub title: Option<String>,
    /// Who made it.
    pub artists: Vec<String>,
}

impl Measured {
    /// As it may be shown; `None` when it cannot be that long.
    pub(super) fn tidied(self) -> Option<Self> {
        let tidied = |text: &String| crate::text::tidied(text, LONGEST);
        BOUNDS_MS.contains(&self.duration_ms).then(|| Self {
            duration_ms: self.duration_ms,
            title: self.title.as_ref().and_then(tidied),
            artists: (self.artists.iter())
                .filter_map(tidied)
                .take(MOST_ARTISTS)
                .collect(),
        })
    }
}

/// Reads what a file says of itself; `None` when it is no audio, or does not say how long it is.
///
/// What reads formats gives up by a panic now and then (the length of an Opus file, multiplied, where
/// sums are checked): such a file is no audio neither.
pub fn measure(file: impl Read + Seek) -> Option<Measured> {
    catch_unwind(AssertUnwindSafe(|| read(file))).ok().flatten()
}

fn read(file: impl Read + Seek) -> Option<Measured> {
    apply_global_options(GlobalOptions::new().allocation_limit(MOST_BYTES));
    let options = ParseOptions::new().read_cover_art(false);
    let file = BufReader::with_capacity(GATHERED, file);
    let probe = Probe::new(file).options(options).guess_file_type().ok()?;
    let file = probe.read().ok()?;
    let duration = file.properties().duration().as_millis();
    let tag = file.primary_tag().or_else(|| file.first_tag());
    let told = Measured {
        duration_ms: u64::try_from(duration).ok()?,
        title: tag.and_then(|tag| tag.title().map(String::from)),
        artists: tag
            .and_then(|tag| tag.artist().map(String::from))
            .into_iter()
            .collect(),
    };
    told.tidied()
}
