//! What of a room stays through a restart, and a room out of it. Pure: plain data go in and come
//! out; when they are written and read is for others to decide.

use super::input::{MemberKey, Ms};
use super::members::Member;
use super::moderation::{Ban, Invite};
use super::rules::Rules;
use super::state::{Logged, Played, State};
use crate::store::{
    AccountId, StoredBan, StoredEntry, StoredInvite, StoredKey, StoredMember, StoredPlay,
    StoredRoom,
};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use stereo_protocol::{
    Entry, Epoch, Event, MemberId, Person, Playback, PublicState, QueueItem, Role, Visibility,
};

/// Whether an event changes what stays. Chat and votes are gone with the process.
pub(super) fn is_kept(event: &Event) -> bool {
    !matches!(
        event,
        Event::ChatAdded { .. } | Event::VoteChanged { .. } | Event::Redacted {}
    )
}

impl State {
    /// What of the room stays, as a room of this account. Costs time in proportion to queue,
    /// history, log and those who are kept of its people.
    pub fn stored(&self, owner: AccountId) -> StoredRoom {
        let public = &self.public;
        let without_votes = |item: &QueueItem| QueueItem {
            votes: 0,
            ..item.clone()
        };
        let named = self.named();
        let everyone = self.is_guarded();
        let members = self
            .members
            .iter()
            .filter(|(id, member)| everyone || has_standing(&member.person) || named.contains(id));
        StoredRoom {
            owner,
            settings: public.room.clone(),
            password: self.password.0.clone(),
            password_version: self.password.1,
            host: self.owner,
            current: public.current.as_ref().map(without_votes),
            playback: public.playback,
            queue: public.queue.iter().map(without_votes).collect(),
            members: members
                .map(|(id, member)| (id, self.stored_member(id, member)))
                .collect(),
            bans: self.bans.iter().map(stored_ban).collect(),
            invites: self.invites.iter().map(stored_invite).collect(),
            history: self.history.iter().map(stored_play).collect(),
            log: self.log.iter().map(stored_entry).collect(),
        }
    }

    /// Whether a member is among those who stay.
    pub(super) fn keeps(&self, id: MemberId) -> bool {
        let standing = |member: &Member| has_standing(&member.person);
        self.is_guarded()
            || self.members.get(id).is_some_and(standing)
            || self.named().contains(&id)
    }

    /// Who was let in once is let in again: so everybody is remembered.
    fn is_guarded(&self) -> bool {
        let room = &self.public.room;
        room.visibility == Visibility::Private
            || room.entry == Entry::Closed
            || self.password.0.is_some()
    }

    /// Members whom something that stays names.
    fn named(&self) -> BTreeSet<MemberId> {
        let public = &self.public;
        let items = public.queue.iter().chain(&public.current);
        let log = self.log.iter();
        (self.owner.into_iter())
            .chain(items.map(|item| item.by))
            .chain(self.history.iter().map(|played| played.by))
            .chain(log.flat_map(|entry| entry.by.into_iter().chain(entry.member)))
            .chain(self.bans.iter().map(|ban| ban.member))
            .collect()
    }

    fn stored_member(&self, id: MemberId, member: &Member) -> StoredMember {
        // Who holds the room in its owner's place does so while they are here.
        let acting = self.acting.filter(|acting| acting.member == id);
        StoredMember {
            key: member.key.into(),
            name: member.person.name.clone(),
            by_handle: member.by_handle,
            // An account's is what the account has when the room is opened again.
            picture: None,
            role: acting.map_or(member.person.role, |acting| acting.before),
            muted: member.person.muted,
            password_version: member.password_version,
        }
    }

