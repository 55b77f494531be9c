//! `[media]`: where music may come from.

use super::rule::{Invalid, Section};
use super::server::origin_fault;
use serde::{Deserialize, Serialize};

const SECTION: Section = Section("media");

/// Where music may come from. Anything but hosted shows listeners' addresses to others: each is
/// asked first, and the operator before them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Media {
    /// Offer the demo tracks in the library. Default true.
    pub demo_tracks: bool,
    /// Let people add a file on another server by its `https://` address. Default false.
    pub direct: bool,
    /// The only servers that such files may be on, such as `https://music.example.org`. Those may
    /// be in our own network and without TLS. Default none: any on the open Internet.
    pub direct_origins: Vec<String>,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            demo_tracks: true,
            direct: false,
            direct_origins: Vec::new(),
        }
    }
}

impl Media {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        for (place, origin) in self.direct_origins.iter().enumerate() {
            let is_one = crate::media::direct::Origin::parse(origin).is_some();
            let other = || (!is_one).then(|| format!("expected a host's own name, not {origin:?}"));
            if let Some(fault) = origin_fault(origin).or_else(other) {
                return Err(Invalid {
                    element: Some(place),
                    ..SECTION.invalid("direct_origins", fault)
                });
            }
        }
        SECTION.agree(
            self.direct || self.direct_origins.is_empty(),
            "direct",
            "direct_origins",
            || "expected direct = true, since direct_origins names servers".into(),
        )
    }
}
