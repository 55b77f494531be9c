//! Coming in, leaving, and who holds the room while its host is away.

use super::input::{Answer, ConnectionId, Effect, Join, MemberKey, Ms};
use super::state::{Acting, Context, State};
use crate::store::RoomNews;
use crate::text::clean_line;
use stereo_protocol::{
    Cause, CloseCode, ErrorKind, ErrorObject, Event, HostLeaves, MemberId, Person, Role, Visibility,
};

/// How long to wait before looking again for somebody who can hold the room.
const HANDOVER_RETRY_MS: u64 = 1_000;

impl State {
    pub(super) fn join(&mut self, context: &mut Context, join: Join) {
        let answer = self.try_join(context, join);
        context.step.answer = Some(answer);
        context.by = None;
    }

    fn try_join(&mut self, context: &mut Context, join: Join) -> Result<Answer, ErrorObject> {
        let known = self.known_as(&join);
        self.refuse_banned(context, &join)?;
        let invite = join
            .invite
            .and_then(|hash| self.invite_of(hash, context.now));
        let uninvited = self.may_enter(known, join.password_version, false);
        if !uninvited && !self.may_enter(known, join.password_version, invite.is_some()) {
            if self.passes_guard(known, join.password_version, false) {
                self.tell_keeper(context, RoomNews::Asked);
            }
            return Err(not_found());
        }
        // Who comes back with the invitation that once let them in does not use it up.
        let counted = known.is_none() || !uninvited;
        let name = join
            .name
            .as_deref()
            .map(str::trim)
            .filter(|name| !name.is_empty() || join.name.as_deref() != Some(""));
        let name = name
            .map(|name| clean_line("name", name, self.rules.limits.name))
            .transpose()?;
        let (id, fresh) = self.member_for(context, known, &join);
        let chosen = name.is_some();
        let name = name.or_else(|| self.handle_for(id, join.handle));
        context.by = Some(id);
        // A guest has none; an account's is what it is now.
        let is_account = matches!(join.fresh, MemberKey::Account(_));
        self.let_in(id);
        self.appear_as(
            context,
            id,
            name.clone(),
            is_account.then_some(join.picture),
        );
        if let Some(member) = self.members.get_mut(id).filter(|_| name.is_some()) {
            member.by_handle = !chosen;
        }
        self.use_invite(context, id, invite, counted);
        // The name, the key and the password that let them in may be others than before.
        context.step.save |= self.keeps(id);
        self.take_seat(context, id, join.connection);
        self.give_back_to_owner(context, id);
        let resume_after = join
            .resume
            .filter(|resume| resume.epoch == self.epoch)
            .map(|resume| resume.seq);
        let resume_after = resume_after.filter(|after| self.events_after(*after).is_some());
        Ok(Answer::Admitted {
            member: id,
            role: self.members.role(id),
            fresh,
            resume_after,
        })
    }

    /// The member who comes back. An account that is a member stays that member, whatever guest
    /// its browser was before.
    fn known_as(&self, join: &Join) -> Option<MemberId> {
        let account = matches!(join.fresh, MemberKey::Account(_));
        let by_account = account.then(|| self.members.find(join.fresh)).flatten();
        by_account
            .or_else(|| join.known.and_then(|key| self.members.find(key)))
            .or_else(|| self.members.find(join.fresh))
    }

    fn refuse_banned(&self, context: &mut Context, join: &Join) -> Result<(), ErrorObject> {
        let banned = |key: MemberKey| {
            self.bans
                .iter()
                .any(|ban| ban.key == key && ban.until > context.now)
        };
        if join.known.is_some_and(banned) || banned(join.fresh) {
            context
                .step
                .effects
                .push(Effect::Disconnect(join.connection, CloseCode::Kicked));
            return Err(ErrorObject::new(
                ErrorKind::NotAllowed,
                "you were removed from this room",
            ));
        }
        Ok(())
    }

    /// A password, an invitation, or having been let in before under the present password.
    fn may_enter(&self, known: Option<MemberId>, proven: Option<u32>, invited: bool) -> bool {
        let room = &self.public.room;
        let is_member = known.is_some_and(|id| self.members.get(id).is_some());
        let passes_entry = room.entry == stereo_protocol::Entry::Open || invited || is_member;
        passes_entry && self.passes_guard(known, proven, invited)
    }

