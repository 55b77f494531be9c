//! Tracks by the address of a file on somebody else's server, where the operator allows that. We
//! look at a file once, when it is added: what it is called, and how long it is. Nobody who listens
//! asks its server before they said so; that is the page's part, and `http::elsewhere`'s. Inside our
//! own network nobody is looked at but whom the operator named.

mod address;
mod measure;
mod remote;

pub use address::Origin;
pub use measure::{Measured, measure};

use crate::config::Media;
use crate::outgoing::{Answer, Client, ClientError, Much, Reach};
use crate::secret;
use http::{StatusCode, header};
use parking_lot::Mutex;
use remote::{BLOCK, Remote};
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stereo_protocol::{Track, TrackId};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use url::Url;

/// What the provider is called in a track.
pub const NAME: &str = "direct";
/// Additions that are looked at together.
const AT_ONCE: usize = 16;
/// Of those, additions of one address of the network.
const AT_ONCE_FOR_ONE: usize = 2;
/// Addresses in a row that may each lead to the next.
const HOPS: usize = 4;
/// How long one addition may be looked at, however many files it has.
const PATIENCE: Duration = Duration::from_secs(30);
const AGENT: &str = concat!("Stereo/", env!("CARGO_PKG_VERSION"));

/// Looks at files on the servers of others.
pub struct Direct {
    files: Files,
    looking: Arc<Looking>,
}

/// For whom something is looked at just now; nobody is in here any longer than that.
struct Looking {
    places: Semaphore,
    by_address: Mutex<HashMap<IpAddr, usize>>,
}

/// One of the few places to look from. Held by the thread that reads, too, which may go on for a
/// moment when nobody waits for it any more.
struct Place {
    looking: Arc<Looking>,
    address: IpAddr,
}

crate::telemetry::closed!(Place);

/// Asks for files, wherever that is allowed.
#[derive(Clone)]
struct Files {
    /// The only ones, when there are any.
    origins: Arc<[Origin]>,
    client: Client,
}

/// Why an address is no track. Of who is inside our network it says no more than of who is not
/// there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not an address that is taken here.
    Address,
    /// Nothing is there that can be had.
    Nothing,
    /// What is there is no audio whose length can be told.
    NoAudio,
    /// Too much is looked at just now.
    Busy,
}

/// The right to look, for as long as one addition takes.
pub struct Look<'a> {
    files: &'a Files,
    until: Instant,
    place: Arc<Place>,
}

impl Direct {
    /// As the operator decided; `None` when addresses elsewhere are not taken.
    pub fn new(media: &Media) -> Option<Self> {
        let origins = media.direct_origins.iter();
        media.direct.then(|| Self {
            files: Files {
                origins: origins.filter_map(|one| Origin::parse(one)).collect(),
                client: Client::default(),
            },
            looking: Arc::new(Looking {
                places: Semaphore::new(AT_ONCE),
                by_address: Mutex::default(),
            }),
        })
    }

    /// Whether files of this origin are taken.
    pub fn takes(&self, origin: &Origin) -> bool {
        self.files.takes(origin)
    }

    /// Whether a track is one that is taken here now, or no such track at all.
    pub fn judge(direct: Option<&Self>) -> impl Fn(&Track) -> bool + Send + Sync + use<> {
        let files = direct.map(|direct| direct.files.clone());
        move |track| {
            let taken = |files: &Files| files.address(&track.url).is_ok();
            !track.is_elsewhere() || files.as_ref().is_some_and(taken)
        }
    }

    /// Begins to look at what is added together, for somebody at an address of the network.
    ///
    /// # Errors
    /// `Busy` when too many others do, or this one does.
    pub fn look(&self, address: IpAddr) -> Result<Look<'_>, Fault> {
        Ok(Look {
            files: &self.files,
            until: Instant::now() + PATIENCE,
            place: Arc::new(Looking::enter(&self.looking, address)?),
        })
    }

    /// A track that an export tells of, without asking anybody: nothing is believed of it but what
    /// is checked here. `None` when it cannot be one here.
    pub fn told(&self, told: &Track) -> Option<Arc<Track>> {
        if &*told.provider != NAME {
            return None;
        }
        let url = self.files.address(&told.url).ok()?;
        let measured = Measured {
            duration_ms: told.duration_ms,
            title: Some(told.title.to_string()),
            artists: told.artists.iter().map(ToString::to_string).collect(),
        };
        Some(Arc::new(track(&url, measured.tidied()?)))
    }
}