    /// A room that stayed, at server time `now`, under a new numbering. Nobody is here yet; what
    /// plays goes on where it would be by now.
    pub fn restore(rules: Arc<Rules>, stored: StoredRoom, epoch: Epoch, now: Ms) -> Self {
        let mut state = Self::new(rules, stored.settings, epoch, now);
        // Whoever added what is withheld was erased since.
        let is_told = |item: &QueueItem| !item.track.is_withheld();
        state.public.current = stored.current.filter(is_told);
        state.public.playback = stored.playback.filter(|_| state.public.current.is_some());
        state.public.queue = stored.queue.into_iter().filter(is_told).collect();
        state.go_on_with_the_next(now);
        state.password = (stored.password, stored.password_version);
        state.kept_for = Some(stored.owner);
        for (id, member) in stored.members {
            let person = Person {
                name: member.name,
                picture: member.picture,
                role: member.role,
                muted: member.muted,
            };
            state.members.insert(id, member.key.into(), person.clone());
            if let Some(kept) = state.members.get_mut(id) {
                kept.password_version = member.password_version;
                kept.by_handle = member.by_handle;
            }
            if has_standing(&person) || names(&state.public, id) {
                state.public.people.insert(id, person);
            }
        }
        // A host whose account is gone since is waited for by nobody.
        let host = stored.host;
        state.owner = host.filter(|host| state.members.get(*host).is_some());
        state.bans = stored.bans.into_iter().map(ban).collect();
        state.invites = stored.invites.into_iter().map(invite).collect();
        let history = stored.history.into_iter();
        let told = history.filter(|play| !play.track.is_withheld());
        state.history = told.map(played).collect();
        state.log = stored.log.into_iter().map(logged).collect();
        state
    }
}

impl State {
    /// What waits is played: also when what played is not there any more.
    fn go_on_with_the_next(&mut self, now: Ms) {
        if self.public.current.is_some() || self.public.queue.is_empty() {
            return;
        }
        let next = self.public.queue.remove(0);
        self.public.playback = Some(Playback {
            item: next.id,
            position_ms: 0,
            at_ms: now + self.lead_ms(),
            paused: false,
        });
        self.public.current = Some(next);
    }
}

fn has_standing(person: &Person) -> bool {
    person.role != Role::Listener || person.muted
}

fn names(public: &PublicState, id: MemberId) -> bool {
    let mut items = public.queue.iter().chain(&public.current);
    items.any(|item| item.by == id)
}

impl From<MemberKey> for StoredKey {
    fn from(key: MemberKey) -> Self {
        match key {
            MemberKey::Guest(hash) => Self::Guest(hash),
            MemberKey::Account(account) => Self::Account(AccountId::from_bits(account)),
        }
    }
}

impl From<StoredKey> for MemberKey {
    fn from(key: StoredKey) -> Self {
        match key {
            StoredKey::Guest(hash) => Self::Guest(hash),
            StoredKey::Account(account) => Self::Account(account.bits()),
        }
    }
}

fn stored_ban(ban: &Ban) -> StoredBan {
    StoredBan {
        id: ban.id,
        member: ban.member,
        key: ban.key.into(),
        until_ms: ban.until,
    }
}

fn ban(stored: StoredBan) -> Ban {
    Ban {
        id: stored.id,
        member: stored.member,
        key: stored.key.into(),
        until: stored.until_ms,
    }
}

fn stored_invite(invite: &Invite) -> StoredInvite {
    StoredInvite {
        id: invite.id,
        hash: invite.hash,
        role: invite.role,
        uses_left: invite.uses_left,
        until_ms: invite.until,
    }
}

fn invite(stored: StoredInvite) -> Invite {
    Invite {
        id: stored.id,
        hash: stored.hash,
        role: stored.role,
        uses_left: stored.uses_left,
        until: stored.until_ms,
    }
}

fn stored_play(played: &Played) -> StoredPlay {
    StoredPlay {
        track: played.track.clone(),
        by: played.by,
        reason: played.reason,
    }
}

fn played(stored: StoredPlay) -> Played {
    Played {
        track: stored.track,
        by: stored.by,
        reason: stored.reason,
    }
}

fn stored_entry(entry: &Logged) -> StoredEntry {
    StoredEntry {
        seq: entry.seq,
        by: entry.by,
        action: entry.action.as_ref().into(),
        member: entry.member,
        title: entry.title.clone(),
    }
}

fn logged(stored: StoredEntry) -> Logged {
    Logged {
        seq: stored.seq,
        by: stored.by,
        action: Cow::Owned(stored.action.into()),
        member: stored.member,
        title: stored.title,
    }
}
