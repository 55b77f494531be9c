//! The order of a room that ranks: votes, then turns, then entry. What was placed by hand stays.

use super::state::{Context, State};
use std::collections::BTreeMap;
use stereo_protocol::{Cause, Event, ItemId, MemberId, Order, QueueItem};

/// Lower ones play first: votes against, the how-manieth of its adder, the event that added it.
type Rank = (i32, usize, u64);

impl State {
    /// Where an item goes in a room that ranks: behind everything that ranks with it or above.
    pub(super) fn ranked_place(&self, item: &QueueItem) -> Option<ItemId> {
        let rounds = self.rounds(item);
        let own = self.rank_of(item, &rounds);
        let others = self.public.queue.iter().filter(|other| other.id != item.id);
        let ahead = others.take_while(|other| other.pinned || self.rank_of(other, &rounds) <= own);
        ahead.last().map(|before| before.id)
    }

    fn rank_of(&self, item: &QueueItem, rounds: &BTreeMap<ItemId, usize>) -> Rank {
        let votes = match self.public.room.order {
            Order::Votes => item.votes,
            Order::Added | Order::Fair => 0,
        };
        let round = rounds.get(&item.id).copied().unwrap_or(usize::MAX);
        (-votes, round, self.entry_of(item.id))
    }

    /// What is not in the queue yet is the latest.
    fn entry_of(&self, item: ItemId) -> u64 {
        let queued = self.added_at.get(&item).copied();
        queued.unwrap_or(if self.public.position_of(item).is_some() {
            0
        } else {
            u64::MAX
        })
    }

    /// For each item, and `fresh`: the how-manieth of its adder it is; what plays is the first.
    fn rounds(&self, fresh: &QueueItem) -> BTreeMap<ItemId, usize> {
        let mut items: Vec<&QueueItem> = self.public.queue.iter().collect();
        if self.public.position_of(fresh.id).is_none() {
            items.push(fresh);
        }
        items.sort_by_key(|item| self.entry_of(item.id));
        let mut counts: BTreeMap<MemberId, usize> = BTreeMap::new();
        let in_turn = self.public.current.iter().chain(items);
        in_turn
            .map(|item| {
                let count = counts.entry(item.by).or_default();
                *count += 1;
                (item.id, *count)
            })
            .collect()
    }

    /// Moves an item whose votes changed to where it ranks now; at most one event.
    pub(super) fn rank(&mut self, context: &mut Context, item: ItemId) {
        let Some(place) = self.public.position_of(item) else {
            return;
        };
        let queued = self.public.queue[place].clone();
        if self.public.room.order != Order::Votes || queued.pinned {
            return;
        }
        let after = self.ranked_place(&queued);
        let before = place
            .checked_sub(1)
            .map(|before| self.public.queue[before].id);
        if after != before {
            self.emit(
                context,
                Some(Cause::Ranking),
                Event::QueueMoved {
                    item,
                    after,
                    pinned: false,
                },
            );
        }
    }
}
