//! Who is connected where, over all nodes. Each room reports its own connections in batches; lists
//! of rooms read the counts. What presence means for a room (grace, votes, handover) is decided by
//! that room's state from its own inputs, never from here. One test suite for all versions.

mod memory;

pub use memory::MemoryPresence;

use std::future::Future;
use std::pin::Pin;
use stereo_protocol::{MemberId, RoomId};

/// A call under way. Calls do not fail: while other nodes cannot be asked, presence is local.
pub type Call<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A connection that came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// One more connection of this member.
    Came(MemberId),
    /// One fewer.
    Went(MemberId),
}

/// The seam between rooms and whoever wants to know how many listen.
pub trait Presence: Send + Sync + 'static {
    /// Connections of this node that came to a room and left it, in order.
    fn report<'a>(&'a self, room: RoomId, changes: &'a [Change]) -> Call<'a, ()>;

    /// People in each of `rooms`, however many connections each of them has.
    fn people<'a>(&'a self, rooms: &'a [RoomId]) -> Call<'a, Vec<u32>>;

    /// Forgets a room that is over on this node.
    fn forget(&self, room: RoomId) -> Call<'_, ()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What every presence must hold.
    async fn suite(presence: &dyn Presence) {
        let (room, other) = (RoomId::from_bits(1), RoomId::from_bits(2));
        let (ann, bob) = (MemberId::from_bits(3), MemberId::from_bits(4));
        let both = [room, other];
        assert_eq!(presence.people(&both).await, [0, 0]);
        let came = [Change::Came(ann), Change::Came(bob), Change::Came(ann)];
        presence.report(room, &came).await;
        assert_eq!(presence.people(&both).await, [2, 0], "two tabs, one person");
        presence.report(room, &[Change::Went(ann)]).await;
        assert_eq!(presence.people(&both).await, [2, 0], "one tab is left");
        presence
            .report(room, &[Change::Went(ann), Change::Went(ann)])
            .await;
        assert_eq!(
            presence.people(&both).await,
            [1, 0],
            "leaving twice is leaving"
        );
        presence.report(other, &[Change::Came(ann)]).await;
        presence.forget(room).await;
        assert_eq!(presence.people(&both).await, [0, 1]);
    }

    #[tokio::test]
    async fn the_memory_presence_counts_people() {
        suite(&MemoryPresence::default()).await;
    }
}
