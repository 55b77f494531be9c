//! Rooms that stay: becoming one, passing from one account to another, and what the end of an
//! account means for a room. Pure: when something is written is for the actor.

use super::input::{Answer, Done, Effect, Made, MemberKey, SecretHash};
use super::state::{Context, State};
use crate::store::{AccountId, RoomNews, StoredRoom};
use stereo_protocol::{CloseCode, ErrorKind, ErrorObject, Event, MemberId, RoomSettings};

impl State {
    /// The account that the room stays for; `None`: it is temporary.
    pub fn kept_for(&self) -> Option<AccountId> {
        self.kept_for
    }

    /// What of the room is to be on the disk; `None`: nothing.
    pub fn to_keep(&self) -> Option<StoredRoom> {
        let account = self.kept_for.filter(|_| !self.is_closed())?;
        Some(self.stored(account))
    }

    /// Makes the room stay before anybody joins.
    pub fn stay_for(&mut self, account: AccountId) {
        self.kept_for = Some(account);
        self.public.room.temporary = false;
    }

    /// The room is to stay, as an account's: asked by its host, who shows the guest's token or is
    /// that account already. From then on the host is the account: the same member.
    pub(super) fn keep(
        &mut self,
        context: &mut Context,
        account: AccountId,
        guest: Option<SecretHash>,
    ) -> Result<Answer, ErrorObject> {
        let key = MemberKey::Account(account.bits());
        let own = self.members.find(key);
        let shown = guest.and_then(|hash| self.members.find(MemberKey::Guest(hash)));
        let is_host = |member: Option<MemberId>| member.is_some() && member == self.owner;
        if self.kept_for == Some(account) {
            return Ok(self.done(false));
        }
        let host = self.owner.filter(|_| is_host(own) || is_host(shown));
        let host = host.ok_or_else(super::not_found)?;
        if self.kept_for.is_some() {
            let message = "the room is another account's";
            return Err(ErrorObject::new(ErrorKind::Conflict, message));
        }
        context.by = Some(host);
        match own {
            None => self.members.rekey(host, key),
            // The account came in by another way: it is the host that it is here.
            Some(own) if own != host => self.pass_to(context, host, own),
            Some(_) => {}
        }
        self.kept_for = Some(account);
        self.say_temporary(context, false);
        context.by = None;
        Ok(self.done(true))
    }

    /// Whoever becomes the host of a room that stays keeps it, when they have an account.
    pub(super) fn keep_for_host(&mut self, context: &mut Context) {
        let host = self.owner.and_then(|host| self.members.get(host));
        if let (Some(_), Some(MemberKey::Account(account))) =
            (self.kept_for, host.map(|host| host.key))
        {
            self.pass_keeping(context, AccountId::from_bits(account));
        }
    }

    /// Another account keeps the room from now on. It may be here and not look: it is told all the
    /// same.
    fn pass_keeping(&mut self, context: &mut Context, account: AccountId) {
        if self.kept_for != Some(account) {
            let told = Effect::Tell(account, RoomNews::Yours);
            context.step.effects.push(told);
        }
        self.kept_for = Some(account);
        context.step.save = true;
    }

    /// Whether something of a guest or an account is in here.
    pub fn holds(&self, key: MemberKey) -> bool {
        let is_owner = self
            .kept_for
            .is_some_and(|account| MemberKey::Account(account.bits()) == key);
        is_owner || self.members.find(key).is_some() || self.bans.iter().any(|ban| ban.key == key)
    }

    /// The end of a guest or an account: nothing of them is left in here afterwards. A room of the
    /// account is handed over as its settings say; to a guest it is temporary again.
    pub(super) fn erase_key(&mut self, context: &mut Context, key: MemberKey) {
        let is_own = self
            .kept_for
            .is_some_and(|account| MemberKey::Account(account.bits()) == key);
        let bans = self.bans.len();
        self.bans.retain(|ban| ban.key != key);
        context.step.save |= self.bans.len() != bans;
        if let Some(member) = self.members.find(key) {
            let code = match key {
                MemberKey::Account(_) => CloseCode::AccountDeleted,
                MemberKey::Guest(_) => CloseCode::Normal,
            };
            self.erase(context, member, code);
        }
        if !is_own || self.is_closed() {
            return;
        }
        let heir = self.owner.and_then(|host| self.members.get(host));
        match heir.map(|heir| heir.key) {
            Some(MemberKey::Account(account)) => {
                self.pass_keeping(context, AccountId::from_bits(account));
            }
            Some(MemberKey::Guest(_)) => {
                self.kept_for = None;
                self.say_temporary(context, true);
            }
            None => self.close(context, "host"),
        }
    }

    /// The room ends because its account wants it to.
    pub(super) fn end_for(
        &mut self,
        context: &mut Context,
        account: AccountId,
    ) -> Result<Answer, ErrorObject> {
        if self.kept_for != Some(account) {
            return Err(super::not_found());
        }
        context.step.erased = true;
        self.close(context, "host");
        Ok(self.done(true))
    }

    fn say_temporary(&mut self, context: &mut Context, temporary: bool) {
        let room = RoomSettings {
            temporary,
            ..self.public.room.clone()
        };
        self.emit(context, None, Event::RoomChanged { room });
    }

    fn done(&self, changed: bool) -> Answer {
        Answer::Done(Done {
            seq: self.seq(),
            changed,
            made: Made::Nothing,
        })
    }
}
