//! The demo tracks: made by our own synthesis while building, and part of the binary.

use super::{MediaFile, Provider};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;
use stereo_protocol::{Track, TrackId};

struct Demo {
    slug: &'static str,
    title: &'static str,
    artist: &'static str,
    duration_ms: u64,
    accent: &'static str,
    audio: &'static [u8],
    audio_file: &'static str,
    content_type: &'static str,
    artwork: &'static [u8],
    artwork_file: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/demo_tracks.rs"));

/// The provider of the demo tracks.
pub struct DemoTracks {
    tracks: Vec<Arc<Track>>,
    files: HashMap<String, MediaFile>,
}

impl Default for DemoTracks {
    fn default() -> Self {
        let mut files = HashMap::new();
        let tracks = DEMOS
            .iter()
            .map(|demo| Arc::new(offer(demo, &mut files)))
            .collect();
        Self { tracks, files }
    }
}

fn offer(demo: &'static Demo, files: &mut HashMap<String, MediaFile>) -> Track {
    let mut add = |name: &str, bytes: &'static [u8], content_type| {
        let file = MediaFile {
            bytes: Bytes::from_static(bytes),
            content_type,
            etag: etag(bytes),
        };
        // The address holds what is in it, so that it can be kept for ever.
        let digest = file.etag.trim_matches('"')[..8].to_owned();
        let path = name.replacen('.', &format!("-{digest}."), 1);
        files.insert(path.clone(), file);
        format!("/media/{path}").into_boxed_str()
    };
    Track {
        id: TrackId(format!("t_demo_{}", demo.slug).into()),
        provider: "hosted".into(),
        title: demo.title.into(),
        artists: vec![demo.artist.into()],
        duration_ms: demo.duration_ms,
        url: add(demo.audio_file, demo.audio, demo.content_type),
        artwork: Some(add(demo.artwork_file, demo.artwork, "image/svg+xml")),
        accent: Some(demo.accent.into()),
    }
}

/// A strong validator: the beginning of the SHA-256 of the bytes.
pub(crate) fn etag(bytes: &[u8]) -> Box<str> {
    let mut text = String::from("\"");
    for byte in &Sha256::digest(bytes)[..12] {
        let _ = write!(text, "{byte:02x}");
    }
    text.push('"');
    text.into()
}

impl Provider for DemoTracks {
    fn name(&self) -> &'static str {
        "hosted"
    }

    fn search(&self, query: &str) -> Vec<Arc<Track>> {
        let holds = |track: &&Arc<Track>| {
            let artist = track
                .artists
                .iter()
                .any(|artist| artist.to_lowercase().contains(query));
            artist || track.title.to_lowercase().contains(query)
        };
        self.tracks.iter().filter(holds).cloned().collect()
    }

    fn resolve(&self, wanted: &str) -> Option<Arc<Track>> {
        self.tracks
            .iter()
            .find(|track| &*track.id.0 == wanted || &*track.url == wanted)
            .cloned()
    }

    fn file(&self, path: &str) -> Option<MediaFile> {
        self.files.get(path).cloned()
    }
}
