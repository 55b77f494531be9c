//! The queue: add, remove, move, clear, shuffle, rank, undo. Operations name items; a place is
//! "after this item", so that two people's changes both hold.

use super::input::Made;
use super::state::{Context, State};
use std::collections::BTreeMap;
use std::sync::Arc;
use stereo_protocol::{
    Cause, EndReason, ErrorKind, ErrorObject, Event, ItemId, MemberId, Order, Place, QueueItem,
    Role, Track,
};

/// How to take back a member's last change of the queue.
#[derive(Debug)]
pub(super) enum Undo {
    Added(Vec<ItemId>),
    Removed(Vec<(QueueItem, Option<ItemId>)>),
    Moved(ItemId, Option<ItemId>, bool),
    Shuffled(Vec<ItemId>),
}

impl State {
    pub(super) fn require_role(
        &self,
        member: MemberId,
        least: Role,
        what: &str,
    ) -> Result<(), ErrorObject> {
        if self.members.role(member) >= least {
            return Ok(());
        }
        Err(ErrorObject::new(
            ErrorKind::NotAllowed,
            format!("your role in this room does not allow you to {what}"),
        ))
    }

    pub(super) fn add(
        &mut self,
        context: &mut Context,
        member: MemberId,
        tracks: Vec<Arc<Track>>,
        place: Place,
    ) -> Result<(), ErrorObject> {
        self.require_role(member, self.public.room.permissions.add, "add tracks")?;
        self.check_room_for(member, &tracks)?;
        let mut after = self.resolve(place, "after")?;
        let ranked = self.public.room.order != Order::Added && place == Place::End;
        let items: Vec<QueueItem> = (tracks.into_iter())
            .map(|track| QueueItem {
                id: self.fresh_item(context),
                track,
                by: member,
                votes: 0,
                pinned: false,
            })
            .collect();
        let ids: Vec<ItemId> = items.iter().map(|item| item.id).collect();
        if ranked {
            for item in items {
                after = self.ranked_place(&item);
                self.emit(
                    context,
                    None,
                    Event::QueueAdded {
                        items: vec![item],
                        after,
                    },
                );
            }
        } else {
            self.emit(context, None, Event::QueueAdded { items, after });
        }
        context.made = Made::Items(ids.clone().into());
        self.remember_undo(member, Undo::Added(ids));
        self.start_if_idle(context);
        Ok(())
    }

    fn check_room_for(&self, member: MemberId, tracks: &[Arc<Track>]) -> Result<(), ErrorObject> {
        if tracks.is_empty() {
            return Err(ErrorObject::invalid(
                "tracks",
                "expected at least one track",
            ));
        }
        let (most, queued) = (self.rules.limits.queue as usize, self.public.queue.len());
        if queued + tracks.len() > most {
            let message = format!(
                "the queue holds {queued} of {most} items: {} more do not fit",
                tracks.len()
            );
            return Err(ErrorObject::new(ErrorKind::TooMany, message).with_field("tracks"));
        }
        let cap = self.public.room.items_per_person as usize;
        let own = self
            .public
            .queue
            .iter()
            .filter(|item| item.by == member)
            .count();
        if cap > 0 && self.members.role(member) == Role::Listener && own + tracks.len() > cap {
            let message =
                format!("you have {own} items in the queue; this room takes {cap} a person");
            return Err(ErrorObject::new(ErrorKind::TooMany, message).with_field("tracks"));
        }
        let longest = self.public.room.longest_track_ms;
        if let Some(place) = tracks
            .iter()
            .position(|track| longest > 0 && track.duration_ms > longest)
        {
            let message = format!(
                "tracks[{place}]: {} ms; this room takes at most {longest} ms",
                tracks[place].duration_ms
            );
            return Err(ErrorObject::new(ErrorKind::TooLarge, message)
                .with_field(format!("tracks[{place}]")));
        }
        Ok(())
    }

    fn fresh_item(&self, context: &mut Context) -> ItemId {
        loop {
            let id = context.ids.item();
            if !self.is_current(id) && self.public.position_of(id).is_none() {
                return id;
            }
        }
    }

    /// The item behind which a place is; `None` is the front.
    fn resolve(&self, place: Place, field: &str) -> Result<Option<ItemId>, ErrorObject> {
        match place {
            Place::End => Ok(self.public.queue.last().map(|item| item.id)),
            Place::First => Ok(None),
            Place::After(item) if self.is_current(item) => Ok(None),
            Place::After(item) if self.public.position_of(item).is_some() => Ok(Some(item)),
            Place::After(_) => Err(gone().with_field(field)),
        }
    }

