//! Who belongs to a room: private to it, never broadcast. Presence is of members, not of
//! connections: two tabs are one person.

use super::input::{ConnectionId, MemberKey, Ms};
use super::ops::OpMemory;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use stereo_protocol::{MemberId, Person, Role};

/// A person in this room.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) key: MemberKey,
    /// How the others see them; the public state holds a copy once they are introduced.
    pub(super) person: Person,
    /// Called by the account's handle: they have chosen no name here.
    pub(super) by_handle: bool,
    /// Live connections, oldest first.
    pub(super) connections: Vec<ConnectionId>,
    /// Rises with each arrival: who has been here longest has the lowest.
    pub(super) arrival: u64,
    /// Counted as here: connected, or within the grace after that.
    pub(super) present: bool,
    /// When the last connection was lost, while absent or in grace.
    pub(super) away_since: Option<Ms>,
    /// When presence ends, while in grace.
    grace_until: Option<Ms>,
    /// The version of the password that let them in.
    pub(super) password_version: u32,
    /// Index into `REACTIONS` for the current item.
    pub(super) reaction: Option<u8>,
    /// When the last chat message was sent, for slow mode.
    pub(super) last_chat: Option<Ms>,
    /// Last reported round trip, in milliseconds.
    pub(super) rtt_ms: Option<f32>,
    /// Last reported drift, in milliseconds, and when.
    pub(super) drift_ms: Option<(f32, Ms)>,
    /// What they reported of the current item; counted in [`Members`].
    playing: Playing,
    pub(super) ops: Option<Box<OpMemory>>,
    pub(super) undo: Option<Box<super::undo::Undo>>,
}

/// How the current item goes for one member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Playing {
    #[default]
    Unknown,
    Ready,
    Failed,
}

/// All members of a room, and the ways to find one.
#[derive(Debug, Default)]
pub(super) struct Members {
    by_id: BTreeMap<MemberId, Member>,
    by_key: HashMap<MemberKey, MemberId>,
    arrivals: u64,
    /// Members whose grace runs, with the time at which it ends: one entry each.
    grace: BTreeSet<(Ms, MemberId)>,
    present: u32,
    /// Members present who reported that the current item plays, and that it does not.
    ready: u32,
    failed: u32,
}

impl Members {
    pub(super) fn get(&self, id: MemberId) -> Option<&Member> {
        self.by_id.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: MemberId) -> Option<&mut Member> {
        self.by_id.get_mut(&id)
    }

