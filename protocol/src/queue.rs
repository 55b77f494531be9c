//! Tracks, and the queue they stand in.

use crate::{ItemId, MemberId, TrackId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// A piece that can be played. Artwork is always served by us: a foreign picture would show
/// every listener's address to whoever serves it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Track {
    /// The track's id, stable over restarts.
    pub id: TrackId,
    /// Who serves it: `hosted` (this server), `direct` (another one, at `url`), later others.
    pub provider: Box<str>,
    /// Title.
    pub title: Box<str>,
    /// Artists, in order.
    pub artists: Vec<Box<str>>,
    /// Length in milliseconds. The server's figure is what counts, whatever a file says.
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub duration_ms: u64,
    /// Where the audio is.
    pub url: Box<str>,
    /// Path of a square picture on this server.
    pub artwork: Option<Box<str>>,
    /// The artwork's own colour, `#rrggbb`, for the room's light.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<Box<str>>,
}

impl Track {
    /// The provider of what this server serves itself.
    pub const HOSTED: &'static str = "hosted";

    /// Whether somebody else serves it. Then address and title are what a person gave, and go with
    /// that person.
    pub fn is_elsewhere(&self) -> bool {
        &*self.provider != Self::HOSTED
    }

    /// What stays where this track stood once it was deleted, or where it may not be told: its id
    /// and who served it.
    pub fn withheld(&self) -> Self {
        Self {
            id: self.id.clone(),
            provider: self.provider.clone(),
            title: Box::default(),
            artists: Vec::new(),
            duration_ms: 0,
            url: Box::default(),
            artwork: None,
            accent: None,
        }
    }

    /// Whether that is all there is of it.
    pub fn is_withheld(&self) -> bool {
        self.url.is_empty()
    }
}

/// One entry of the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct QueueItem {
    /// Operations name items by this, never by position.
    pub id: ItemId,
    /// What it plays.
    pub track: Arc<Track>,
    /// Who added it.
    pub by: MemberId,
    /// Votes of members present.
    #[serde(default)]
    pub votes: i32,
    /// Placed by hand: ranking leaves it where it is.
    #[serde(default)]
    pub pinned: bool,
}

/// Where in the queue: `after` in requests. Absent means the end; null or `"next"` the front.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Place {
    /// Behind everything.
    #[default]
    End,
    /// Before everything that is coming.
    First,
    /// Behind this item; the current item means the front.
    After(ItemId),
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // An absent field; serialising structs skip it with `Place::is_end`.
            Place::End => serializer.serialize_none(),
            Place::First => serializer.serialize_str("next"),
            Place::After(item) => item.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Ok(match text.as_deref() {
            None | Some("next") => Place::First,
            Some(id) => Place::After(ItemId::parse(id)),
        })
    }
}

impl Place {
    /// Whether the field is left out on the wire.
    pub fn is_end(&self) -> bool {
        *self == Place::End
    }
}