    pub(super) fn remove(
        &mut self,
        context: &mut Context,
        member: MemberId,
        item: ItemId,
    ) -> Result<(), ErrorObject> {
        if let Some(current) = self
            .public
            .current
            .as_ref()
            .filter(|current| current.id == item)
        {
            if current.by != member {
                self.require_role(
                    member,
                    self.public.room.permissions.skip,
                    "remove what plays",
                )?;
            }
            self.play_next(context, None, EndReason::Removed);
            return Ok(());
        }
        let place = self
            .public
            .position_of(item)
            .ok_or_else(|| gone().with_field("item"))?;
        let queued = self.public.queue[place].clone();
        if queued.by != member {
            self.require_role(
                member,
                self.public.room.permissions.reorder,
                "remove what others added",
            )?;
        }
        let before = place
            .checked_sub(1)
            .map(|before| self.public.queue[before].id);
        self.emit(context, None, Event::QueueRemoved { items: vec![item] });
        self.remember_undo(member, Undo::Removed(vec![(queued, before)]));
        self.forget_votes_of_gone_items(context.now);
        Ok(())
    }

    pub(super) fn move_item(
        &mut self,
        context: &mut Context,
        member: MemberId,
        item: ItemId,
        place: Place,
    ) -> Result<(), ErrorObject> {
        self.require_role(
            member,
            self.public.room.permissions.reorder,
            "reorder the queue",
        )?;
        let from = self
            .public
            .position_of(item)
            .ok_or_else(|| gone().with_field("item"))?;
        let after = self.resolve(place, "after")?;
        let before = from
            .checked_sub(1)
            .map(|before| self.public.queue[before].id);
        if after == Some(item) || after == before {
            return Ok(());
        }
        let was_pinned = self.public.queue[from].pinned;
        let pinned = self.public.room.order != Order::Added;
        self.emit(
            context,
            None,
            Event::QueueMoved {
                item,
                after,
                pinned,
            },
        );
        self.remember_undo(member, Undo::Moved(item, before, was_pinned));
        Ok(())
    }

    /// Items that stood in the queue at `seq`. What is not known to be newer counts as old.
    fn standing_at(&self, seq: u64) -> Result<Vec<ItemId>, ErrorObject> {
        if seq > self.seq {
            return Err(ErrorObject::invalid(
                "seq",
                format!("expected at most {}, the last event", self.seq),
            ));
        }
        let newer = self.added_after(seq);
        let standing = self
            .public
            .queue
            .iter()
            .map(|item| item.id)
            .filter(|id| !newer.contains(id));
        Ok(standing.collect())
    }

    fn added_after(&self, seq: u64) -> Vec<ItemId> {
        let Some(events) = self.ring.after(seq) else {
            return Vec::new();
        };
        let added = events.filter_map(|json| {
            if !json.windows(11).any(|part| part == b"queue.added") {
                return None;
            }
            let notice: stereo_protocol::EventNotice = serde_json::from_slice(json).ok()?;
            match notice.event {
                Event::QueueAdded { items, .. } => Some(items.into_iter().map(|item| item.id)),
                _ => None,
            }
        });
        added.flatten().collect()
    }

    pub(super) fn clear(
        &mut self,
        context: &mut Context,
        member: MemberId,
        seq: u64,
    ) -> Result<(), ErrorObject> {
        self.require_role(
            member,
            self.public.room.permissions.reorder,
            "clear the queue",
        )?;
        let items = self.standing_at(seq)?;
        if items.is_empty() {
            return Ok(());
        }
        let removed = self.with_predecessors(&items);
        self.emit(context, None, Event::QueueCleared { items });
        self.remember_undo(member, Undo::Removed(removed));
        self.forget_votes_of_gone_items(context.now);
        Ok(())
    }

    fn with_predecessors(&self, items: &[ItemId]) -> Vec<(QueueItem, Option<ItemId>)> {
        let mut before = None;
        let mut removed = Vec::new();
        for item in &self.public.queue {
            if items.contains(&item.id) {
                removed.push((item.clone(), before));
            }
            before = Some(item.id);
        }
        removed
    }

    pub(super) fn shuffle(
        &mut self,
        context: &mut Context,
        member: MemberId,
        seq: u64,
    ) -> Result<(), ErrorObject> {
        self.require_role(
            member,
            self.public.room.permissions.reorder,
            "shuffle the queue",
        )?;
        let mut order = self.standing_at(seq)?;
        if order.len() < 2 {
            return Ok(());
        }
        let was: Vec<ItemId> = self.public.queue.iter().map(|item| item.id).collect();
        // Fisher and Yates (Durstenfeld 1964).
        for place in (1..order.len()).rev() {
            order.swap(place, context.ids.below(place + 1));
        }
        order.extend(
            was.iter()
                .filter(|id| !order.contains(id))
                .copied()
                .collect::<Vec<_>>(),
        );
        self.emit(context, None, Event::QueueShuffled { order });
        self.remember_undo(member, Undo::Shuffled(was));
        Ok(())
    }

