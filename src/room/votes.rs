//! Votes: to skip what plays, and for items of the queue. Only of members present.

use super::state::{Context, State};
use std::collections::{BTreeMap, BTreeSet};
use stereo_protocol::{Cause, EndReason, ErrorKind, ErrorObject, Event, ItemId, MemberId, Vote};

/// Who voted for what.
#[derive(Debug, Default)]
pub(super) struct Votes {
    /// For skipping the current item.
    pub(super) skip: BTreeSet<MemberId>,
    /// Who is present has changed since the vote to skip was last told.
    pub(super) recount_due: bool,
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
        self.votes.recount_due = false;
        let Some(current) = self.public.current.as_ref().map(|item| item.id) else {
            self.votes.skip.clear();
            return;
        };
        let percent = self.public.room.vote_skip_percent;
        if percent == 0 {
            self.votes.skip.clear();
        }
        let have = self.votes.skip.len() as u32;
        let need = (have > 0).then(|| needed(percent, self.members.present()));
        let standing = need.map(|need| Vote { have, need });
        if self.public.vote != standing {
            self.emit(
                context,
                cause,
                Event::VoteChanged {
                    item: current,
                    have: have as i32,
                    need,
                },
            );
        }
        if need.is_some_and(|need| have >= need) {
            self.play_next(context, Some(Cause::Votes), EndReason::Voted);
        }
    }

    /// Somebody came or left. A vote that is enough by that skips at once; how it stands is told
    /// no oftener than who is present, or ten thousand who join would be told of each other.
    pub(super) fn recount_for_presence(&mut self, context: &mut Context) {
        let have = self.votes.skip.len() as u32;
        let need = needed(self.public.room.vote_skip_percent, self.members.present());
        if have >= need {
            self.count_skip_votes(context, Some(Cause::Presence));
        } else {
            self.votes.recount_due = true;
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
        if cast.is_empty() {
            self.votes.items.remove(&item);
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
        self.recount_for_presence(context);
    }
}
