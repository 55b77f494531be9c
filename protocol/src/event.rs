//! What happened in a room, numbered.

use crate::{
    BanId, ChatMessage, ItemId, MemberId, MessageId, People, Playback, QueueItem, Role,
    RoomSettings,
};
use serde::{Deserialize, Serialize};

/// A change of the room's public state. [`crate::PublicState::fold`] says what each does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(tag = "type")]
pub enum Event {
    /// Items stand behind `after` (null: at the front), in this order.
    #[serde(rename = "queue.added")]
    QueueAdded {
        /// What was added.
        items: Vec<QueueItem>,
        /// The item before them.
        after: Option<ItemId>,
    },
    /// Items are gone.
    #[serde(rename = "queue.removed")]
    QueueRemoved {
        /// Which.
        items: Vec<ItemId>,
    },
    /// An item stands behind `after` now (null: at the front).
    #[serde(rename = "queue.moved")]
    QueueMoved {
        /// Which.
        item: ItemId,
        /// The item before it.
        after: Option<ItemId>,
        /// Placed by hand: ranking leaves it there.
        #[serde(default)]
        pinned: bool,
    },
    /// The queue was cleared of these items.
    #[serde(rename = "queue.cleared")]
    QueueCleared {
        /// Which.
        items: Vec<ItemId>,
    },
    /// The whole queue has this order now.
    #[serde(rename = "queue.shuffled")]
    QueueShuffled {
        /// Every item.
        order: Vec<ItemId>,
    },
    /// What plays, or how, has changed. A new current item leaves the queue.
    #[serde(rename = "playback.changed")]
    PlaybackChanged {
        /// Where it is; null: nothing plays.
        playback: Option<Playback>,
        /// What plays.
        current: Option<QueueItem>,
        /// What ended by this, and why.
        ended: Option<Ended>,
    },
    /// The settings are these now.
    #[serde(rename = "room.changed")]
    RoomChanged {
        /// All of them.
        room: RoomSettings,
    },
    /// A member has another role.
    #[serde(rename = "role.changed")]
    RoleChanged {
        /// Who.
        member: MemberId,
        /// The new role.
        role: Role,
    },
    /// A member appears otherwise; what is absent stays.
    #[serde(rename = "member.changed")]
    MemberChanged {
        /// Who.
        member: MemberId,
        /// The new name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Box<str>>,
        /// The new picture; null: none any more.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "some")]
        #[cfg_attr(
            feature = "schema",
            ts(optional, type = "string | null"),
            schemars(with = "Option<String>")
        )]
        picture: Option<Option<Box<str>>>,
        /// Whether chat is refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        muted: Option<bool>,
    },
    /// A member was removed, and may not come back until the ban ends.
    #[serde(rename = "member.banned")]
    MemberBanned {
        /// Who.
        member: MemberId,
        /// The ban.
        ban: BanId,
    },
    /// A member was erased: drop the name, and what they wrote.
    #[serde(rename = "member.erased")]
    MemberErased {
        /// Who it was.
        member: MemberId,
    },
    /// A message was written.
    #[serde(rename = "chat.added")]
    ChatAdded {
        /// The message.
        message: ChatMessage,
    },
    /// A message is gone: drop its text.
    #[serde(rename = "chat.removed")]
    ChatRemoved {
        /// Which.
        message: MessageId,
    },
    /// Votes have changed: to skip, if `item` is current, else for an item of the queue.
    #[serde(rename = "vote.changed")]
    VoteChanged {
        /// Which item.
        item: ItemId,
        /// Votes there are.
        have: i32,
        /// Votes that skip; null for an item of the queue.
        need: Option<u32>,
    },
    /// The room is over.
    #[serde(rename = "room.closed")]
    RoomClosed {
        /// `host`, `empty`, `restart` or `erased`.
        reason: Box<str>,
    },
    /// Something stood here that was deleted. Changes nothing.
    #[serde(rename = "redacted")]
    Redacted {},
}

/// `Option<Option<T>>` as absent, null, or a value.
mod some {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        T::deserialize(deserializer).map(Some)
    }
}

/// What stopped playing, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Ended {
    /// Which item.
    pub item: ItemId,
    /// Why.
    pub reason: EndReason,
}

/// Why an item stopped playing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// It was over. Its sound goes on until the announced `at_ms`.
    Ended,
    /// Somebody skipped it.
    Skipped,
    /// Votes skipped it.
    Voted,
    /// Somebody removed it.
    Removed,
    /// Somebody jumped to another one.
    Jumped,
    /// Nobody could play it.
    Failed,
}

/// Why the room did something that nobody asked for just then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A track was over.
    Ended,
    /// Something was waited for long enough.
    Timer,
    /// Enough people voted.
    Votes,
    /// A track that nobody could play.
    Failed,
    /// The host was away too long.
    Handover,
    /// The host came back.
    Returned,
    /// Somebody came in or left.
    Presence,
    /// Somebody was erased.
    Erased,
    /// Ranking moved it.
    Ranking,
    /// Somebody took back what they had done.
    Undo,
    /// An invitation gave it.
    Invite,
}

/// One event as it is sent: gapless in `seq` within an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct EventNotice {
    /// One more than the event before.
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub seq: u64,
    /// Milliseconds of server time.
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub at: u64,
    /// Who did it; null: the room itself.
    pub by: Option<MemberId>,
    /// Why, when nobody asked for it.
    #[serde(default)]
    pub cause: Option<Cause>,
    /// The operation that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", ts(optional))]
    pub op: Option<Box<str>>,
    /// Those whom the event names and whom the public state did not hold. Merged first.
    #[serde(default, skip_serializing_if = "People::is_empty")]
    #[cfg_attr(feature = "schema", ts(optional, as = "Option<People>"))]
    pub people: People,
    /// What happened.
    pub event: Event,
}
