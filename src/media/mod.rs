//! Music and pictures: where tracks come from, the files of the hosted ones, and pictures of
//! people. What we serve comes in behind [`Provider`]; what others serve ([`direct`]) stays off
//! until the operator allows it, because it shows listeners' addresses to them.

mod demo;
pub mod direct;
pub mod picture;
pub mod range;

pub use demo::DemoTracks;
pub(crate) use demo::etag;
pub use picture::small_picture;

use crate::config::Media;
use bytes::Bytes;
use direct::{Direct, Fault};
use std::net::IpAddr;
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
    direct: Option<Direct>,
}

impl Library {
    /// A library as the operator decided.
    pub fn new(media: &Media) -> Self {
        let demo = media.demo_tracks.then(DemoTracks::default);
        let demo = demo.map(|demo| Box::new(demo) as Box<dyn Provider>);
        Self {
            providers: demo.into_iter().collect(),
            direct: Direct::new(media),
        }
    }

    /// Tracks that match; all for an empty query.
    pub fn search(&self, query: &str) -> Vec<Arc<Track>> {
        let query = query.trim().to_lowercase();
        self.providers
            .iter()
            .flat_map(|provider| provider.search(&query))
            .collect()
    }

    /// Files elsewhere, where the operator allows them.
    pub fn direct(&self) -> Option<&Direct> {
        self.direct.as_ref()
    }

    /// One that is served here, by its id or URL.
    pub fn hosted(&self, wanted: &str) -> Option<Arc<Track>> {
        self.providers
            .iter()
            .find_map(|provider| provider.resolve(wanted))
    }

    /// Whether a track that was taken once is so still.
    pub fn judge(&self) -> Box<dyn Fn(&Track) -> bool + Send + Sync> {
        Box::new(Direct::judge(self.direct.as_ref()))
    }

    /// How many of these have to be looked at elsewhere, by [`Library::look_up`].
    pub fn elsewhere(&self, wanted: &[Box<str>]) -> usize {
        let addresses = wanted.iter().filter(|one| is_address(one));
        self.direct.as_ref().map_or(0, |_| addresses.count())
    }

    /// Resolves every id or URL of what is served here, or none.
    ///
    /// # Errors
    /// `not_found` with the field of the first that is not a track, such as `tracks[3]`.
    pub fn resolve(&self, wanted: &[Box<str>]) -> Result<Vec<Arc<Track>>, ErrorObject> {
        let resolved = wanted.iter().enumerate().map(|(place, wanted)| {
            let found = self.hosted(wanted);
            found.ok_or_else(|| missing(place, wanted))
        });
        resolved.collect()
    }

    /// As [`Library::resolve`], also of files elsewhere, each of which is looked at, for somebody at
    /// an address of the network.
    ///
    /// # Errors
    /// As [`Library::resolve`]; `invalid` for what is no audio; `unavailable` while too many others
    /// are looked at.
    pub async fn look_up(
        &self,
        address: IpAddr,
        wanted: &[Box<str>],
    ) -> Result<Vec<Arc<Track>>, ErrorObject> {
        let Some(direct) = self.direct.as_ref().filter(|_| self.elsewhere(wanted) > 0) else {
            return self.resolve(wanted);
        };
        // What is missing here is told before anybody elsewhere is asked.
        let here = wanted
            .iter()
            .enumerate()
            .filter(|(_, one)| !is_address(one));
        for (place, one) in here {
            self.hosted(one).ok_or_else(|| missing(place, one))?;
        }
        let look = direct.look(address).map_err(|fault| told(0, fault))?;
        let mut found = Vec::with_capacity(wanted.len());
        for (place, wanted) in wanted.iter().enumerate() {
            found.push(match self.hosted(wanted) {
                Some(track) => track,
                None => look.at(wanted).await.map_err(|fault| told(place, fault))?,
            });
        }
        Ok(found)
    }

    /// A hosted file.
    pub fn file(&self, path: &str) -> Option<MediaFile> {
        self.providers
            .iter()
            .find_map(|provider| provider.file(path))
    }
}

fn is_address(wanted: &str) -> bool {
    wanted.contains("://")
}

fn missing(place: usize, wanted: &str) -> ErrorObject {
    match is_address(wanted) {
        true => told(place, Fault::Address),
        false => refused(place, ErrorKind::NotFound, "is not a track of the library"),
    }
}

fn told(place: usize, fault: Fault) -> ErrorObject {
    let (kind, message) = match fault {
        Fault::Address => (
            ErrorKind::NotFound,
            "is not an address that this server plays",
        ),
        Fault::Nothing => (ErrorKind::NotFound, "is nowhere that this server can reach"),
        Fault::NoAudio => (
            ErrorKind::Invalid,
            "is no audio file that says how long it is",
        ),
        Fault::Busy => (
            ErrorKind::Unavailable,
            "cannot be looked at just now: many others are; try again",
        ),
    };
    refused(place, kind, message)
}

fn refused(place: usize, kind: ErrorKind, message: &str) -> ErrorObject {
    let field = format!("tracks[{place}]");
    ErrorObject::new(kind, format!("{field} {message}")).with_field(field)
}