    pub(super) fn find(&self, key: MemberKey) -> Option<MemberId> {
        self.by_key.get(&key).copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (MemberId, &Member)> {
        self.by_id.iter().map(|(id, member)| (*id, member))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (MemberId, &mut Member)> {
        self.by_id.iter_mut().map(|(id, member)| (*id, member))
    }

    /// Those present, after `after` in the order of ids.
    pub(super) fn present_after(
        &self,
        after: Option<MemberId>,
    ) -> impl Iterator<Item = (MemberId, &Member)> {
        use std::ops::Bound;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let range = self.by_id.range((from, Bound::Unbounded));
        range
            .filter(|(_, member)| member.present)
            .map(|(id, member)| (*id, member))
    }

    pub(super) fn present(&self) -> u32 {
        self.present
    }

    pub(super) fn is_present(&self, id: MemberId) -> bool {
        self.get(id).is_some_and(|member| member.present)
    }

    pub(super) fn role(&self, id: MemberId) -> Role {
        self.get(id)
            .map_or(Role::Listener, |member| member.person.role)
    }

    pub(super) fn insert(&mut self, id: MemberId, key: MemberKey, person: Person) {
        let member = Member {
            key,
            person,
            by_handle: false,
            connections: Vec::new(),
            arrival: 0,
            present: false,
            away_since: None,
            grace_until: None,
            password_version: 0,
            reaction: None,
            last_chat: None,
            rtt_ms: None,
            drift_ms: None,
            playing: Playing::Unknown,
            ops: None,
            undo: None,
        };
        self.by_key.insert(key, id);
        self.by_id.insert(id, member);
    }

    /// Gives a member another key: a guest who signed in.
    pub(super) fn rekey(&mut self, id: MemberId, key: MemberKey) {
        if let Some(member) = self.by_id.get_mut(&id) {
            self.by_key.remove(&member.key);
            member.key = key;
            self.by_key.insert(key, id);
        }
    }

    pub(super) fn remove(&mut self, id: MemberId) -> Option<Member> {
        let member = self.by_id.remove(&id)?;
        self.by_key.remove(&member.key);
        if let Some(until) = member.grace_until {
            self.grace.remove(&(until, id));
        }
        if member.present {
            self.present -= 1;
            self.count(member.playing, Playing::Unknown);
        }
        Some(member)
    }

    /// What a member present reported of the current item.
    pub(super) fn set_playing(&mut self, id: MemberId, playing: Playing) {
        if let Some(member) = self.by_id.get_mut(&id).filter(|member| member.present) {
            let before = std::mem::replace(&mut member.playing, playing);
            self.count(before, playing);
        }
    }

    fn count(&mut self, before: Playing, now: Playing) {
        match before {
            Playing::Unknown => {}
            Playing::Ready => self.ready -= 1,
            Playing::Failed => self.failed -= 1,
        }
        match now {
            Playing::Unknown => {}
            Playing::Ready => self.ready += 1,
            Playing::Failed => self.failed += 1,
        }
    }

    /// Members present who can play the current item, and who cannot.
    pub(super) fn ready_and_failed(&self) -> (u32, u32) {
        (self.ready, self.failed)
    }

    /// Another item plays: nobody has reported on it or reacted to it yet.
    pub(super) fn new_item(&mut self) {
        (self.ready, self.failed) = (0, 0);
        for member in self.by_id.values_mut() {
            member.reaction = None;
            member.playing = Playing::Unknown;
        }
    }

    /// A connection came. Returns whether the member was not present before.
    pub(super) fn arrive(&mut self, id: MemberId, connection: ConnectionId) -> bool {
        let Some(member) = self.by_id.get_mut(&id) else {
            return false;
        };
        member.connections.push(connection);
        member.away_since = None;
        if let Some(until) = member.grace_until.take() {
            self.grace.remove(&(until, id));
        }
        if let Some(ops) = &mut member.ops {
            ops.left_at = None;
        }
        let came = !member.present;
        if came {
            member.present = true;
            self.arrivals += 1;
            member.arrival = self.arrivals;
            self.present += 1;
        }
        came
    }

    /// A connection ended; its member stays present until `until` when it was the last.
    pub(super) fn disconnect(
        &mut self,
        id: MemberId,
        connection: ConnectionId,
        now: Ms,
        until: Ms,
    ) {
        let Some(member) = self.by_id.get_mut(&id) else {
            return;
        };
        let before = member.connections.len();
        member.connections.retain(|known| *known != connection);
        if before > 0 && member.connections.is_empty() && member.present {
            member.away_since = Some(now);
            member.grace_until = Some(until);
            self.grace.insert((until, id));
        }
    }

    /// When the next grace ends.
    pub(super) fn next_grace(&self) -> Option<Ms> {
        self.grace.first().map(|(at, _)| *at)
    }

    /// A member whose grace is over by `now`, if any; the caller lets them depart.
    pub(super) fn expire_grace(&mut self, now: Ms) -> Option<MemberId> {
        let due = self.grace.first().copied().filter(|(at, _)| *at <= now);
        due.map(|(_, id)| id)
    }

    /// A member is not here any more, whatever connections there were.
    pub(super) fn depart(&mut self, id: MemberId, now: Ms) {
        let Some(member) = self.by_id.get_mut(&id) else {
            return;
        };
        let was = std::mem::take(&mut member.playing);
        if let Some(until) = member.grace_until.take() {
            self.grace.remove(&(until, id));
        }
        if member.present {
            member.present = false;
            self.present -= 1;
        }
        member.connections.clear();
        member.away_since.get_or_insert(now);
        member.reaction = None;
        member.rtt_ms = None;
        member.drift_ms = None;
        member.undo = None;
        if let Some(ops) = &mut member.ops {
            ops.left_at = Some(now);
        }
        self.count(was, Playing::Unknown);
    }

    /// Who has been here longest among those present of at least `role`, but `except`.
    pub(super) fn longest_present(&self, role: Role, except: Option<MemberId>) -> Option<MemberId> {
        let candidates = self.iter().filter(|(id, member)| {
            member.present
                && !member.connections.is_empty()
                && member.person.role >= role
                && Some(*id) != except
        });
        candidates
            .min_by_key(|(_, member)| member.arrival)
            .map(|(id, _)| id)
    }

    /// Drops operations of those who left before `left_before`, and, beyond `keep` absent
    /// listeners, those who left longest ago and whom `named` does not hold.
    pub(super) fn sweep(&mut self, left_before: Ms, keep: usize, named: impl Fn(MemberId) -> bool) {
        let mut absent = Vec::new();
        for (id, member) in &mut self.by_id {
            if member
                .ops
                .as_ref()
                .and_then(|ops| ops.left_at)
                .is_some_and(|at| at < left_before)
            {
                member.ops = None;
            }
            let idle =
                !member.present && member.person.role == Role::Listener && !member.person.muted;
            if idle && !named(*id) {
                absent.push((member.away_since.unwrap_or(0), *id));
            }
        }
        absent.sort_unstable();
        let excess = absent.len().saturating_sub(keep);
        for (_, id) in absent.into_iter().take(excess) {
            self.remove(id);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// People who left and whom the room still knows.
    pub(super) fn absent(&self) -> usize {
        self.by_id.len() - self.present as usize
    }
}
