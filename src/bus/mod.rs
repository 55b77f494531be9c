//! Where a room's events become final. One owner actor per room commits here before it tells any
//! listener; with one node the memory version is the whole bus. One test suite for all versions.

mod memory;

pub use memory::MemoryBus;

use bytes::Bytes;
use std::future::Future;
use std::pin::Pin;
use stereo_protocol::RoomId;

/// A call of the bus under way.
pub type Call<'a, T> = Pin<Box<dyn Future<Output = Result<T, BusError>> + Send + 'a>>;

/// The right to commit for a room. The term rises with each owner: an older one is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which room.
    pub room: RoomId,
    /// The owner's term.
    pub term: u64,
}

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusError {
    /// Another owner has a later term: this one must stop.
    Fenced,
    /// The bus is away; the same call may succeed later.
    Unavailable,
}

/// The seam between a room and other nodes.
pub trait Bus: Send + Sync + 'static {
    /// Becomes the owner of a room, at a higher term than any before.
    ///
    /// # Errors
    /// `Unavailable`.
    fn acquire(&self, room: RoomId) -> Call<'_, Lease>;

    /// Commits events, encoded, of which the last is `seq`: from here on they have happened.
    ///
    /// # Errors
    /// `Fenced`, `Unavailable`.
    fn commit<'a>(&'a self, lease: Lease, seq: u64, events: &'a [Bytes]) -> Call<'a, ()>;

    /// Gives the room up.
    ///
    /// # Errors
    /// `Unavailable`; the lease then ends by itself.
    fn release(&self, lease: Lease) -> Call<'_, ()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What every bus must hold.
    async fn suite(bus: &dyn Bus) {
        let room = RoomId::from_bits(7);
        let first = bus.acquire(room).await.unwrap();
        let event = [Bytes::from_static(b"{}")];
        assert_eq!(bus.commit(first, 1, &event).await, Ok(()));
        let second = bus.acquire(room).await.unwrap();
        assert!(second.term > first.term, "terms rise");
        assert_eq!(
            bus.commit(first, 2, &event).await,
            Err(BusError::Fenced),
            "the former owner is refused"
        );
        assert_eq!(
            bus.release(first).await,
            Ok(()),
            "giving up what one has not is harmless"
        );
        assert_eq!(bus.commit(second, 2, &event).await, Ok(()));
        assert_eq!(bus.release(second).await, Ok(()));
        let third = bus.acquire(room).await.unwrap();
        assert!(third.term > second.term, "terms rise even over a release");
    }

    #[tokio::test]
    async fn the_memory_bus_fences_former_owners() {
        suite(&MemoryBus::default()).await;
    }
}
