//! The operator's rules for rooms, as the pure state needs them. All times in milliseconds.

use stereo_protocol::Limits;

/// What does not change while a room lives.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Sizes and counts, as told to every client.
    pub limits: Limits,
    /// How long a lost connection keeps its presence.
    pub presence_grace_ms: u64,
    /// How long a connection that said goodbye keeps its presence: enough for a reload.
    pub leave_grace_ms: u64,
    /// How long the host may be away before somebody else holds the room.
    pub host_grace_ms: u64,
    /// How long a temporary room outlives its last listener.
    pub empty_ms: u64,
    /// Least time between two presence or tally notices; grows by half a millisecond a listener.
    pub notice_ms: u64,
    /// Shortest lead of a scheduled start.
    pub lead_min_ms: u64,
    /// Longest lead of a scheduled start.
    pub lead_max_ms: u64,
    /// How long to wait, after the first failure, for anyone who can play a track.
    pub failure_ms: u64,
    /// Time between two health notices.
    pub health_ms: u64,
    /// How long the operations of somebody who left are remembered.
    pub ops_kept_ms: u64,
    /// People who left, and whom a room still knows when they come back.
    pub absent_kept: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            presence_grace_ms: 30_000,
            leave_grace_ms: 5_000,
            host_grace_ms: 60_000,
            empty_ms: 600_000,
            notice_ms: 250,
            lead_min_ms: 400,
            lead_max_ms: 1_500,
            failure_ms: 2_000,
            health_ms: 10_000,
            ops_kept_ms: 600_000,
            absent_kept: 2_000,
        }
    }
}
