//! Undo: a member's own last change of the queue, taken back as far as it is still there.

use super::state::{Context, State};
use stereo_protocol::{Cause, ErrorKind, ErrorObject, Event, ItemId, MemberId, QueueItem};

/// How to take back a member's last change of the queue.
#[derive(Debug)]
pub(super) enum Undo {
    Added(Vec<ItemId>),
    Removed(Vec<(QueueItem, Option<ItemId>)>),
    Moved(ItemId, Option<ItemId>, bool),
    Shuffled(Vec<ItemId>),
}

impl State {
    /// Takes back what is still there to be taken back.
    pub(super) fn undo(
        &mut self,
        context: &mut Context,
        member: MemberId,
    ) -> Result<(), ErrorObject> {
        let known = self.members.get(member);
        let Some(undo) = known.and_then(|known| known.undo.as_deref()) else {
            return Err(ErrorObject::new(
                ErrorKind::NotFound,
                "there is nothing of yours to take back",
            ));
        };
        self.may_undo(member, undo)?;
        let taken = self
            .members
            .get_mut(member)
            .and_then(|known| known.undo.take());
        match taken.map(|undo| *undo) {
            Some(Undo::Added(items)) => self.take_out(context, items),
            Some(Undo::Removed(items)) => self.put_back(context, items),
            Some(Undo::Moved(item, before, pinned)) => {
                self.move_back(context, item, before, pinned);
            }
            Some(Undo::Shuffled(was)) => self.unshuffle(context, was),
            None => {}
        }
        Ok(())
    }

    /// Permission is that of now, not of when it was done.
    fn may_undo(&self, member: MemberId, undo: &Undo) -> Result<(), ErrorObject> {
        let permissions = &self.public.room.permissions;
        match undo {
            Undo::Added(_) => Ok(()),
            Undo::Removed(items) => {
                self.require_role(member, permissions.add, "add tracks")?;
                if items.iter().any(|(item, _)| item.by != member) {
                    self.require_role(member, permissions.reorder, "put back what others added")?;
                }
                let (most, queued) = (self.rules.limits.queue as usize, self.public.queue.len());
                if queued + items.len() > most {
                    return Err(ErrorObject::new(
                        ErrorKind::TooMany,
                        "the queue has no room for it any more",
                    ));
                }
                Ok(())
            }
            Undo::Moved(..) | Undo::Shuffled(_) => {
                self.require_role(member, permissions.reorder, "reorder the queue")
            }
        }
    }

    fn is_queued(&self, item: ItemId) -> bool {
        self.public.position_of(item).is_some()
    }

    fn take_out(&mut self, context: &mut Context, mut items: Vec<ItemId>) {
        items.retain(|item| self.is_queued(*item));
        if !items.is_empty() {
            self.emit(context, Some(Cause::Undo), Event::QueueRemoved { items });
        }
    }

    fn move_back(
        &mut self,
        context: &mut Context,
        item: ItemId,
        before: Option<ItemId>,
        pinned: bool,
    ) {
        if !self.is_queued(item) {
            return;
        }
        let after = before.filter(|before| self.is_queued(*before));
        self.emit(
            context,
            Some(Cause::Undo),
            Event::QueueMoved {
                item,
                after,
                pinned,
            },
        );
    }

    fn unshuffle(&mut self, context: &mut Context, was: Vec<ItemId>) {
        let now: Vec<ItemId> = self.public.queue.iter().map(|item| item.id).collect();
        let mut order: Vec<ItemId> = was.into_iter().filter(|item| now.contains(item)).collect();
        let newer: Vec<ItemId> = now
            .iter()
            .filter(|id| !order.contains(id))
            .copied()
            .collect();
        order.extend(newer);
        if order != now {
            self.emit(context, Some(Cause::Undo), Event::QueueShuffled { order });
        }
    }

    /// Puts items back behind what stood before them, or at the front when that is gone. Those
    /// that stood together come back in one event, of no more than one `queue.add` has.
    fn put_back(&mut self, context: &mut Context, items: Vec<(QueueItem, Option<ItemId>)>) {
        let most = self.rules.limits.tracks_per_add.max(1) as usize;
        let mut items = items.into_iter().peekable();
        while let Some((first, before)) = items.next() {
            let after = before.filter(|before| self.is_queued(*before));
            let mut last = first.id;
            let mut together = vec![QueueItem { votes: 0, ..first }];
            while together.len() < most {
                let Some((next, _)) = items.next_if(|(_, before)| *before == Some(last)) else {
                    break;
                };
                last = next.id;
                together.push(QueueItem { votes: 0, ..next });
            }
            self.emit(
                context,
                Some(Cause::Undo),
                Event::QueueAdded {
                    items: together,
                    after,
                },
            );
        }
        self.start_if_idle(context);
    }
}
