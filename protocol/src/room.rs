//! A room's settings, as everybody in it sees them.

use crate::{Role, RoomId};
use serde::{Deserialize, Serialize};

/// Who can find a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Listed for everyone.
    Public,
    /// By link.
    #[default]
    Unlisted,
    /// By password or invitation; to everyone else it does not exist.
    Private,
}

/// Who may come in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// Everyone who may find it.
    #[default]
    Open,
    /// Only who was here before, or is invited.
    Closed,
}

/// How the queue is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As added and moved.
    #[default]
    Added,
    /// One of each person in turn, then as added.
    Fair,
    /// Most votes first, then in turn, then as added.
    Votes,
}

/// What becomes of the room when its host goes for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum HostLeaves {
    /// The longest-present collaborator, then listener, holds it.
    #[default]
    Handover,
    /// It closes.
    Close,
}

/// The least role for each action. People may always remove or skip what they added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(default)]
pub struct Permissions {
    /// Add to the queue.
    pub add: Role,
    /// Move, remove, shuffle and clear what others added.
    pub reorder: Role,
    /// Skip and jump.
    pub skip: Role,
    /// Seek, pause and resume.
    pub seek: Role,
    /// Write in the chat.
    pub chat: Role,
    /// React.
    pub react: Role,
    /// Make invitations.
    pub invite: Role,
}

impl Default for Permissions {
    fn default() -> Self {
        Self {
            add: Role::Listener,
            reorder: Role::Collaborator,
            skip: Role::Collaborator,
            seek: Role::Collaborator,
            chat: Role::Listener,
            react: Role::Listener,
            invite: Role::Collaborator,
        }
    }
}

/// Least roles to change; what is absent stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(default)]
pub struct PermissionsUpdate {
    /// Add to the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add: Option<Role>,
    /// Move, remove, shuffle and clear what others added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reorder: Option<Role>,
    /// Skip and jump.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip: Option<Role>,
    /// Seek, pause and resume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seek: Option<Role>,
    /// Write in the chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat: Option<Role>,
    /// React.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub react: Option<Role>,
    /// Make invitations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invite: Option<Role>,
}

impl PermissionsUpdate {
    /// `before` with the changes made.
    pub fn apply(&self, before: Permissions) -> Permissions {
        Permissions {
            add: self.add.unwrap_or(before.add),
            reorder: self.reorder.unwrap_or(before.reorder),
            skip: self.skip.unwrap_or(before.skip),
            seek: self.seek.unwrap_or(before.seek),
            chat: self.chat.unwrap_or(before.chat),
            react: self.react.unwrap_or(before.react),
            invite: self.invite.unwrap_or(before.invite),
        }
    }
}

/// A room's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct RoomSettings {
    /// The room's id: the last part of its link.
    pub id: RoomId,
    /// Its title.
    pub title: Box<str>,
    /// Who can find it.
    #[serde(default)]
    pub visibility: Visibility,
    /// Whether a password lets people in.
    #[serde(default)]
    pub password: bool,
    /// Goes when it has been empty for a while.
    #[serde(default)]
    pub temporary: bool,
    /// Who may come in.
    #[serde(default)]
    pub entry: Entry,
    /// The least role for each action.
    #[serde(default)]
    pub permissions: Permissions,
    /// How the queue is ordered.
    #[serde(default)]
    pub order: Order,
    /// Share of those present, in percent, that skips by vote. 0: no vote skips.
    #[serde(default)]
    pub vote_skip_percent: u8,
    /// Longest track allowed, in milliseconds. 0: any.
    #[serde(default)]
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub longest_track_ms: u64,
    /// Items one listener may have in the queue. 0: any number.
    #[serde(default)]
    pub items_per_person: u32,
    /// Least time between two messages of a listener, in milliseconds. 0: none.
    #[serde(default)]
    pub slow_mode_ms: u32,
    /// What becomes of it when its host goes for good.
    #[serde(default)]
    pub host_leaves: HostLeaves,
}

impl RoomSettings {
    /// A new room's settings.
    pub fn new(id: RoomId, title: &str) -> Self {
        Self {
            id,
            title: title.into(),
            visibility: Visibility::Unlisted,
            password: false,
            temporary: true,
            entry: Entry::Open,
            permissions: Permissions::default(),
            order: Order::Added,
            vote_skip_percent: 50,
            longest_track_ms: 0,
            items_per_person: 0,
            slow_mode_ms: 0,
            host_leaves: HostLeaves::Handover,
        }
    }
}

/// `room.update`: the settings to change; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(default)]
pub struct RoomUpdate {
    /// New title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Box<str>>,
    /// New visibility.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// New password; an empty text takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Box<str>>,
    /// Who may come in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<Entry>,
    /// Least roles to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<PermissionsUpdate>,
    /// How the queue is ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vote_skip_percent: Option<u8>,
    /// Milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", ts(type = "number | null"))]
    pub longest_track_ms: Option<u64>,
    /// Items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items_per_person: Option<u32>,
    /// Milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_mode_ms: Option<u32>,
    /// What becomes of it when its host goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_leaves: Option<HostLeaves>,
}
