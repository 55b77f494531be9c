//! A room's state: takes an input and a time, gives events and effects. No tokio, no clock, no
//! I/O and no randomness may enter; time and the seed for ids are arguments.
//!
//! The public part ([`PublicState`]) is changed by folding events and in no other way, so what
//! clients compute from the events is what is in here. Everything else is private.

use super::audience::Audience;
use super::ids::Seeded;
use super::input::{Answer, Done, Effect, Input, Made, Ms, SecretHash, Step, Wish};
use super::members::{Member, Members};
use super::moderation::{Ban, Invite};
use super::ops::{OpKey, OpMemory, fingerprint};
use super::playback::Lead;
use super::ring::{Ring, encode};
use super::rules::Rules;
use super::votes::Votes;
use crate::store::AccountId;
use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use stereo_protocol::{
    Cause, Command, EndReason, Epoch, ErrorKind, ErrorObject, Event, EventNotice, ItemId, MemberId,
    People, PublicState, RoomSettings, Track,
};

/// Everything a room knows.
pub struct State {
    pub(super) rules: Arc<Rules>,
    pub(super) public: PublicState,
    pub(super) epoch: Epoch,
    pub(super) seq: u64,
    pub(super) ring: Ring,
    pub(super) members: Members,
    /// Whose room it is. Present or not.
    pub(super) owner: Option<MemberId>,
    /// Who holds it while the owner is away.
    pub(super) acting: Option<Acting>,
    pub(super) audience: Audience,
    pub(super) votes: Votes,
    /// The number of the event that added each item of the queue; older than any when absent.
    pub(super) added_at: BTreeMap<ItemId, u64>,
    pub(super) lead: Lead,
    pub(super) bans: VecDeque<Ban>,
    pub(super) invites: VecDeque<Invite>,
    /// The password in PHC format and its version, which rises with each change.
    pub(super) password: (Option<Box<str>>, u32),
    pub(super) history: VecDeque<Played>,
    pub(super) log: VecDeque<Logged>,
    /// When the current item is given up, because it fails for everyone so far.
    pub(super) give_up_at: Option<Ms>,
    /// When the room became empty.
    pub(super) empty_since: Option<Ms>,
    pub(super) sweep_at: Ms,
    /// Swept early when more than so many have left.
    pub(super) absent_most: usize,
    /// No handover before this: the last one found nobody who could hold the room.
    pub(super) handover_not_before: Ms,
    pub(super) health_at: Option<Ms>,
    pub(super) closed: bool,
    /// The account that the room stays for; `None`: it is temporary.
    pub(super) kept_for: Option<AccountId>,
}

crate::telemetry::closed!(State);

/// Somebody who holds a room in its owner's place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Acting {
    pub(super) member: MemberId,
    /// The role to go back to.
    pub(super) before: stereo_protocol::Role,
}

/// What played: in order, without times.
#[derive(Clone, Debug, serde::Serialize)]
pub(super) struct Played {
    pub(super) track: Arc<Track>,
    pub(super) by: MemberId,
    pub(super) reason: EndReason,
}

/// What was done: in order, without times; the title is a track's.
#[derive(Clone, Debug, serde::Serialize)]
pub(super) struct Logged {
    pub(super) seq: u64,
    pub(super) by: Option<MemberId>,
    pub(super) action: Cow<'static, str>,
    pub(super) member: Option<MemberId>,
    pub(super) title: Option<Box<str>>,
}

/// One call of [`State::apply`] while it runs.
pub(super) struct Context {
    pub(super) now: Ms,
    pub(super) ids: Seeded,
    pub(super) by: Option<MemberId>,
    pub(super) op: Option<Box<str>>,
    pub(super) made: Made,
    pub(super) step: Step,
}