impl Looking {
    fn enter(looking: &Arc<Self>, address: IpAddr) -> Result<Place, Fault> {
        let permit = looking.places.try_acquire().map_err(|_| Fault::Busy)?;
        let mut by_address = looking.by_address.lock();
        let count = by_address.entry(address).or_insert(0);
        if *count >= AT_ONCE_FOR_ONE {
            return Err(Fault::Busy);
        }
        *count += 1;
        // Given back by the place.
        permit.forget();
        let looking = looking.clone();
        Ok(Place { looking, address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_address = self.looking.by_address.lock();
        if let Some(count) = by_address.get_mut(&self.address) {
            *count -= 1;
        }
        by_address.retain(|_, count| *count > 0);
        self.looking.places.add_permits(1);
    }
}

impl Files {
    fn takes(&self, origin: &Origin) -> bool {
        match self.origins.is_empty() {
            true => origin.is_https(),
            false => self.origins.contains(origin),
        }
    }

    /// The address in `text`, if one like it is taken.
    fn address(&self, text: &str) -> Result<Url, Fault> {
        let url = address::parse(text).ok_or(Fault::Address)?;
        let origin = Origin::of(&url).filter(|origin| self.takes(origin));
        origin.map(|_| url).ok_or(Fault::Address)
    }

    /// Where a file is that was asked for at `url`, and its first bytes.
    async fn find(&self, mut url: Url) -> Result<(Url, Answer), Fault> {
        for _ in 0..HOPS {
            let answer = self.part(&url, 0).await?;
            if !answer.status().is_redirection() {
                return Ok((url, answer));
            }
            let there = answer.headers().get(header::LOCATION);
            let there = there.and_then(|there| there.to_str().ok());
            let there = there.and_then(|there| url.join(there).ok());
            // Each step is judged as the first was.
            url = self.address(there.ok_or(Fault::Nothing)?.as_str())?;
        }
        Err(Fault::Nothing)
    }

    /// One block of a file (RFC 9110 §14.2), or what its server gives instead.
    async fn part(&self, url: &Url, start: u64) -> Result<Answer, Fault> {
        let range = format!("bytes={start}-{}", start + BLOCK as u64 - 1);
        let request = http::Request::get(url.as_str())
            .header(header::RANGE, range)
            .header(header::USER_AGENT, AGENT)
            .header(header::ACCEPT, "audio/*, */*;q=0.1")
            .header(header::ACCEPT_ENCODING, "identity")
            .body(Vec::new());
        let request = request.map_err(|_| Fault::Address)?;
        // Named by the operator: then it may be in our own network, and speak without TLS.
        let reach = match self.origins.is_empty() {
            true => Reach::Open,
            false => Reach::NamedPlain,
        };
        let answer = self.client.ask(request, reach, Much::Start(BLOCK)).await;
        answer.map_err(|error| match error {
            ClientError::Address | ClientError::Silent | ClientError::Broken => Fault::Nothing,
        })
    }
}

impl Look<'_> {
    /// The track of the file at an address: looks at its first bytes, and at as many others as its
    /// format asks for, within bounds.
    ///
    /// # Errors
    /// As they say; none tells who answered inside our network.
    pub async fn at(&self, text: &str) -> Result<Arc<Track>, Fault> {
        let url = self.files.address(text)?;
        let left = self.until.saturating_duration_since(Instant::now());
        let found = tokio::time::timeout(left, self.files.find(url)).await;
        let (url, answer) = found.map_err(|_| Fault::Nothing)??;
        let (length, first, in_parts) = whole_length(answer)?;
        let parts = PartsOf {
            files: self.files.clone(),
            url: url.clone(),
            until: self.until,
            in_parts,
            runtime: Handle::current(),
            _place: self.place.clone(),
        };
        let file = Remote::new(length, first, move |start| parts.read(start));
        let measured = tokio::task::spawn_blocking(move || measure(file)).await;
        let measured = measured.ok().flatten().ok_or(Fault::NoAudio)?;
        Ok(Arc::new(track(&url, measured)))
    }
}

/// Reads a file's blocks, from a thread that may wait.
struct PartsOf {
    files: Files,
    url: Url,
    until: Instant,
    in_parts: bool,
    runtime: Handle,
    _place: Arc<Place>,
}

impl PartsOf {
    fn read(&self, start: u64) -> io::Result<Vec<u8>> {
        let late = || io::Error::from(io::ErrorKind::TimedOut);
        if !self.in_parts {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let left = self.until.checked_duration_since(Instant::now());
        let part = self.files.part(&self.url, start);
        let part = tokio::time::timeout(left.ok_or_else(late)?, part);
        let answer = self.runtime.block_on(part).map_err(|_| late())?;
        let answer = answer.map_err(|_| io::Error::from(io::ErrorKind::ConnectionAborted))?;
        match answer.status() {
            StatusCode::PARTIAL_CONTENT => Ok(answer.into_body()),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// How long a file is, its first bytes, and whether its server gives others too.
fn whole_length(answer: Answer) -> Result<(u64, Vec<u8>, bool), Fault> {
    let text = |name| answer.headers().get(name).and_then(|it| it.to_str().ok());
    let number = |text: &str| text.trim().parse().ok();
    let (length, in_parts) = match answer.status() {
        // RFC 9110 §14.4: bytes 0-1023/146515
        StatusCode::PARTIAL_CONTENT => {
            let range = text(header::CONTENT_RANGE).filter(|range| range.starts_with("bytes 0-"));
            let length = range.and_then(|range| range.rsplit_once('/'));
            (length.and_then(|(_, length)| number(length)), true)
        }
        StatusCode::OK => (text(header::CONTENT_LENGTH).and_then(number), false),
        _ => return Err(Fault::Nothing),
    };
    let length = length.ok_or(Fault::NoAudio)?;
    Ok((length, answer.into_body(), in_parts))
}

fn track(url: &Url, measured: Measured) -> Track {
    // Random, and not made of the address: it stands in the clear where the address is sealed.
    let id = u128::from_ne_bytes(secret::random());
    Track {
        id: TrackId(format!("t_{id:032x}").into()),
        provider: NAME.into(),
        title: (measured.title)
            .unwrap_or_else(|| address::title(url))
            .into(),
        artists: measured.artists.into_iter().map(Into::into).collect(),
        duration_ms: measured.duration_ms,
        url: url.as_str().into(),
        artwork: None,
        accent: None,
    }
}

#[cfg(test)]
mod tests;
