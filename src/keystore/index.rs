//! What is where in the key store: memory only, rebuilt from the file at each start.

use super::record::{AttemptId, EntryId, LookupHash, Says, State};
use std::collections::HashMap;

#[derive(Clone, Copy, Debug)]
struct Entry {
    place: u32,
    state: State,
    says: Says,
}

/// Every entry by its name, and the places that are free.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: HashMap<EntryId, Entry>,
    free: Vec<u32>,
    /// Places that the file has.
    places: u32,
}

impl Index {
    pub(super) fn insert(&mut self, id: EntryId, place: u32, state: State, says: Says) {
        self.places = self.places.max(place + 1);
        let entry = Entry { place, state, says };
        self.entries.insert(id, entry);
    }

    /// A place for a new entry: a free one, or one more at the end.
    pub(super) fn take_place(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.places += 1;
            self.places - 1
        })
    }

    pub(super) fn free(&mut self, place: u32) {
        self.places = self.places.max(place + 1);
        self.free.push(place);
    }

    pub(super) fn remove(&mut self, id: EntryId) {
        self.entries.remove(&id);
    }

    pub(super) fn place_of(&self, id: EntryId) -> Option<u32> {
        self.entries.get(&id).map(|entry| entry.place)
    }

    pub(super) fn set_state(&mut self, id: EntryId, state: State) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.state = state;
        }
    }

    pub(super) fn account_of(&self, hash: LookupHash) -> Option<u64> {
        match self.entries.get(&EntryId::Lookup(hash))?.says {
            Says::Account(account) => Some(account),
            _ => None,
        }
    }

    pub(super) fn lookups_of(&self, account: u64) -> Vec<LookupHash> {
        let leads = |(id, entry): (&EntryId, &Entry)| match id {
            EntryId::Lookup(hash) if entry.says == Says::Account(account) => Some(*hash),
            _ => None,
        };
        self.entries.iter().filter_map(leads).collect()
    }

    pub(super) fn attempts_of(&self, hash: LookupHash) -> Vec<AttemptId> {
        let is_for = |(id, entry): (&EntryId, &Entry)| match id {
            EntryId::Attempt(attempt) if entry.says == Says::Address(hash) => Some(*attempt),
            _ => None,
        };
        self.entries.iter().filter_map(is_for).collect()
    }

    pub(super) fn unsettled(&self) -> Vec<EntryId> {
        let unsettled = self.entries.iter();
        let unsettled = unsettled.filter(|(_, entry)| entry.state == State::Unsettled);
        unsettled.map(|(id, _)| *id).collect()
    }

    pub(super) fn ids(&self) -> Vec<EntryId> {
        self.entries.keys().copied().collect()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}
