//! Everything to disk, for a build script. The only room with I/O and threads in it.

use crate::{CONTENT_TYPE, Piece, duration_ms, pieces};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, io, thread};

/// A track that was written, and what a library has to know about it.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The piece's name in URLs.
    pub slug: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Its artist.
    pub artist: &'static str,
    /// The colour of its sleeve, `#rrggbb`.
    pub accent: &'static str,
    /// Its exact length in milliseconds.
    pub duration_ms: u64,
    /// Name of the audio file in the directory.
    pub audio_file: String,
    /// Type of the audio file.
    pub content_type: &'static str,
    /// Size of the audio file in bytes.
    pub audio_bytes: u64,
    /// Name of the sleeve in the directory, an `image/svg+xml`.
    pub artwork_file: String,
    /// FNV-1a of the audio file, for an `ETag` or a name that may be cached for ever; it guards
    /// against nothing but change.
    pub hash: u64,
}

/// Renders every piece into a directory as `<slug>.flac` and `<slug>.svg`, on as many threads as
/// there are cores; the answer is in rotation order. The directory has to exist.
///
/// # Errors
/// The first error of writing a file.
pub fn write_all(directory: &Path) -> io::Result<Vec<Rendered>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((place, piece)) = take(&next) {
            done.push((place, write(piece, directory)?));
        }
        Ok(done)
    };
    let cores = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(pieces().len());
    let mut all = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_fold(Vec::new(), |mut all, worker| {
            let done: io::Result<Vec<_>> = worker
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("a piece could not be rendered")));
            all.extend(done?);
            Ok::<_, io::Error>(all)
        })
    })?;
    all.sort_by_key(|(place, _)| *place);
    Ok(all.into_iter().map(|(_, rendered)| rendered).collect())
}

/// The next piece that nobody has taken.
fn take(next: &AtomicUsize) -> Option<(usize, &'static Piece)> {
    let place = next.fetch_add(1, Ordering::Relaxed);
    pieces().get(place).map(|piece| (place, piece))
}

fn write(piece: &Piece, directory: &Path) -> io::Result<Rendered> {
    let frames = piece.render();
    let audio = piece.encode(&frames);
    let audio_file = format!("{}.flac", piece.slug);
    let artwork_file = format!("{}.svg", piece.slug);
    fs::write(directory.join(&audio_file), &audio)?;
    fs::write(directory.join(&artwork_file), piece.artwork(&frames))?;
    Ok(Rendered {
        slug: piece.slug,
        title: piece.title,
        artist: piece.artist,
        accent: piece.accent,
        duration_ms: duration_ms(frames.len()),
        audio_file,
        content_type: CONTENT_TYPE,
        audio_bytes: audio.len() as u64,
        artwork_file,
        hash: fnv(&audio),
    })
}

/// FNV-1a, 64 bits.
pub(crate) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
