//! What requests are answered with, where it is not the join reply.

use crate::{
    BanId, ClockId, Epoch, EventNotice, InviteId, ItemId, MemberId, MessageId, People, QueueItem,
};
use serde::{Deserialize, Serialize};

/// The result of a request that changes something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Done {
    /// The command's last event, or the present one when nothing changed.
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub seq: u64,
    /// Whether anything changed.
    pub changed: bool,
    /// `queue.add`: the items that were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", ts(optional))]
    pub items: Option<Vec<ItemId>>,
    /// `chat.send`: the message that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", ts(optional))]
    pub message: Option<MessageId>,
    /// `member.kick`: the ban that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", ts(optional))]
    pub ban: Option<BanId>,
    /// `invite.create`: the invitation that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", ts(optional))]
    pub invite: Option<InviteId>,
    /// `invite.create`: what its holder shows at the door. Told once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", ts(optional))]
    pub token: Option<Box<str>>,
}

/// The result of `clock`: milliseconds with decimals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct ClockAnswer {
    /// The client's own clock, as it was sent.
    pub t0: f64,
    /// Server time when the probe was read.
    pub t1: f64,
    /// Server time when the answer was written.
    pub t2: f64,
    /// The run of the server's clock.
    pub clock: ClockId,
}

/// The result of `events`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct EventsPage {
    /// The numbering.
    pub epoch: Epoch,
    /// The last event there is.
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub seq: u64,
    /// The events after the position that was asked about.
    pub events: Vec<EventNotice>,
}

/// The result of `queue`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct QueuePage {
    /// As of this event.
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub seq: u64,
    /// A part of the queue, in order.
    pub items: Vec<QueueItem>,
    /// How many items the whole queue has.
    pub count: u32,
    /// Who added them.
    pub people: People,
}

/// The result of `members`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct MembersPage {
    /// Who is here, in the order of their ids.
    pub members: Vec<MemberId>,
    /// How many are here in all.
    pub count: u32,
    /// Their names.
    pub people: People,
}
