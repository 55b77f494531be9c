//! Who is in a room, as everybody in it sees them.

use crate::MemberId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a member may do; each action of a room has a least role (see [`crate::Permissions`]).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Listens; may do what the room lets everyone do.
    #[default]
    Listener,
    /// Trusted by the host with the queue and the chat.
    Collaborator,
    /// Holds the room.
    Host,
}

/// How a member appears to the others. Names are kept here once, and nowhere else: items,
/// messages and events hold only ids, so that erasing a person is removing this entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct Person {
    /// The chosen name; empty while the person has not given one.
    pub name: Box<str>,
    /// Path of the picture on this server.
    pub picture: Option<Box<str>>,
    /// What the member may do. Absent: listener.
    #[serde(default)]
    pub role: Role,
    /// Whether the member's chat is refused. Absent: no.
    #[serde(default)]
    pub muted: bool,
}

/// People by member id.
pub type People = BTreeMap<MemberId, Person>;