    /// As [`Self::may_enter`], whether or not the room is closed.
    fn passes_guard(&self, known: Option<MemberId>, proven: Option<u32>, invited: bool) -> bool {
        let room = &self.public.room;
        let (password, version) = self.password();
        let member = known.and_then(|id| self.members.get(id));
        let trusted = member.is_some_and(|member| member.person.role > Role::Listener);
        let guarded = room.visibility == Visibility::Private || password.is_some();
        let let_in_before = member.is_some_and(|member| member.password_version == version);
        !guarded
            || invited
            || trusted
            || let_in_before
            || (password.is_some() && proven == Some(version))
    }

    /// Tells whoever keeps the room something, when they are not here to see it.
    pub(super) fn tell_keeper(&self, context: &mut Context, news: RoomNews) {
        let Some(account) = self.kept_for else { return };
        let keeper = self.members.find(MemberKey::Account(account.bits()));
        let keeper = keeper.and_then(|id| self.members.get(id));
        if keeper.is_none_or(|keeper| keeper.connections.is_empty()) {
            context.step.effects.push(Effect::Tell(account, news));
        }
    }

    fn member_for(
        &mut self,
        context: &mut Context,
        known: Option<MemberId>,
        join: &Join,
    ) -> (MemberId, bool) {
        if let Some(id) = known {
            // A guest who signed in is the same member, under the account's key from now on.
            if matches!(join.fresh, MemberKey::Account(_))
                && self.members.find(join.fresh).is_none()
            {
                self.members.rekey(id, join.fresh);
                // What a guest was called was for this room; from now on the account is here.
                if let Some(member) = self.members.get_mut(id) {
                    member.by_handle = true;
                }
            }
            return (id, false);
        }
        let id = self.fresh_member(&mut context.ids);
        self.members.insert(id, join.fresh, Person::default());
        (id, true)
    }

    /// An account is called by its handle until it chooses another name here: that one stays.
    fn handle_for(&self, id: MemberId, handle: Option<Box<str>>) -> Option<Box<str>> {
        let member = self.members.get(id)?;
        let chose = !member.person.name.is_empty() && !member.by_handle;
        handle.filter(|_| !chose)
    }

    /// An account has another picture, or none.
    pub(super) fn change_picture(
        &mut self,
        context: &mut Context,
        key: MemberKey,
        picture: Option<Box<str>>,
    ) {
        let Some(id) = self.members.find(key) else {
            return;
        };
        self.appear_as(context, id, None, Some(picture));
        context.step.save |= self.keeps(id);
    }

    /// Who was let in once is let in again, until the password changes.
    fn let_in(&mut self, id: MemberId) {
        let version = self.password.1;
        if let Some(member) = self.members.get_mut(id) {
            member.password_version = version;
        }
    }

    fn appear_as(
        &mut self,
        context: &mut Context,
        id: MemberId,
        name: Option<Box<str>>,
        picture: Option<Option<Box<str>>>,
    ) {
        let Some(member) = self.members.get(id) else {
            return;
        };
        let name = name.filter(|name| *name != member.person.name);
        let picture = picture.filter(|picture| member.person.picture != *picture);
        if name.is_none() && picture.is_none() {
            return;
        }
        let seen =
            member.present || self.public.people.contains_key(&id) || self.audience.has_shown(id);
        if seen {
            self.emit(
                context,
                None,
                Event::MemberChanged {
                    member: id,
                    name: name.clone(),
                    picture: picture.clone(),
                    muted: None,
                },
            );
        }
        let Some(member) = self.members.get_mut(id) else {
            return;
        };
        if let Some(name) = name {
            member.person.name = name;
        }
        if let Some(picture) = picture {
            member.person.picture = picture;
        }
    }

    fn use_invite(
        &mut self,
        context: &mut Context,
        id: MemberId,
        invite: Option<usize>,
        counted: bool,
    ) {
        let held = self.members.role(id);
        let Some(invite) = invite.and_then(|place| self.invites.get_mut(place)) else {
            return;
        };
        let role = invite.role;
        if let Some(uses) = invite.uses_left.as_mut().filter(|_| counted || role > held) {
            *uses = uses.saturating_sub(1);
            context.step.save = true;
        }
        if role > held {
            self.set_role(context, id, role, Some(Cause::Invite));
        }
    }

    fn take_seat(&mut self, context: &mut Context, id: MemberId, connection: ConnectionId) {
        let came = self.members.arrive(id, connection);
        let most = self.rules.limits.connections_per_member.max(1) as usize;
        if let Some(member) = self.members.get_mut(id) {
            while member.connections.len() > most {
                let oldest = member.connections.remove(0);
                context
                    .step
                    .effects
                    .push(Effect::Disconnect(oldest, CloseCode::TooMany));
            }
        }
        if came {
            self.audience.came(id);
            self.lead.stale = true;
            self.recount_for_presence(context);
        }
    }