impl State {
    /// An empty room. `owner` is the key of whoever opened it, and becomes its host.
    pub fn new(rules: Arc<Rules>, room: RoomSettings, epoch: Epoch, now: Ms) -> Self {
        let limits = &rules.limits;
        let ring = Ring::new(
            1,
            limits.event_ring as usize,
            limits.event_ring_bytes as usize,
        );
        Self {
            public: PublicState::new(room),
            epoch,
            seq: 0,
            ring,
            members: Members::default(),
            owner: None,
            acting: None,
            audience: Audience::default(),
            votes: Votes::default(),
            added_at: BTreeMap::new(),
            lead: Lead::default(),
            bans: VecDeque::new(),
            invites: VecDeque::new(),
            password: (None, 0),
            history: VecDeque::new(),
            log: VecDeque::new(),
            give_up_at: None,
            empty_since: Some(now),
            sweep_at: now + rules.ops_kept_ms,
            absent_most: 2 * rules.absent_kept,
            handover_not_before: 0,
            health_at: None,
            closed: false,
            kept_for: None,
            rules,
        }
    }

    /// Carries out one input at server time `now`; ids come out of `seed`.
    ///
    /// Time may not run backwards between calls. After the call [`State::deadline`] may be
    /// another one. An error in the answer has changed nothing.
    pub fn apply(&mut self, now: Ms, seed: u128, input: Input) -> Step {
        let context = Context {
            now,
            ids: Seeded::new(seed),
            by: None,
            op: None,
            made: Made::Nothing,
            step: Step::default(),
        };
        let mut context = context;
        if self.closed {
            context.step.answer = Some(Err(ErrorObject::new(
                ErrorKind::NotFound,
                "the room was closed",
            )));
            return context.step;
        }
        // What was due before this input comes before it: a skip after the natural end is late.
        self.catch_up(&mut context);
        match input {
            Input::Join(join) => self.join(&mut context, join),
            Input::Leave {
                connection,
                member,
                said_goodbye,
            } => self.leave(&mut context, connection, member, said_goodbye),
            Input::Wish { member, wish, op } => self.wish(&mut context, member, wish, op),
            Input::Report { member, report } => self.report(&mut context, member, report),
            Input::Picture { key, picture } => self.change_picture(&mut context, key, picture),
            Input::Keep { account, guest } => {
                context.step.answer = Some(self.keep(&mut context, account, guest));
            }
            Input::Erase(key) => self.erase_key(&mut context, key),
            Input::End(account) => {
                context.step.answer = Some(self.end_for(&mut context, account));
            }
            Input::Tick => {}
            Input::Dispose => self.close_if_empty_for_long(&mut context),
            Input::Close(reason) => self.close(&mut context, reason),
        }
        self.after_change(&mut context);
        context.step
    }

    /// Everything that time alone brings about.
    fn catch_up(&mut self, context: &mut Context) {
        self.advance_if_due(context);
        self.expire_presence(context);
        self.hand_over_if_due(context);
        self.give_up_if_due(context);
        context.step.save |= self.sweep_if_due(context.now);
    }

    /// What follows from any input: thresholds, conflated notices.
    fn after_change(&mut self, context: &mut Context) {
        if self.closed {
            return;
        }
        self.note_emptiness(context.now);
        self.refresh_lead(context.now);
        self.flush_notices(context);
    }

