//! Votes: to skip what plays, and for items of the queue. Only of members present.

use super::input::Ms;
use super::state::{Context, State};
use std::collections::{BTreeMap, BTreeSet};
use stereo_protocol::{Cause, EndReason, ErrorKind, ErrorObject, Event, ItemId, MemberId};

/// Who voted for what.
#[derive(Debug, Default)]
pub(super) struct Votes {
    /// For skipping the current item.
    pub(super) skip: BTreeSet<MemberId>,
    /// On items of the queue: 1 or -1 by member.
    pub(super) items: BTreeMap<ItemId, BTreeMap<MemberId, i8>>,
}

/// Members it takes to skip: `percent` of those present, at least one.
fn needed(percent: u8, present: u32) -> u32 {
    (u64::from(percent) * u64::from(present))
        .div_ceil(100)
        .max(1) as u32
}

impl State {
    pub(super) fn vote_skip(
        &mut self,
        context: &mut Context,
        member: MemberId,
        item: ItemId,
    ) -> Result<bool, ErrorObject> {
        if !self.is_current(item) {
            return Ok(false);
        }
        if self.public.room.vote_skip_percent == 0 {
            return Err(ErrorObject::new(
                ErrorKind::NotAllowed,
                "this room does not skip by vote",
            ));
        }
        if !self.votes.skip.insert(member) {
            return Ok(false);
        }
        self.count_skip_votes(context, None);
        Ok(false)
    }

    /// Says how the vote stands, and skips when it is enough. Called after every change of the
    /// votes or of who is present.
    pub(super) fn count_skip_votes(&mut self, context: &mut Context, cause: Option<Cause>) {
        let Some(current) = self.public.current.as_ref().map(|item| item.id) else {
            self.votes.skip.clear();
            return;
        };
        let have = self.votes.skip.len() as u32;
        let need = needed(self.public.room.vote_skip_percent, self.members.present());
        let shown = self
            .public
            .vote
            .map_or((0, 0), |vote| (vote.have, vote.need));
        if have == 0 && shown.0 == 0 {
            return;
        }
        if shown != (have, need) {
            self.emit(
                context,
                cause,
                Event::VoteChanged {
                    item: current,
                    have: have as i32,
                    need: Some(need),
                },
            );
        }
        if have >= need {
            self.play_next(context, Some(Cause::Votes), EndReason::Voted);
        }
    }

    pub(super) fn vote_for_item(
        &mut self,
        context: &mut Context,
        member: MemberId,
        item: ItemId,
        value: i8,
    ) -> Result<bool, ErrorObject> {
        if !(-1..=1).contains(&value) {
            return Err(ErrorObject::invalid("value", "expected -1, 0 or 1"));
        }
        let Some(queued) = self.public.queue.iter().find(|queued| queued.id == item) else {
            return Err(ErrorObject::new(
                ErrorKind::NotFound,
                "that item is not in the queue any more",
            )
            .with_field("item"));
        };
        let shown = queued.votes;
        let cast = self.votes.items.entry(item).or_default();
        if value == 0 {
            cast.remove(&member);
        } else {
            cast.insert(member, value);
        }
        self.count_item_votes(context, item, shown, None);
        Ok(false)
    }

    fn count_item_votes(
        &mut self,
        context: &mut Context,
        item: ItemId,
        shown: i32,
        cause: Option<Cause>,
    ) {
        let have = self
            .votes
            .items
            .get(&item)
            .map_or(0, |cast| cast.values().map(|value| i32::from(*value)).sum());
        if have != shown {
            self.emit(
                context,
                cause,
                Event::VoteChanged {
                    item,
                    have,
                    need: None,
                },
            );
            self.rank(context, item);
        }
    }

    /// A member left or was erased: their votes go with them.
    pub(super) fn withdraw_votes(&mut self, context: &mut Context, member: MemberId) {
        self.votes.skip.remove(&member);
        let voted: Vec<ItemId> = self
            .votes
            .items
            .iter_mut()
            .filter_map(|(item, cast)| cast.remove(&member).map(|_| *item))
            .collect();
        for item in voted {
            if let Some(shown) = self
                .public
                .queue
                .iter()
                .find(|queued| queued.id == item)
                .map(|queued| queued.votes)
            {
                self.count_item_votes(context, item, shown, Some(Cause::Presence));
            }
        }
        self.count_skip_votes(context, Some(Cause::Presence));
    }

    /// Drops votes on items that are not in the queue any more.
    pub(super) fn forget_votes_of_gone_items(&mut self, _now: Ms) {
        let queue = &self.public.queue;
        self.votes
            .items
            .retain(|item, _| queue.iter().any(|queued| queued.id == *item));
    }
}
