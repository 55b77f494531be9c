//! The room's public state, and how each event changes it.
//!
//! The same fold is in `protocol/js/src/reducer.js`; both pass `protocol/vectors`. A fold knows
//! nothing but the state and the event: what was decided from time or presence comes as an event
//! that carries the result.

use crate::{
    ChatMessage, Event, EventNotice, ItemId, MemberId, People, Playback, QueueItem, Role,
    RoomSettings, Vote,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};

/// People beyond this many are dropped by the server when nothing in the state names them.
pub const PEOPLE_KEPT: usize = 512;

/// What everyone in a room sees of it, the same for all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct PublicState {
    /// The settings.
    pub room: RoomSettings,
    /// What plays.
    pub current: Option<QueueItem>,
    /// Where it is.
    pub playback: Option<Playback>,
    /// What is coming, in play order.
    pub queue: Vec<QueueItem>,
    /// Votes to skip what plays.
    pub vote: Option<Vote>,
    /// The last messages, oldest first; as many as `limits.chat_ring`.
    #[cfg_attr(feature = "schema", ts(as = "Vec<ChatMessage>"))]
    pub chat: VecDeque<ChatMessage>,
    /// Those who are named in here, and those who have a role.
    pub people: People,
}

impl PublicState {
    /// An empty room.
    pub fn new(room: RoomSettings) -> Self {
        Self {
            room,
            current: None,
            playback: None,
            queue: Vec::new(),
            vote: None,
            chat: VecDeque::new(),
            people: People::new(),
        }
    }

    /// The place of an item in the queue.
    pub fn position_of(&self, item: ItemId) -> Option<usize> {
        self.queue.iter().position(|queued| queued.id == item)
    }

    /// Applies one event. `chat_ring` is the limit of that name.
    pub fn fold(&mut self, notice: &EventNotice, chat_ring: usize) {
        for (member, person) in &notice.people {
            self.people.insert(*member, person.clone());
        }
        self.change(&notice.event, chat_ring);
    }

    /// Drops people whom nothing in here names, once there are more than [`PEOPLE_KEPT`]. For the
    /// server, which introduces them again when they come up; no part of the fold, because who
    /// holds only a part of queue and chat cannot tell whom the rest names.
    pub fn drop_unnamed_people(&mut self) {
        if self.people.len() <= PEOPLE_KEPT {
            return;
        }
        let named: BTreeSet<MemberId> = (self.current.iter().map(|item| item.by))
            .chain(self.queue.iter().map(|item| item.by))
            .chain(self.chat.iter().map(|message| message.by))
            .collect();
        self.people.retain(|member, person| {
            person.role != Role::Listener || person.muted || named.contains(member)
        });
    }

    fn change(&mut self, event: &Event, chat_ring: usize) {
        match event {
            Event::QueueAdded { items, after } => {
                let place = self.place_after(*after);
                self.queue.splice(place..place, items.iter().cloned());
            }
            Event::QueueRemoved { items } | Event::QueueCleared { items } => {
                let gone: BTreeSet<ItemId> = items.iter().copied().collect();
                self.queue.retain(|item| !gone.contains(&item.id));
            }
            Event::QueueMoved {
                item,
                after,
                pinned,
            } => self.move_item(*item, *after, *pinned),
            Event::QueueShuffled { order } => self.reorder(order),
            Event::PlaybackChanged {
                playback, current, ..
            } => self.play(*playback, current.clone()),
            Event::RoomChanged { room } => self.room = room.clone(),
            Event::RoleChanged { member, role } => {
                if let Some(person) = self.people.get_mut(member) {
                    person.role = *role;
                }
            }
            Event::MemberChanged {
                member,
                name,
                picture,
                muted,
            } => {
                if let Some(person) = self.people.get_mut(member) {
                    if let Some(name) = name {
                        person.name = name.clone();
                    }
                    if let Some(picture) = picture {
                        person.picture = picture.clone();
                    }
                    if let Some(muted) = muted {
                        person.muted = *muted;
                    }
                }
            }
            Event::MemberErased { member } => {
                self.people.remove(member);
                self.chat.retain(|message| message.by != *member);
            }
            Event::ChatAdded { message } => {
                self.chat.push_back(message.clone());
                while self.chat.len() > chat_ring {
                    self.chat.pop_front();
                }
            }
            Event::ChatRemoved { message } => self.chat.retain(|kept| kept.id != *message),
            Event::VoteChanged { item, have, need } => self.count_votes(*item, *have, *need),
            Event::MemberBanned { .. } | Event::RoomClosed { .. } | Event::Redacted {} => {}
        }
    }

    /// The index behind `after`: the front for null and for the current item, the end for an
    /// item that is not there (which no server sends).
    fn place_after(&self, after: Option<ItemId>) -> usize {
        match after {
            None => 0,
            Some(item)
                if self
                    .current
                    .as_ref()
                    .is_some_and(|current| current.id == item) =>
            {
                0
            }
            Some(item) => self
                .position_of(item)
                .map_or(self.queue.len(), |place| place + 1),
        }
    }

    fn move_item(&mut self, item: ItemId, after: Option<ItemId>, pinned: bool) {
        let Some(from) = self.position_of(item) else {
            return;
        };
        let mut moved = self.queue.remove(from);
        moved.pinned = pinned;
        let place = self.place_after(after);
        self.queue.insert(place, moved);
    }

    fn reorder(&mut self, order: &[ItemId]) {
        let mut rest = std::mem::take(&mut self.queue);
        for id in order {
            if let Some(place) = rest.iter().position(|item| item.id == *id) {
                self.queue.push(rest.remove(place));
            }
        }
        self.queue.append(&mut rest);
    }

    fn play(&mut self, playback: Option<Playback>, current: Option<QueueItem>) {
        let before = self.current.as_ref().map(|item| item.id);
        if let Some(current) = &current {
            self.queue.retain(|item| item.id != current.id);
        }
        if before != current.as_ref().map(|item| item.id) {
            self.vote = None;
        }
        self.current = current;
        self.playback = playback;
    }

    fn count_votes(&mut self, item: ItemId, have: i32, need: Option<u32>) {
        if self
            .current
            .as_ref()
            .is_some_and(|current| current.id == item)
        {
            self.vote = need.map(|need| Vote {
                have: have.max(0) as u32,
                need,
            });
        } else if let Some(queued) = self.queue.iter_mut().find(|queued| queued.id == item) {
            queued.votes = have;
        }
    }
}