    /// The server time at which [`Input::Tick`] is due.
    pub fn deadline(&self) -> Option<Ms> {
        if self.closed {
            return None;
        }
        let listeners = self.members.present();
        [
            self.advance_at(),
            self.members.next_grace(),
            self.handover_at(),
            self.give_up_at,
            self.audience.due(&self.rules, listeners),
            self.health_at,
            (self.members.len() > 0).then_some(self.sweep_at),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn wish(&mut self, context: &mut Context, member: MemberId, wish: Wish, op: Option<Box<str>>) {
        let key = op.as_deref().map(|op| OpKey::new(op, fingerprint(&wish)));
        context.step.answer = Some(match self.recall(member, key) {
            Err(error) => Err(error),
            Ok(Some(done)) => Ok(Answer::Done(done)),
            Ok(None) => {
                context.by = Some(member);
                context.op = op;
                self.carry_out(context, member, wish, key)
            }
        });
        context.by = None;
        context.op = None;
    }

    /// What has to hold before tracks elsewhere are looked at for somebody. `Some` says that the
    /// operation was carried out before.
    ///
    /// # Errors
    /// As adding them would give, as far as that does not depend on what they are.
    pub fn before_adding(
        &self,
        member: MemberId,
        op: Option<&str>,
        asked: u64,
    ) -> Result<Option<Done>, ErrorObject> {
        let done = self.recall(member, op.map(|op| OpKey::new(op, asked)))?;
        if done.is_none() {
            self.require_role(member, self.public.room.permissions.add, "add tracks")?;
        }
        Ok(done)
    }

    fn recall(&self, member: MemberId, key: Option<OpKey>) -> Result<Option<Done>, ErrorObject> {
        let known = self.require_present(member)?;
        match (key, &known.ops) {
            (Some(key), Some(ops)) => ops.recall(key),
            _ => Ok(None),
        }
    }

    /// What somebody asked who was put out since does not count.
    pub(super) fn require_present(&self, member: MemberId) -> Result<&Member, ErrorObject> {
        let known = self.members.get(member).filter(|known| known.present);
        known.ok_or_else(|| {
            ErrorObject::new(ErrorKind::NotJoined, "you are not in this room any more")
        })
    }

    fn carry_out(
        &mut self,
        context: &mut Context,
        member: MemberId,
        wish: Wish,
        key: Option<OpKey>,
    ) -> Result<Answer, ErrorObject> {
        let before = self.seq;
        let changed_otherwise = self.perform(context, member, wish)?;
        let made = std::mem::replace(&mut context.made, Made::Nothing);
        let done = Done {
            seq: self.seq,
            changed: self.seq != before || changed_otherwise,
            made,
        };
        if let (Some(key), Some(member)) = (key, self.members.get_mut(member)) {
            let ops = member
                .ops
                .get_or_insert_with(|| Box::new(OpMemory::default()));
            ops.remember(key, without_secrets(&done));
        }
        Ok(Answer::Done(done))
    }

    /// Carries out a wish. `Ok(true)` says that something changed though no event was emitted.
    fn perform(
        &mut self,
        context: &mut Context,
        member: MemberId,
        wish: Wish,
    ) -> Result<bool, ErrorObject> {
        match wish {
            Wish::Add { tracks, place, .. } => self.add(context, member, tracks, place)?,
            Wish::Update { update, password } => {
                return self.update_room(context, member, *update, password);
            }
            Wish::Command(command) => return self.command(context, member, command),
        }
        Ok(false)
    }

    fn command(
        &mut self,
        context: &mut Context,
        member: MemberId,
        command: Command,
    ) -> Result<bool, ErrorObject> {
        match command {
            Command::QueueRemove(of) => self.remove(context, member, of.item)?,
            Command::QueueMove(wish) => self.move_item(context, member, wish.item, wish.after)?,
            Command::QueueClear(at) => self.clear(context, member, at.seq)?,
            Command::QueueShuffle(at) => self.shuffle(context, member, at.seq)?,
            Command::QueueVote(vote) => {
                return self.vote_for_item(context, member, vote.item, vote.value);
            }
            Command::QueueUndo(_) => self.undo(context, member)?,
            Command::PlaybackPlay(of) => self.resume(context, member, of.item)?,
            Command::PlaybackPause(of) => self.pause(context, member, of.item)?,
            Command::PlaybackSeek(seek) => {
                self.seek(context, member, seek.item, seek.position_ms)?
            }
            Command::PlaybackSkip(of) => self.skip(context, member, of.item)?,
            Command::PlaybackVoteSkip(of) => return self.vote_skip(context, member, of.item),
            Command::PlaybackJump(of) => self.jump(context, member, of.item)?,
            Command::React(react) => {
                return self.react(member, react.item, react.reaction.as_deref());
            }
            Command::ChatSend(chat) => self.say(context, member, &chat.text)?,
            Command::ChatRemove(of) => self.unsay(context, member, of.message)?,
            Command::MeRename(rename) => self.rename(context, member, &rename.name)?,
            Command::MeForget(_) => return self.forget(context, member),
            Command::MemberRole(change) => {
                return self.change_role(context, member, change.member, change.role);
            }
            Command::MemberMute(mute) => self.mute(context, member, mute.member, mute.muted)?,
            Command::MemberKick(kick) => {
                return self.kick(context, member, kick.member, kick.ban_ms);
            }
            Command::MemberUnban(of) => return self.unban(context, member, of.ban),
            Command::InviteCreate(invite) => return self.invite(context, member, invite),
            Command::InviteRevoke(of) => return self.revoke(context, member, of.invite),
            Command::RoomClose(_) => {
                self.require_role(member, stereo_protocol::Role::Host, "close the room")?;
                context.step.erased = true;
                self.close(context, "host");
            }
            other => {
                let message = format!("{} is not a change of the room", other.method());
                return Err(ErrorObject::new(ErrorKind::Invalid, message));
            }
        }
        Ok(false)
    }

    /// Numbers an event, folds it into the public state, keeps it for those who come back.
    pub(super) fn emit(&mut self, context: &mut Context, cause: Option<Cause>, event: Event) {
        self.seq += 1;
        context.step.save |= super::stored::is_kept(&event);
        let deleted = self.deletes_elsewhere(&event);
        let by = context.by;
        self.write_log(by, &event);
        let people = self.introduce(by, &event);
        let notice = EventNotice {
            seq: self.seq,
            at: context.now,
            by,
            cause,
            op: context.op.clone(),
            people,
            event,
        };
        self.public
            .fold(&notice, self.rules.limits.chat_ring as usize);
        if !notice.people.is_empty() {
            self.public.drop_unnamed_people();
        }
        self.follow_items(&notice.event);
        let json = encode(&notice);
        self.ring.push(json.clone());
        context.step.events.push(json);
        self.forget_elsewhere(context, &deleted);
    }

    /// What is known of an item of the queue beside its public part goes with the item.
    fn follow_items(&mut self, event: &Event) {
        let gone = match event {
            Event::QueueAdded { items, .. } => {
                let added = items.iter().map(|item| (item.id, self.seq));
                self.added_at.extend(added);
                return;
            }
            Event::QueueRemoved { items } | Event::QueueCleared { items } => items.as_slice(),
            Event::PlaybackChanged {
                current: Some(current),
                ..
            } => std::slice::from_ref(&current.id),
            _ => return,
        };
        for item in gone {
            self.added_at.remove(item);
            self.votes.items.remove(item);
        }
    }

    /// Those whom an event names and whom the public state does not hold yet.
    fn introduce(&self, by: Option<MemberId>, event: &Event) -> People {
        let mut named: Vec<MemberId> = by.into_iter().collect();
        match event {
            Event::QueueAdded { items, .. } => named.extend(items.iter().map(|item| item.by)),
            Event::PlaybackChanged {
                current: Some(item),
                ..
            } => named.push(item.by),
            Event::RoleChanged { member, .. }
            | Event::MemberChanged { member, .. }
            | Event::MemberBanned { member, .. } => {
                named.push(*member);
            }
            Event::ChatAdded { message } => named.push(message.by),
            _ => {}
        }
        let unknown = named
            .into_iter()
            .filter(|member| !self.public.people.contains_key(member));
        unknown
            .filter_map(|id| Some((id, self.members.get(id)?.person.clone())))
            .collect()
    }

    fn write_log(&mut self, by: Option<MemberId>, event: &Event) {
        let Some((action, member)) = super::log::entry(event) else {
            return;
        };
        let title = super::log::title(event, &self.public);
        push_bounded(
            &mut self.log,
            Logged {
                seq: self.seq,
                by,
                action: Cow::Borrowed(action),
                member,
                title,
            },
            self.rules.limits.log as usize,
        );
    }

    pub(super) fn close(&mut self, context: &mut Context, reason: &'static str) {
        self.emit(
            context,
            None,
            Event::RoomClosed {
                reason: reason.into(),
            },
        );
        self.closed = true;
        context.step.effects.push(Effect::Close);
    }

    fn note_emptiness(&mut self, now: Ms) {
        if self.members.present() > 0 {
            self.empty_since = None;
        } else {
            self.empty_since.get_or_insert(now);
        }
    }

    /// The server time at which the room has been empty for long: then [`Input::Dispose`] ends a
    /// temporary one, and one that stays can rest.
    pub fn empty_at(&self) -> Option<Ms> {
        Some(self.empty_since? + self.rules.empty_ms)
    }

    fn close_if_empty_for_long(&mut self, context: &mut Context) {
        let long_empty = self.empty_at().is_some_and(|at| at <= context.now);
        if long_empty && self.kept_for.is_none() && self.members.present() == 0 {
            self.close(context, "empty");
        }
    }

    /// Returns whether there was a sweep.
    fn sweep_if_due(&mut self, now: Ms) -> bool {
        if now < self.sweep_at && self.members.absent() <= self.absent_most {
            return false;
        }
        self.sweep_at = now + self.rules.ops_kept_ms;
        let adders = self.adders_elsewhere();
        let public = &self.public;
        let owner = self.owner;
        self.members.sweep(
            now.saturating_sub(self.rules.ops_kept_ms),
            self.rules.absent_kept,
            |id| Some(id) == owner || public.people.contains_key(&id) || adders.contains(&id),
        );
        // Those who have a role or are named stay, however many: twice that is the next time.
        self.absent_most = 2 * self.members.absent().max(self.rules.absent_kept);
        self.bans.retain(|ban| ban.until > now);
        self.invites.retain(|invite| invite.holds(now));
        true
    }

    /// Whether the room is over.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The version of the password that has to be proven, and its hash.
    pub fn password(&self) -> (Option<&str>, u32) {
        (self.password.0.as_deref(), self.password.1)
    }

    /// Opens the room for its owner before they join.
    pub fn expect_owner(&mut self, key: super::MemberKey, seed: u128) {
        let id = self.fresh_member(&mut Seeded::new(seed));
        let person = stereo_protocol::Person {
            role: stereo_protocol::Role::Host,
            ..Default::default()
        };
        self.members.insert(id, key, person);
        self.owner = Some(id);
    }

    /// Sets the password's hash, in PHC format, before anybody joins.
    pub fn set_password(&mut self, hash: Box<str>) {
        self.password = (Some(hash), self.password.1 + 1);
        self.public.room.password = true;
    }

    pub(super) fn fresh_member(&self, ids: &mut Seeded) -> MemberId {
        loop {
            let id = ids.member();
            if self.members.get(id).is_none() {
                return id;
            }
        }
    }

    pub(super) fn invite_of(&self, hash: SecretHash, now: Ms) -> Option<usize> {
        self.invites
            .iter()
            .position(|invite| invite.hash == hash && invite.holds(now))
    }
}

/// An answer as it is remembered: tokens are told once.
fn without_secrets(done: &Done) -> Done {
    let mut done = done.clone();
    if let Made::Invite(_, token) = &mut done.made {
        *token = None;
    }
    done
}

/// Adds to a list that drops its oldest beyond `most`.
pub(super) fn push_bounded<T>(list: &mut VecDeque<T>, entry: T, most: usize) {
    list.push_back(entry);
    while list.len() > most {
        list.pop_front();
    }
}
