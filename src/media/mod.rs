//! Music and pictures: where tracks come from, the files of the hosted ones, and pictures of people. Later providers (direct URLs,
//! embeds, uploads) come in behind [`Provider`]; each stays off until the operator allows it,
//! because it shows listeners' addresses to others.

mod demo;
pub mod picture;
pub mod range;

pub use demo::DemoTracks;
pub(crate) use demo::etag;
pub use picture::small_picture;

use bytes::Bytes;
use std::sync::Arc;
use stereo_protocol::{ErrorKind, ErrorObject, Track};

/// A source of tracks.
pub trait Provider: Send + Sync {
    /// The provider's name in a track.
    fn name(&self) -> &'static str;

    /// Tracks whose title or artist holds `query`, in lower case.
    fn search(&self, query: &str) -> Vec<Arc<Track>>;

    /// The track of an id or a URL; `None` when it is none of this provider's.
    fn resolve(&self, wanted: &str) -> Option<Arc<Track>>;

    /// A file of a hosted track, by its path below `/media/`.
    fn file(&self, path: &str) -> Option<MediaFile>;
}

/// A file that we serve.
#[derive(Clone, Debug)]
pub struct MediaFile {
    /// What is in it.
    pub bytes: Bytes,
    /// Its media type.
    pub content_type: &'static str,
    /// A strong validator, quoted.
    pub etag: Box<str>,
}

/// All providers that are switched on.
#[derive(Default)]
pub struct Library {
    providers: Vec<Box<dyn Provider>>,
}

impl Library {
    /// A library of these providers.
    pub fn new(providers: Vec<Box<dyn Provider>>) -> Self {
        Self { providers }
    }

    /// Tracks that match; all for an empty query.
    pub fn search(&self, query: &str) -> Vec<Arc<Track>> {
        let query = query.trim().to_lowercase();
        self.providers
            .iter()
            .flat_map(|provider| provider.search(&query))
            .collect()
    }

    /// Resolves every id or URL, or none.
    ///
    /// # Errors
    /// `not_found` with the field of the first that is not a track, such as `tracks[3]`.
    pub fn resolve(&self, wanted: &[Box<str>]) -> Result<Vec<Arc<Track>>, ErrorObject> {
        let resolved = wanted.iter().enumerate().map(|(place, wanted)| {
            let found = self
                .providers
                .iter()
                .find_map(|provider| provider.resolve(wanted));
            found.ok_or_else(|| {
                let message = if wanted.contains("://") {
                    "is not an address that this server plays"
                } else {
                    "is not a track of the library"
                };
                ErrorObject::new(ErrorKind::NotFound, format!("tracks[{place}] {message}"))
                    .with_field(format!("tracks[{place}]"))
            })
        });
        resolved.collect()
    }

    /// A hosted file.
    pub fn file(&self, path: &str) -> Option<MediaFile> {
        self.providers
            .iter()
            .find_map(|provider| provider.file(path))
    }
}
