//! The queue: add, remove, move, clear, shuffle. Operations name items; a place is "after this
//! item", so that two people's changes both hold.

use super::input::Made;
use super::state::{Context, State};
use super::undo::Undo;
use std::collections::BTreeMap;
use std::sync::Arc;
use stereo_protocol::{
    EndReason, ErrorKind, ErrorObject, Event, ItemId, MemberId, Order, Place, QueueItem, Role,
    Track,
};

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
        if place != Place::End {
            let reorder = self.public.room.permissions.reorder;
            self.require_role(member, reorder, "choose the place")
                .map_err(|error| error.with_field("after"))?;
        }
        self.check_room_for(member, &tracks)?;
        let mut after = self.resolve(place, "after")?;
        let ranks = self.public.room.order != Order::Added;
        let ranked = ranks && place == Place::End;
        let items: Vec<QueueItem> = (tracks.into_iter())
            .map(|track| QueueItem {
                id: self.fresh_item(context),
                track,
                by: member,
                votes: 0,
                pinned: ranks && !ranked,
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
        let most = self.rules.limits.tracks_per_add as usize;
        if tracks.len() > most {
            let message = format!("{} tracks; at most {most} are added at once", tracks.len());
            return Err(ErrorObject::new(ErrorKind::TooMany, message).with_field("tracks"));
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
        self.remember_removed(member, vec![(queued, before)]);
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

    /// Items that stood in the queue at `seq`.
    fn standing_at(&self, seq: u64) -> Result<Vec<ItemId>, ErrorObject> {
        if seq > self.seq {
            return Err(ErrorObject::invalid(
                "seq",
                format!("expected at most {}, the last event", self.seq),
            ));
        }
        let standing = self.public.queue.iter().map(|item| item.id);
        let old = |id: &ItemId| self.added_at.get(id).is_none_or(|added| *added <= seq);
        Ok(standing.filter(old).collect())
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
        self.remember_removed(member, removed);
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

    /// Of tracks that others serve nothing is remembered: they are deleted for good.
    fn remember_removed(
        &mut self,
        member: MemberId,
        mut removed: Vec<(QueueItem, Option<ItemId>)>,
    ) {
        let gone: BTreeMap<ItemId, Option<ItemId>> = (removed.iter())
            .filter(|(item, _)| item.track.is_elsewhere())
            .map(|(item, before)| (item.id, *before))
            .collect();
        removed.retain(|(item, _)| !item.track.is_elsewhere());
        for (_, before) in &mut removed {
            // What stood behind one that does not come back stands behind what that stood behind.
            while let Some(further) = before.and_then(|before| gone.get(&before)) {
                *before = *further;
            }
        }
        match (removed.is_empty(), self.members.get_mut(member)) {
            (false, _) => self.remember_undo(member, Undo::Removed(removed)),
            (true, Some(member)) => member.undo = None,
            (true, None) => {}
        }
    }

    fn remember_undo(&mut self, member: MemberId, undo: Undo) {
        if let Some(member) = self.members.get_mut(member) {
            member.undo = Some(Box::new(undo));
        }
    }
}

fn gone() -> ErrorObject {
    ErrorObject::new(
        ErrorKind::NotFound,
        "that item is not in the queue any more",
    )
}
