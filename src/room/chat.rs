//! Chat and reactions. In memory only.

use super::input::Made;
use super::state::{Context, State};
use crate::text::{clean, clean_line};
use stereo_protocol::{
    ChatMessage, ErrorKind, ErrorObject, Event, ItemId, MemberId, MessageId, REACTIONS, Role,
};

impl State {
    pub(super) fn say(
        &mut self,
        context: &mut Context,
        member: MemberId,
        text: &str,
    ) -> Result<(), ErrorObject> {
        self.require_role(
            member,
            self.public.room.permissions.chat,
            "write in the chat",
        )?;
        let text = clean("text", text, self.rules.limits.chat)?;
        let slow = u64::from(self.public.room.slow_mode_ms);
        let now = context.now;
        let Some(known) = self.members.get_mut(member) else {
            return Ok(());
        };
        if known.person.muted {
            return Err(ErrorObject::new(
                ErrorKind::NotAllowed,
                "you are muted in this room",
            ));
        }
        let next = known.last_chat.map_or(0, |last| last + slow);
        if known.person.role == Role::Listener && slow > 0 && next > now {
            let error = ErrorObject::new(ErrorKind::RateLimited, "this room is in slow mode");
            return Err(error.with_retry_after(next - now));
        }
        known.last_chat = Some(now);
        let message = ChatMessage {
            id: context.ids.message(),
            by: member,
            at: now,
            text,
        };
        context.made = Made::Message(message.id);
        self.emit(context, None, Event::ChatAdded { message });
        Ok(())
    }

    pub(super) fn unsay(
        &mut self,
        context: &mut Context,
        member: MemberId,
        id: MessageId,
    ) -> Result<(), ErrorObject> {
        // Beyond the chat's own ring it may still be among the events for those who come back.
        let shown = self.public.chat.iter().find(|message| message.id == id);
        let author = shown
            .map(|message| message.by)
            .or_else(|| self.ring.author_of(id));
        let Some(author) = author else {
            return Err(ErrorObject::new(
                ErrorKind::NotFound,
                "that message is not there any more",
            )
            .with_field("message"));
        };
        if author != member {
            self.require_role(member, Role::Collaborator, "remove what others wrote")?;
        }
        self.ring.redact_message(id);
        context.step.erased = true;
        self.emit(context, None, Event::ChatRemoved { message: id });
        Ok(())
    }

    pub(super) fn rename(
        &mut self,
        context: &mut Context,
        member: MemberId,
        name: &str,
    ) -> Result<(), ErrorObject> {
        let name = clean_line("name", name, self.rules.limits.name)?;
        if self
            .members
            .get(member)
            .is_none_or(|known| known.person.name == name)
        {
            return Ok(());
        }
        self.emit(
            context,
            None,
            Event::MemberChanged {
                member,
                name: Some(name.clone()),
                picture: None,
                muted: None,
            },
        );
        if let Some(known) = self.members.get_mut(member) {
            known.person.name = name;
            known.by_handle = false;
        }
        Ok(())
    }

    /// Sets or takes back a reaction; shown by the tally, not by an event.
    pub(super) fn react(
        &mut self,
        member: MemberId,
        item: ItemId,
        reaction: Option<&str>,
    ) -> Result<bool, ErrorObject> {
        self.require_role(member, self.public.room.permissions.react, "react")?;
        let chosen = match reaction {
            None => None,
            Some(text) => Some(known_reaction(text)?),
        };
        if !self.is_current(item) {
            return Ok(false);
        }
        let Some(known) = self.members.get_mut(member) else {
            return Ok(false);
        };
        let before = std::mem::replace(&mut known.reaction, chosen);
        self.audience.react(member, before, chosen);
        Ok(before != chosen)
    }
}

fn known_reaction(text: &str) -> Result<u8, ErrorObject> {
    // With or without the variation selector that asks for the coloured form.
    let plain = |text: &str| text.trim_end_matches('\u{fe0f}').to_owned();
    let place = REACTIONS
        .iter()
        .position(|known| plain(known) == plain(text));
    place.map(|place| place as u8).ok_or_else(|| {
        ErrorObject::invalid(
            "reaction",
            format!("expected one of {}", REACTIONS.join(" ")),
        )
    })
}
