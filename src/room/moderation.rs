//! Roles, mutes, kicks, bans, invitations, settings, and erasing a member.

use super::input::{Effect, Made, MemberKey, Ms, SecretHash};
use super::state::{Context, State, push_bounded};
use crate::text::clean_line;
use sha2::{Digest, Sha256};
use stereo_protocol::{
    BanId, Cause, CloseCode, ErrorKind, ErrorObject, Event, InviteCreate, InviteId, Limits,
    MemberId, Role, RoomSettings, RoomUpdate,
};

/// Somebody who may not come back yet.
#[derive(Clone, Debug)]
pub(super) struct Ban {
    pub(super) id: BanId,
    pub(super) member: MemberId,
    pub(super) key: MemberKey,
    pub(super) until: Ms,
}

/// A way in that was given to somebody.
#[derive(Clone, Debug)]
pub(super) struct Invite {
    pub(super) id: InviteId,
    pub(super) hash: SecretHash,
    pub(super) role: Role,
    pub(super) uses_left: Option<u32>,
    pub(super) until: Option<Ms>,
}

impl Invite {
    pub(super) fn holds(&self, now: Ms) -> bool {
        self.uses_left != Some(0) && self.until.is_none_or(|until| until > now)
    }
}

impl State {
    pub(super) fn change_role(
        &mut self,
        context: &mut Context,
        by: MemberId,
        member: MemberId,
        role: Role,
    ) -> Result<bool, ErrorObject> {
        self.require_role(by, Role::Host, "change roles")?;
        self.require_member(member)?;
        if role == Role::Host {
            return self.hand_room_to(context, by, member);
        }
        if self.owner == Some(member) {
            return Err(ErrorObject::new(
                ErrorKind::NotAllowed,
                "the host's own role changes only by handing the room over",
            ));
        }
        if let Some(acting) = &mut self.acting
            && acting.member == member
        {
            let before = std::mem::replace(&mut acting.before, role);
            context.step.save |= before != role;
            return Ok(before != role);
        }
        self.set_role(context, member, role, None);
        Ok(false)
    }

    fn hand_room_to(
        &mut self,
        context: &mut Context,
        by: MemberId,
        member: MemberId,
    ) -> Result<bool, ErrorObject> {
        if self.owner != Some(by) {
            return Err(ErrorObject::new(
                ErrorKind::NotAllowed,
                "only the host can hand the room over",
            ));
        }
        if member == by {
            return Ok(false);
        }
        self.pass_to(context, by, member);
        self.keep_for_host(context);
        Ok(false)
    }

    /// Makes `member` the host in the place of `by`.
    pub(super) fn pass_to(&mut self, context: &mut Context, by: MemberId, member: MemberId) {
        self.end_acting(context, Cause::Returned);
        self.owner = Some(member);
        self.set_role(context, by, Role::Collaborator, None);
        self.set_role(context, member, Role::Host, None);
    }

    fn require_member(&self, member: MemberId) -> Result<(), ErrorObject> {
        match self.members.get(member) {
            Some(_) => Ok(()),
            None => Err(
                ErrorObject::new(ErrorKind::NotFound, "nobody of that id is in this room")
                    .with_field("member"),
            ),
        }
    }

    /// Moderating takes a collaborator, and a role above that of whom it concerns.
    fn require_above(&self, by: MemberId, member: MemberId, what: &str) -> Result<(), ErrorObject> {
        self.require_role(by, Role::Collaborator, what)?;
        self.require_member(member)?;
        if self.members.role(by) <= self.members.role(member) {
            return Err(ErrorObject::new(
                ErrorKind::NotAllowed,
                format!("your role does not allow you to {what} this member"),
            ));
        }
        Ok(())
    }

    pub(super) fn mute(
        &mut self,
        context: &mut Context,
        by: MemberId,
        member: MemberId,
        muted: bool,
    ) -> Result<(), ErrorObject> {
        self.require_above(by, member, "mute")?;
        if self
            .members
            .get(member)
            .is_none_or(|known| known.person.muted == muted)
        {
            return Ok(());
        }
        self.emit(
            context,
            None,
            Event::MemberChanged {
                member,
                name: None,
                picture: None,
                muted: Some(muted),
            },
        );
        if let Some(known) = self.members.get_mut(member) {
            known.person.muted = muted;
        }
        Ok(())
    }

