//! Tracks on the servers of others: their addresses and titles are what a person gave. What was
//! deleted of them is nowhere in the room any more; who is erased takes theirs along.

use super::state::{Context, State};
use std::collections::BTreeSet;
use stereo_protocol::{Cause, EndReason, Event, ItemId, MemberId, QueueItem};

impl State {
    /// Items elsewhere that an event deletes. What is over, skipped or jumped over was played, and
    /// is history.
    pub(super) fn deletes_elsewhere(&self, event: &Event) -> Vec<ItemId> {
        let items = match event {
            Event::QueueRemoved { items } | Event::QueueCleared { items } => items.as_slice(),
            Event::PlaybackChanged {
                ended: Some(ended), ..
            } if ended.reason == EndReason::Removed => std::slice::from_ref(&ended.item),
            _ => return Vec::new(),
        };
        let public = &self.public;
        let known = public.queue.iter().chain(&public.current);
        let elsewhere = known.filter(|item| item.track.is_elsewhere() && items.contains(&item.id));
        elsewhere.map(|item| item.id).collect()
    }

    /// What was deleted is told to nobody who comes back, and waits for nobody who is slow.
    pub(super) fn forget_elsewhere(&mut self, context: &mut Context, items: &[ItemId]) {
        if !items.is_empty() {
            self.ring.withhold(|item| items.contains(&item.id));
            context.step.erased = true;
        }
    }

    /// Takes out what a member added that others serve: what comes, what plays, what played.
    pub(super) fn take_out_elsewhere(&mut self, context: &mut Context, member: MemberId) {
        let theirs = |item: &QueueItem| item.by == member && item.track.is_elsewhere();
        let queued = self.public.queue.iter().filter(|item| theirs(item));
        let items: Vec<ItemId> = queued.map(|item| item.id).collect();
        if !items.is_empty() {
            self.emit(context, Some(Cause::Erased), Event::QueueRemoved { items });
        }
        if self.public.current.as_ref().is_some_and(theirs) {
            self.play_next(context, Some(Cause::Erased), EndReason::Removed);
        }
        self.history
            .retain(|played| played.by != member || !played.track.is_elsewhere());
        self.ring.withhold(theirs);
    }

    /// Those who added what played elsewhere: as long as that is told, they can be erased.
    pub(super) fn adders_elsewhere(&self) -> BTreeSet<MemberId> {
        let elsewhere = self.history.iter().filter(|it| it.track.is_elsewhere());
        elsewhere.map(|played| played.by).collect()
    }
}
