//! What the server sends unasked, beside events: conflated, not numbered.

use crate::{EventNotice, ItemId, MemberId, People};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Every notification from the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(tag = "method", content = "params", rename_all = "snake_case")]
pub enum Notification {
    /// The room's public state changed.
    Event(EventNotice),
    /// People came and went.
    Presence(PresenceNotice),
    /// Reactions were counted.
    Tally(TallyNotice),
    /// The room's drift was measured.
    Health(Health),
    /// The connection is about to be closed.
    Closing(Closing),
}

/// A difference of who is here. Folded into the list of the join reply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct PresenceNotice {
    /// How many people are here now.
    pub count: u32,
    /// Who is in the list now and was not.
    pub joined: Vec<MemberId>,
    /// Who is not in the list any more.
    pub left: Vec<MemberId>,
    /// Whether the list holds only some of those present.
    pub sampled: bool,
    /// Names of those in `joined`.
    #[serde(default)]
    pub people: People,
}

/// Reactions to the current item, by reaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct TallyNotice {
    /// The item.
    pub item: ItemId,
    /// How many members react so.
    pub counts: BTreeMap<Box<str>, u32>,
    /// Who reacted since the last notice, and how; at most 20, for showing.
    #[serde(default)]
    pub latest: Vec<(MemberId, Box<str>)>,
}

/// Drift as listeners measured it: heard position minus the room's, absolute.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Health {
    /// Median, in milliseconds.
    pub median_ms: f64,
    /// 95th percentile, in milliseconds.
    pub p95_ms: f64,
    /// How many measured.
    pub listeners: u32,
}

/// Just before a close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Closing {
    /// Why.
    pub reason: ClosingReason,
    /// When to come back, in milliseconds from now; already spread over the clients.
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub reconnect_after_ms: u64,
}

/// Why the server is about to close a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClosingReason {
    /// The server restarts.
    Restart,
}
