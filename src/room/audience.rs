//! What is told about those present: conflated diffs of a list of at most 100, a count, and the
//! tally of reactions. Never numbered, never more often than listeners can bear.

use super::input::Ms;
use super::members::Members;
use super::rules::Rules;
use super::state::{Context, State};
use std::collections::{BTreeMap, BTreeSet};
use stereo_protocol::{
    Cause, Health, ItemId, MemberId, Notification, People, PresenceNotice, REACTIONS, TallyNotice,
};

/// People in the list; beyond, it is a sample.
const LISTED: usize = 100;
/// Reactions shown with their sender in one notice.
const LATEST: usize = 20;

/// What clients have been told, and what they have not.
#[derive(Debug, Default)]
pub(super) struct Audience {
    listed: BTreeSet<MemberId>,
    told: BTreeSet<MemberId>,
    /// Left the list before a notice told of them; a snapshot in between may have shown them.
    untold: BTreeSet<MemberId>,
    version: u64,
    presence_due: bool,
    presence_at: Ms,
    counts: [u32; REACTIONS.len()],
    latest: Vec<(MemberId, u8)>,
    tally_due: bool,
    tally_at: Ms,
}

/// Time between two notices: the more listen, the rarer.
fn interval(rules: &Rules, listeners: u32) -> u64 {
    rules.notice_ms.max(u64::from(listeners) / 2)
}

impl Audience {
    pub(super) fn came(&mut self, id: MemberId) {
        self.presence_due = true;
        if self.listed.len() < LISTED {
            self.listed.insert(id);
            self.version += 1;
        }
    }

    pub(super) fn left(&mut self, id: MemberId, reaction: Option<u8>, members: &Members) {
        self.presence_due = true;
        if let Some(place) = reaction {
            self.counts[place as usize] -= 1;
            self.tally_due = true;
        }
        self.latest.retain(|(member, _)| *member != id);
        if !self.listed.remove(&id) {
            return;
        }
        if !self.told.contains(&id) {
            self.untold.insert(id);
        }
        self.version += 1;
        if members.present() as usize > self.listed.len() {
            let next = members
                .present_after(None)
                .map(|(id, _)| id)
                .find(|id| !self.listed.contains(id));
            self.listed.extend(next);
        }
    }

    pub(super) fn react(&mut self, id: MemberId, before: Option<u8>, now: Option<u8>) {
        if before == now {
            return;
        }
        if let Some(before) = before {
            self.counts[before as usize] -= 1;
        }
        if let Some(now) = now {
            self.counts[now as usize] += 1;
            if self.latest.len() < LATEST {
                self.latest.push((id, now));
            }
        }
        self.tally_due = true;
    }

    /// Another item plays: reactions and reports start over.
    pub(super) fn new_item(&mut self, members: &mut Members) {
        self.counts = Default::default();
        self.latest.clear();
        self.tally_due = false;
        members.new_item();
    }

    pub(super) fn due(&self, rules: &Rules, listeners: u32) -> Option<Ms> {
        let gap = interval(rules, listeners);
        let presence = self.presence_due.then_some(self.presence_at + gap);
        let tally = self.tally_due.then_some(self.tally_at + gap);
        [presence, tally].into_iter().flatten().min()
    }

    pub(super) fn listed(&self) -> &BTreeSet<MemberId> {
        &self.listed
    }

    /// Whether a notice or a snapshot may have given this member's name.
    pub(super) fn has_shown(&self, id: MemberId) -> bool {
        self.listed.contains(&id) || self.told.contains(&id) || self.untold.contains(&id)
    }

    /// Rises when the list changes.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn tally(&self) -> BTreeMap<Box<str>, u32> {
        let counted = REACTIONS
            .iter()
            .zip(self.counts)
            .filter(|(_, count)| *count > 0);
        counted
            .map(|(reaction, count)| (Box::from(*reaction), count))
            .collect()
    }

    fn presence_notice(&mut self, members: &Members) -> PresenceNotice {
        let joined: Vec<MemberId> = self.listed.difference(&self.told).copied().collect();
        self.told.append(&mut self.untold);
        let left: Vec<MemberId> = self.told.difference(&self.listed).copied().collect();
        self.told.clone_from(&self.listed);
        let people: People = joined
            .iter()
            .filter_map(|id| Some((*id, members.get(*id)?.person.clone())))
            .collect();
        let sampled = members.present() as usize > self.listed.len();
        PresenceNotice {
            count: members.present(),
            joined,
            left,
            sampled,
            people,
        }
    }

    fn tally_notice(&mut self, item: ItemId) -> TallyNotice {
        let latest = self
            .latest
            .drain(..)
            .map(|(member, place)| (member, REACTIONS[place as usize].into()))
            .collect();
        TallyNotice {
            item,
            counts: self.tally(),
            latest,
        }
    }
}

impl State {
    pub(super) fn flush_notices(&mut self, context: &mut Context) {
        let now = context.now;
        let gap = interval(&self.rules, self.members.present());
        if self.audience.presence_due && now >= self.audience.presence_at + gap {
            self.audience.presence_due = false;
            self.audience.presence_at = now;
            if self.votes.recount_due {
                self.count_skip_votes(context, Some(Cause::Presence));
            }
            let notice = self.audience.presence_notice(&self.members);
            context.step.notices.push(Notification::Presence(notice));
        }
        if self.audience.tally_due && now >= self.audience.tally_at + gap {
            self.audience.tally_due = false;
            self.audience.tally_at = now;
            if let Some(item) = self.public.current.as_ref().map(|item| item.id) {
                let notice = self.audience.tally_notice(item);
                context.step.notices.push(Notification::Tally(notice));
            }
        }
        if self.health_at.is_some_and(|at| at <= now) {
            self.health_at = None;
            context
                .step
                .notices
                .extend(self.health(now).map(Notification::Health));
        }
    }

    /// The room's drift as listeners measured it lately; nothing when nobody did.
    fn health(&self, now: Ms) -> Option<Health> {
        let since = now.saturating_sub(3 * self.rules.health_ms);
        let recent = self
            .members
            .iter()
            .filter(|(_, member)| member.present)
            .filter_map(|(_, member)| member.drift_ms);
        let mut drifts: Vec<f32> = recent
            .filter(|(_, at)| *at >= since)
            .map(|(drift, _)| drift.abs())
            .collect();
        drifts.sort_unstable_by(f32::total_cmp);
        let at = |quantile: f64| {
            drifts
                .get(((drifts.len() as f64 * quantile) as usize).min(drifts.len() - 1))
                .copied()
        };
        if drifts.is_empty() {
            return None;
        }
        let round = |value: f32| (f64::from(value) * 10.0).round() / 10.0;
        Some(Health {
            median_ms: round(at(0.5)?),
            p95_ms: round(at(0.95)?),
            listeners: drifts.len() as u32,
        })
    }
}
