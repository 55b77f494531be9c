//! What a client is given to start from.

use crate::{
    ChatMessage, ClockId, Epoch, EventNotice, Limits, MemberId, People, Playback, PublicState,
    QueueItem, Role, RoomSettings, Vote,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who the client is in this room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct You {
    /// The member's id.
    pub member: MemberId,
    /// What the member may do.
    pub role: Role,
    /// Makes a guest the same guest next time. Absent for an account.
    #[serde(default)]
    pub token: Option<Box<str>>,
}

/// Who is here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Presence {
    /// How many people.
    pub count: u32,
    /// The first 100 of them.
    pub list: Vec<MemberId>,
    /// Whether the list holds only some.
    #[serde(default)]
    pub sampled: bool,
}

/// The public state at a position, cut to what a page needs first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Snapshot {
    /// The settings.
    pub room: RoomSettings,
    /// What plays.
    pub current: Option<QueueItem>,
    /// The first 100 of what is coming; `queue` gives the rest.
    pub queue: Vec<QueueItem>,
    /// How many are coming.
    pub queue_count: u32,
    /// Where the current item is.
    pub playback: Option<Playback>,
    /// Votes to skip it.
    pub vote: Option<Vote>,
    /// The last 50 messages.
    pub chat: Vec<ChatMessage>,
    /// Who is named in here.
    pub people: People,
}

impl Snapshot {
    /// Items of the queue in a snapshot.
    pub const QUEUE: usize = 100;
    /// Messages in a snapshot.
    pub const CHAT: usize = 50;

    /// What a client that joins is given of `state`.
    pub fn of(state: &PublicState) -> Self {
        let recent = state.chat.len().saturating_sub(Self::CHAT);
        Self {
            room: state.room.clone(),
            current: state.current.clone(),
            queue: state.queue.iter().take(Self::QUEUE).cloned().collect(),
            queue_count: state.queue.len() as u32,
            playback: state.playback,
            vote: state.vote,
            chat: state.chat.iter().skip(recent).cloned().collect(),
            people: state.people.clone(),
        }
    }
}

/// The result of `join` and of `snapshot`. Either the snapshot's fields or `missed` are there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Joined {
    /// Who you are.
    pub you: You,
    /// The numbering of `seq`.
    pub epoch: Epoch,
    /// The last event that is in here.
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub seq: u64,
    /// The server's clock.
    pub clock: ClockId,
    /// Milliseconds of server time, with decimals.
    pub now: f64,
    /// The public state; absent when `missed` is there.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub snapshot: Option<Snapshot>,
    /// The events after the position that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", ts(optional))]
    pub missed: Option<Vec<EventNotice>>,
    /// Who is here.
    pub presence: Presence,
    /// Reactions to the current item.
    pub tally: BTreeMap<Box<str>, u32>,
    /// What the server accepts.
    pub limits: Limits,
}
