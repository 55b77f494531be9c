//! Rooms of this node by id. Hands out cloned handles, never guards; a room is taken out only
//! while nobody is on the way in, so a join never meets a room that is being disposed of.

use crate::room::{Arrival, RoomHandle, Summary};
use dashmap::mapref::entry::Entry;
use dashmap::{DashMap, DashSet};
use std::sync::Arc;
use stereo_protocol::{RoomId, Visibility};

/// The rooms.
#[derive(Debug, Default)]
pub struct Registry {
    rooms: DashMap<RoomId, RoomHandle>,
    /// Public rooms that rest: kept, without a task, found by whoever looks.
    resting: DashMap<RoomId, Arc<Summary>>,
    /// Rooms of accounts that are frozen: in no list, whatever their settings say.
    hidden: DashSet<RoomId>,
}

impl Registry {
    /// Finds a room on behalf of somebody who wants to come in.
    pub fn enter(&self, id: RoomId) -> Option<Arrival> {
        self.rooms.get(&id).map(|room| room.arrive())
    }

    /// Finds a room.
    pub fn find(&self, id: RoomId) -> Option<RoomHandle> {
        self.rooms.get(&id).map(|room| room.clone())
    }

    /// Adds a room. False: there is one of that id.
    pub fn add(&self, room: RoomHandle) -> bool {
        match self.rooms.entry(room.id()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                self.resting.remove(&room.id());
                vacant.insert(room);
                true
            }
        }
    }

    /// Takes a room out unless somebody is on the way in. False: it stays.
    pub fn retire(&self, id: RoomId) -> bool {
        self.rooms
            .remove_if(&id, |_, room| room.is_unvisited())
            .is_some()
    }

    /// Takes a room out, whoever is on the way in: it is over. Another one of that id stays.
    pub fn remove(&self, room: &RoomHandle) {
        self.rooms.remove_if(&room.id(), |_, known| known.is(room));
    }

    /// A room rests from now on. Call before [`Registry::retire`].
    pub fn rest(&self, id: RoomId, summary: &Summary) {
        if summary.visibility == Visibility::Public {
            // What plays when somebody comes is not known before.
            let current = None;
            let title = summary.title.clone();
            let visibility = summary.visibility;
            let summary = Summary {
                title,
                visibility,
                current,
            };
            self.resting.insert(id, Arc::new(summary));
        }
    }

    /// A room does not rest: it is open, or over.
    pub fn forget_resting(&self, id: RoomId) {
        self.resting.remove(&id);
    }

    /// A room is in no list from now on, or may be again.
    pub fn hide(&self, id: RoomId, hidden: bool) {
        match hidden {
            true => _ = self.hidden.insert(id),
            false => _ = self.hidden.remove(&id),
        }
    }

    /// How many rooms are open.
    pub fn count(&self) -> usize {
        self.rooms.len()
    }

    /// All rooms that are open.
    pub fn all(&self) -> Vec<RoomHandle> {
        self.rooms.iter().map(|room| room.clone()).collect()
    }

    /// Public rooms whose title or track holds `query`, in no order.
    pub fn listed(&self, query: &str) -> Vec<(RoomId, Arc<Summary>)> {
        let query = query.trim().to_lowercase();
        let summaries = self.rooms.iter().map(|room| (room.id(), room.summary()));
        let public = summaries.filter(|(_, room)| room.visibility == Visibility::Public);
        let mut listed: Vec<_> = public.filter(|(_, room)| room.holds(&query)).collect();
        let resting = self.resting.iter().map(|room| (*room.key(), room.clone()));
        let resting = resting.filter(|(_, room)| room.holds(&query));
        // One that goes to rest just now is in both.
        listed.extend(resting.filter(|(id, _)| !self.rooms.contains_key(id)));
        listed.retain(|(id, _)| !self.hidden.contains(id));
        listed
    }
}
