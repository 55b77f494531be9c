//! `[media]`: where music may come from.

use serde::{Deserialize, Serialize};

/// Where music may come from. Anything but hosted shows listeners' addresses to others, and is
/// not in this version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Media {
    /// Offer the demo tracks in the library. Default true.
    pub demo_tracks: bool,
}

impl Default for Media {
    fn default() -> Self {
        Self { demo_tracks: true }
    }
}
