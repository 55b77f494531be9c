//! What a server accepts, told to every client on joining.

use serde::{Deserialize, Serialize};

/// Limits, each settable by the operator. Texts are counted in Unicode scalar values after NFC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(default)]
pub struct Limits {
    /// Characters of a name.
    pub name: u32,
    /// Characters of a room's title.
    pub title: u32,
    /// Characters of a chat message.
    pub chat: u32,
    /// Characters of a URL.
    pub url: u32,
    /// Tracks in one `queue.add`.
    pub tracks_per_add: u32,
    /// Items in the queue.
    pub queue: u32,
    /// Chat messages kept.
    pub chat_ring: u32,
    /// Events kept for resuming.
    pub event_ring: u32,
    /// Bytes of encoded events kept for resuming.
    pub event_ring_bytes: u32,
    /// Entries of the history of what played.
    pub history: u32,
    /// Entries of the log of what was done.
    pub log: u32,
    /// Bans of a room.
    pub bans: u32,
    /// Invitations of a room.
    pub invitations: u32,
    /// Bytes of a frame and of a message from a client.
    pub frame_bytes: u32,
    /// Bytes waiting for one slow connection before it is closed with 4001.
    pub outbox_bytes: u32,
    /// Commands a second of one connection.
    pub commands_per_second: u32,
    /// Commands that may come at once.
    pub commands_burst: u32,
    /// Connections of one member; beyond, the oldest goes (4505).
    pub connections_per_member: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            name: 32,
            title: 80,
            chat: 500,
            url: 2048,
            tracks_per_add: 50,
            queue: 500,
            chat_ring: 200,
            event_ring: 1000,
            event_ring_bytes: 1 << 20,
            history: 500,
            log: 500,
            bans: 1000,
            invitations: 100,
            frame_bytes: 16 << 10,
            outbox_bytes: 512 << 10,
            commands_per_second: 10,
            commands_burst: 30,
            connections_per_member: 8,
        }
    }
}
