//! The presence of a single node: connections by member and room.

use super::{Call, Change, Presence};
use dashmap::DashMap;
use std::collections::HashMap;
use stereo_protocol::{MemberId, RoomId};

/// Connections of this process.
#[derive(Debug, Default)]
pub struct MemoryPresence {
    rooms: DashMap<RoomId, HashMap<MemberId, u32>>,
}

impl Presence for MemoryPresence {
    fn report<'a>(&'a self, room: RoomId, changes: &'a [Change]) -> Call<'a, ()> {
        let mut people = self.rooms.entry(room).or_default();
        for change in changes {
            match change {
                Change::Came(member) => *people.entry(*member).or_default() += 1,
                Change::Went(member) => {
                    let Some(connections) = people.get_mut(member) else {
                        continue;
                    };
                    *connections -= 1;
                    if *connections == 0 {
                        people.remove(member);
                    }
                }
            }
        }
        drop(people);
        self.rooms.remove_if(&room, |_, people| people.is_empty());
        Box::pin(std::future::ready(()))
    }

    fn people<'a>(&'a self, rooms: &'a [RoomId]) -> Call<'a, Vec<u32>> {
        let count = |room| self.rooms.get(room).map_or(0, |people| people.len() as u32);
        Box::pin(std::future::ready(rooms.iter().map(count).collect()))
    }

    fn forget(&self, room: RoomId) -> Call<'_, ()> {
        self.rooms.remove(&room);
        Box::pin(std::future::ready(()))
    }
}
