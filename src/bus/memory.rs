//! The bus of a single node: what is committed has happened at once; only the fence is kept.

use super::{Bus, BusError, Call, Lease};
use bytes::Bytes;
use dashmap::DashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use stereo_protocol::RoomId;

/// Terms of the rooms of this process.
#[derive(Debug, Default)]
pub struct MemoryBus {
    owners: DashMap<RoomId, u64>,
    terms: AtomicU64,
}

impl Bus for MemoryBus {
    fn acquire(&self, room: RoomId) -> Call<'_, Lease> {
        let term = self.terms.fetch_add(1, Ordering::Relaxed) + 1;
        self.owners.insert(room, term);
        Box::pin(std::future::ready(Ok(Lease { room, term })))
    }

    fn commit<'a>(&'a self, lease: Lease, _seq: u64, _events: &'a [Bytes]) -> Call<'a, ()> {
        let owned = self
            .owners
            .get(&lease.room)
            .is_some_and(|term| *term == lease.term);
        Box::pin(std::future::ready(if owned {
            Ok(())
        } else {
            Err(BusError::Fenced)
        }))
    }

    fn release(&self, lease: Lease) -> Call<'_, ()> {
        self.owners
            .remove_if(&lease.room, |_, term| *term == lease.term);
        Box::pin(std::future::ready(Ok(())))
    }
}