    pub(super) fn kick(
        &mut self,
        context: &mut Context,
        by: MemberId,
        member: MemberId,
        ban_ms: Option<u64>,
    ) -> Result<bool, ErrorObject> {
        self.require_above(by, member, "remove")?;
        if let Some(ban_ms) = ban_ms {
            let Some(key) = self.members.get(member).map(|known| known.key) else {
                return Ok(false);
            };
            let id = context.ids.ban();
            let (now, until) = (context.now, context.now.saturating_add(ban_ms));
            // One ban a person, the latest: the list is bounded, and a repeat lifts nobody else's.
            self.bans.retain(|ban| ban.key != key && ban.until > now);
            push_bounded(
                &mut self.bans,
                Ban {
                    id,
                    member,
                    key,
                    until,
                },
                self.rules.limits.bans as usize,
            );
            context.made = Made::Ban(id);
            self.emit(context, None, Event::MemberBanned { member, ban: id });
        }
        Ok(self.put_out(context, member, CloseCode::Kicked))
    }

    /// Closes a member's connections; they are not here from now on. Returns whether they were.
    fn put_out(&mut self, context: &mut Context, member: MemberId, code: CloseCode) -> bool {
        let connections = self
            .members
            .get(member)
            .map(|known| known.connections.clone())
            .unwrap_or_default();
        context.step.effects.extend(
            connections
                .into_iter()
                .map(|connection| Effect::Disconnect(connection, code)),
        );
        let present = self.members.is_present(member);
        if present {
            self.depart(context, member);
        }
        present
    }

    pub(super) fn unban(
        &mut self,
        context: &mut Context,
        by: MemberId,
        ban: BanId,
    ) -> Result<bool, ErrorObject> {
        self.require_role(by, Role::Collaborator, "end bans")?;
        let before = self.bans.len();
        self.bans.retain(|kept| kept.id != ban);
        if self.bans.len() == before {
            return Err(
                ErrorObject::new(ErrorKind::NotFound, "there is no such ban").with_field("ban"),
            );
        }
        context.step.save = true;
        Ok(true)
    }

    pub(super) fn invite(
        &mut self,
        context: &mut Context,
        by: MemberId,
        wish: InviteCreate,
    ) -> Result<bool, ErrorObject> {
        self.require_role(by, self.public.room.permissions.invite, "invite")?;
        if wish.role > self.members.role(by) || wish.role == Role::Host {
            return Err(ErrorObject::new(
                ErrorKind::NotAllowed,
                "an invitation cannot give more than your own role",
            )
            .with_field("role"));
        }
        if wish.uses == Some(0) {
            return Err(ErrorObject::invalid("uses", "expected at least 1, or null"));
        }
        self.invites.retain(|invite| invite.holds(context.now));
        if self.invites.len() >= self.rules.limits.invitations as usize {
            let message = format!(
                "the room has {} invitations, the most there can be",
                self.invites.len()
            );
            return Err(ErrorObject::new(ErrorKind::TooMany, message));
        }
        let (id, token) = (context.ids.invite(), context.ids.token());
        let hash = Sha256::digest(token.as_bytes()).into();
        let until = wish.ends_ms.map(|ends| context.now.saturating_add(ends));
        self.invites.push_back(Invite {
            id,
            hash,
            role: wish.role,
            uses_left: wish.uses,
            until,
        });
        context.made = Made::Invite(id, Some(token));
        context.step.save = true;
        Ok(true)
    }

    pub(super) fn revoke(
        &mut self,
        context: &mut Context,
        by: MemberId,
        invite: InviteId,
    ) -> Result<bool, ErrorObject> {
        self.require_role(by, self.public.room.permissions.invite, "end invitations")?;
        let before = self.invites.len();
        self.invites.retain(|kept| kept.id != invite);
        if self.invites.len() == before {
            return Err(
                ErrorObject::new(ErrorKind::NotFound, "there is no such invitation")
                    .with_field("invite"),
            );
        }
        context.step.save = true;
        Ok(true)
    }