    pub(super) fn leave(
        &mut self,
        context: &mut Context,
        connection: ConnectionId,
        member: MemberId,
        said_goodbye: bool,
    ) {
        let grace = if said_goodbye {
            self.rules.leave_grace_ms
        } else {
            self.rules.presence_grace_ms
        };
        self.members
            .disconnect(member, connection, context.now, context.now + grace);
        self.expire_presence(context);
    }

    pub(super) fn expire_presence(&mut self, context: &mut Context) {
        while let Some(id) = self.members.expire_grace(context.now) {
            self.depart(context, id);
        }
    }

    /// A member is not here any more: votes, reactions and acting roles end with that.
    pub(super) fn depart(&mut self, context: &mut Context, id: MemberId) {
        let reaction = self.members.get(id).and_then(|member| member.reaction);
        self.members.depart(id, context.now);
        self.audience.left(id, reaction, &self.members);
        let by = context.by.take();
        self.withdraw_votes(context, id);
        if self.acting.is_some_and(|acting| acting.member == id) {
            self.end_acting(context, Cause::Handover);
        }
        self.lead.stale = true;
        self.judge_playability(context);
        context.by = by;
    }

    pub(super) fn end_acting(&mut self, context: &mut Context, cause: Cause) {
        if let Some(acting) = self.acting.take() {
            self.set_role(context, acting.member, acting.before, Some(cause));
        }
    }

    fn give_back_to_owner(&mut self, context: &mut Context, id: MemberId) {
        if self.owner == Some(id) && self.acting.is_some() {
            context.by = None;
            self.end_acting(context, Cause::Returned);
        }
    }

    /// When somebody else is to hold the room.
    pub(super) fn handover_at(&self) -> Option<Ms> {
        if self.acting.is_some() || self.members.present() == 0 {
            return None;
        }
        let at = match self.owner {
            None => 0,
            Some(owner) => {
                let owner = self.members.get(owner)?;
                if !owner.connections.is_empty() {
                    return None;
                }
                // An owner who never came is waited for from the first check on.
                owner
                    .away_since
                    .map_or(self.handover_not_before.max(1), |away| {
                        away + self.rules.host_grace_ms
                    })
            }
        };
        Some(at.max(self.handover_not_before))
    }

    pub(super) fn hand_over_if_due(&mut self, context: &mut Context) {
        if self.handover_at().is_none_or(|at| at > context.now) {
            return;
        }
        self.handover_not_before = context.now + HANDOVER_RETRY_MS;
        if let Some(owner) = self.owner.and_then(|owner| self.members.get_mut(owner))
            && owner.away_since.is_none()
        {
            owner.away_since = Some(context.now);
            return;
        }
        let collaborator = self.members.longest_present(Role::Collaborator, self.owner);
        let Some(next) =
            collaborator.or_else(|| self.members.longest_present(Role::Listener, self.owner))
        else {
            return;
        };
        match self.owner {
            Some(_) => {
                self.acting = Some(Acting {
                    member: next,
                    before: self.members.role(next),
                });
                self.tell_keeper(context, RoomNews::Held);
            }
            None => self.owner = Some(next),
        }
        self.set_role(context, next, Role::Host, Some(Cause::Handover));
    }

    pub(super) fn set_role(
        &mut self,
        context: &mut Context,
        id: MemberId,
        role: Role,
        cause: Option<Cause>,
    ) {
        let Some(member) = self.members.get(id) else {
            return;
        };
        if member.person.role == role {
            return;
        }
        // Emitted first: whoever is introduced by it is introduced as they were.
        self.emit(context, cause, Event::RoleChanged { member: id, role });
        if let Some(member) = self.members.get_mut(id) {
            member.person.role = role;
        }
    }

    /// The owner is gone for good.
    pub(super) fn lose_owner(&mut self, context: &mut Context) {
        self.owner = None;
        if self.public.room.host_leaves == HostLeaves::Close {
            self.close(context, "host");
            return;
        }
        if let Some(acting) = self.acting.take() {
            self.owner = Some(acting.member);
            return;
        }
        self.handover_not_before = 0;
        self.hand_over_if_due(context);
    }
}

/// What everyone is told who may not enter, whether or not the room is there.
pub fn not_found() -> ErrorObject {
    ErrorObject::new(
        ErrorKind::NotFound,
        "there is no such room, or it is not open to you",
    )
}
