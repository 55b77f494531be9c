//! What plays, and where it is.

use crate::ItemId;
use serde::{Deserialize, Serialize};

/// At server time `at_ms` the position in `item` is `position_ms` and moves from there, unless
/// paused. `at_ms` may lie ahead: that is how a start is scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Playback {
    /// The item that plays: the current one.
    pub item: ItemId,
    /// Milliseconds from the start of the track.
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub position_ms: u64,
    /// Milliseconds of server time.
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub at_ms: u64,
    /// Whether the position stands still.
    pub paused: bool,
}

impl Playback {
    /// The position at server time `now_ms`, in milliseconds; a scheduled start stands at its
    /// first position until then. Not limited by the track's length.
    pub fn position_at(&self, now_ms: u64) -> u64 {
        if self.paused {
            return self.position_ms;
        }
        self.position_ms
            .saturating_add(now_ms.saturating_sub(self.at_ms))
    }

    /// The server time at which a track of `duration_ms` ends, or `None` while paused.
    pub fn ends_at(&self, duration_ms: u64) -> Option<u64> {
        let left = duration_ms.saturating_sub(self.position_ms);
        (!self.paused).then(|| self.at_ms.saturating_add(left))
    }
}

/// A vote to skip what plays: distinct members present who voted, and how many it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Vote {
    /// Members who voted.
    pub have: u32,
    /// Members it takes.
    pub need: u32,
}