    /// A new password revokes the old one and every invitation; who is inside stays.
    pub(super) fn update_room(
        &mut self,
        context: &mut Context,
        by: MemberId,
        update: RoomUpdate,
        password: Option<Option<Box<str>>>,
    ) -> Result<bool, ErrorObject> {
        self.require_role(by, Role::Host, "change the room's settings")?;
        let mut room = self.public.room.clone();
        apply_update(&mut room, &update, &self.rules.limits)?;
        let new_password = password.is_some();
        context.step.save |= new_password;
        if let Some(hash) = password {
            room.password = hash.is_some();
            self.password = (hash, self.password.1 + 1);
            self.invites.clear();
            // The members of the old password are let in again only under the new one; those who
            // are inside now have been let in.
            let version = self.password.1;
            for (_, member) in self.members.iter_mut().filter(|(_, member)| member.present) {
                member.password_version = version;
            }
        }
        context.step.effects.push(Effect::Gate);
        if room != self.public.room {
            self.emit(context, None, Event::RoomChanged { room });
            self.count_skip_votes(context, None);
        }
        Ok(new_password)
    }

    /// Erases a member: the name, what they wrote, the tracks elsewhere that they added, and
    /// everything private. What else they added stays, under an id that names nobody.
    pub(super) fn forget(
        &mut self,
        context: &mut Context,
        member: MemberId,
    ) -> Result<bool, ErrorObject> {
        if self
            .members
            .get(member)
            .is_some_and(|known| matches!(known.key, MemberKey::Account(_)))
        {
            let message = "an account is erased in Settings, everywhere at once";
            return Err(ErrorObject::new(ErrorKind::NotAllowed, message));
        }
        self.erase(context, member, CloseCode::Normal);
        Ok(true)
    }

    /// As [`State::forget`], for guests and accounts alike; `code` closes their connections.
    pub(super) fn erase(&mut self, context: &mut Context, member: MemberId, code: CloseCode) {
        context.by = None;
        context.op = None;
        // An acting host goes without an event that would introduce them once more.
        if self.acting.is_some_and(|acting| acting.member == member) {
            self.acting = None;
        }
        self.put_out(context, member, code);
        self.bans.retain(|ban| ban.member != member);
        self.take_out_elsewhere(context, member);
        self.ring.redact_member(member);
        context.step.erased = true;
        self.emit(context, Some(Cause::Erased), Event::MemberErased { member });
        self.members.remove(member);
        if self.owner == Some(member) {
            self.lose_owner(context);
        }
    }
}

/// Changes settings, but the password.
///
/// # Errors
/// `invalid` or `too_large`, with the field; then nothing has changed.
pub fn apply_update(
    room: &mut RoomSettings,
    update: &RoomUpdate,
    limits: &Limits,
) -> Result<(), ErrorObject> {
    let title = update
        .title
        .as_deref()
        .map(|title| clean_line("title", title, limits.title))
        .transpose()?;
    let percent = update.vote_skip_percent.unwrap_or(room.vote_skip_percent);
    if percent > 100 {
        return Err(ErrorObject::invalid(
            "vote_skip_percent",
            "expected 0 to 100",
        ));
    }
    if let Some(title) = title {
        room.title = title;
    }
    room.vote_skip_percent = percent;
    room.visibility = update.visibility.unwrap_or(room.visibility);
    room.entry = update.entry.unwrap_or(room.entry);
    room.order = update.order.unwrap_or(room.order);
    room.longest_track_ms = update.longest_track_ms.unwrap_or(room.longest_track_ms);
    room.items_per_person = update.items_per_person.unwrap_or(room.items_per_person);
    room.slow_mode_ms = update.slow_mode_ms.unwrap_or(room.slow_mode_ms);
    room.host_leaves = update.host_leaves.unwrap_or(room.host_leaves);
    if let Some(permissions) = update.permissions {
        room.permissions = permissions.apply(room.permissions);
    }
    Ok(())
}