    fn remember_undo(&mut self, member: MemberId, undo: Undo) {
        if let Some(member) = self.members.get_mut(member) {
            member.undo = Some(Box::new(undo));
        }
    }

    /// Takes back what is still there to be taken back.
    pub(super) fn undo(
        &mut self,
        context: &mut Context,
        member: MemberId,
    ) -> Result<(), ErrorObject> {
        let undo = self
            .members
            .get_mut(member)
            .and_then(|member| member.undo.take());
        let Some(undo) = undo else {
            return Err(ErrorObject::new(
                ErrorKind::NotFound,
                "there is nothing of yours to take back",
            ));
        };
        let cause = Some(Cause::Undo);
        match *undo {
            Undo::Added(items) => {
                let items: Vec<ItemId> = items
                    .into_iter()
                    .filter(|item| self.public.position_of(*item).is_some())
                    .collect();
                if !items.is_empty() {
                    self.emit(context, cause, Event::QueueRemoved { items });
                }
            }
            Undo::Removed(items) => self.put_back(context, items)?,
            Undo::Moved(item, before, pinned) => {
                let before = before.filter(|before| self.public.position_of(*before).is_some());
                if self.public.position_of(item).is_some() {
                    self.emit(
                        context,
                        cause,
                        Event::QueueMoved {
                            item,
                            after: before,
                            pinned,
                        },
                    );
                }
            }
            Undo::Shuffled(was) => {
                let mut order: Vec<ItemId> = was
                    .into_iter()
                    .filter(|item| self.public.position_of(*item).is_some())
                    .collect();
                order.extend(
                    self.public
                        .queue
                        .iter()
                        .map(|item| item.id)
                        .filter(|id| !order.contains(id))
                        .collect::<Vec<_>>(),
                );
                self.emit(context, cause, Event::QueueShuffled { order });
            }
        }
        Ok(())
    }

    fn put_back(
        &mut self,
        context: &mut Context,
        items: Vec<(QueueItem, Option<ItemId>)>,
    ) -> Result<(), ErrorObject> {
        let (most, queued) = (self.rules.limits.queue as usize, self.public.queue.len());
        if queued + items.len() > most {
            return Err(ErrorObject::new(
                ErrorKind::TooMany,
                "the queue has no room for it any more",
            ));
        }
        for (mut item, before) in items {
            let known = before.filter(|before| self.public.position_of(*before).is_some());
            let after = if before.is_some() && known.is_none() {
                None
            } else {
                known
            };
            item.votes = 0;
            self.emit(
                context,
                Some(Cause::Undo),
                Event::QueueAdded {
                    items: vec![item],
                    after,
                },
            );
        }
        self.start_if_idle(context);
        Ok(())
    }

    /// Where a new item goes in a room that ranks: behind everything that ranks with it or above.
    fn ranked_place(&self, item: &QueueItem) -> Option<ItemId> {
        let rounds = self.rounds(item.id);
        let own_round = 1 + self
            .public
            .queue
            .iter()
            .filter(|queued| queued.by == item.by && queued.id != item.id)
            .count();
        let own = self.rank_of(item.votes, own_round);
        let others: Vec<&QueueItem> = self
            .public
            .queue
            .iter()
            .filter(|queued| queued.id != item.id)
            .collect();
        let place = (others.iter().enumerate())
            .find(|(_, queued)| {
                !queued.pinned && self.rank_of(queued.votes, rounds[&queued.id]) > own
            })
            .map_or(others.len(), |(place, _)| place);
        place.checked_sub(1).map(|before| others[before].id)
    }

    /// Lower ranks play first.
    fn rank_of(&self, votes: i32, round: usize) -> (i32, usize) {
        match self.public.room.order {
            Order::Votes => (-votes, round),
            Order::Added | Order::Fair => (0, round),
        }
    }

    /// For each item but `except`: the how-manieth of its adder it is.
    fn rounds(&self, except: ItemId) -> BTreeMap<ItemId, usize> {
        let mut counts: BTreeMap<MemberId, usize> = BTreeMap::new();
        let items = self.public.queue.iter().filter(|item| item.id != except);
        items
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

fn gone() -> ErrorObject {
    ErrorObject::new(
        ErrorKind::NotFound,
        "that item is not in the queue any more",
    )
}
