//! What can be asked of a room without changing it. Everything here is JSON ready to be sent.

use super::input::{MemberKey, Ms};
use super::state::State;
use bytes::Bytes;
use serde_json::{Value, json};
use std::fmt::Write;
use stereo_protocol::{
    Command, Epoch, ErrorKind, ErrorObject, ItemId, MemberId, People, Role, Snapshot, Visibility,
};

/// Most entries in one part of the queue or of the members.
const PAGE: usize = 500;
const PAGE_DEFAULT: usize = 100;

/// What is shown of a room from outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Its title.
    pub title: Box<str>,
    /// Who can find it.
    pub visibility: Visibility,
    /// What plays.
    pub current: Option<std::sync::Arc<stereo_protocol::Track>>,
}

impl Summary {
    /// Whether the title or the track holds `query`, in lower case.
    pub fn holds(&self, query: &str) -> bool {
        let track = self
            .current
            .as_ref()
            .map(|track| track.title.to_lowercase());
        self.title.to_lowercase().contains(query)
            || track.is_some_and(|title| title.contains(query))
    }
}

impl State {
    /// What the server accepts.
    pub fn limits(&self) -> &stereo_protocol::Limits {
        &self.rules.limits
    }

    /// What the room is ruled by.
    #[cfg(test)]
    pub(super) fn rules(&self) -> &super::Rules {
        &self.rules
    }

    /// A member's role; `None` for who is not a member any more.
    pub fn role_of(&self, member: MemberId) -> Option<Role> {
        self.members.get(member).map(|known| known.person.role)
    }

    /// The numbering of this life of the room.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The last event's number.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The public state.
    pub fn public(&self) -> &stereo_protocol::PublicState {
        &self.public
    }

    /// What is shown from outside.
    pub fn summary(&self) -> Summary {
        Summary {
            title: self.public.room.title.clone(),
            visibility: self.public.room.visibility,
            current: self.public.current.as_ref().map(|item| item.track.clone()),
        }
    }

    /// What [`State::shared_snapshot`] depends on: while it stays the same, so does the text.
    pub fn snapshot_version(&self) -> (u64, u64) {
        (self.seq, self.audience.version())
    }

    /// The fields of a snapshot that are the same for everyone, without the outer braces, and
    /// ending inside `presence`, whose count follows.
    pub fn shared_snapshot(&self) -> String {
        let mut snapshot = Snapshot::of(&self.public);
        let (list, people) = self.listed();
        snapshot.people.extend(people);
        let mut text = serde_json::to_string(&snapshot).unwrap_or_default();
        text.pop();
        let _ = write!(text, ",\"presence\":{{\"list\":{}", json!(list));
        text.split_off(1.min(text.len()))
    }

    /// As [`State::shared_snapshot`], for a client that has the state and missed `events`.
    pub fn shared_resumption(&self, events: &[Bytes]) -> String {
        let (list, people) = self.listed();
        format!(
            "\"missed\":{},\"people\":{},\"presence\":{{\"list\":{}",
            self::list(events),
            json!(people),
            json!(list)
        )
    }

    /// How many people are here, and whether the list holds only some.
    pub fn headcount(&self) -> (u32, bool) {
        (
            self.members.present(),
            self.members.present() as usize > self.audience.listed().len(),
        )
    }

    /// The list of those present, with the names of those whom the public state does not hold.
    fn listed(&self) -> (Vec<MemberId>, People) {
        let list: Vec<MemberId> = self.audience.listed().iter().copied().collect();
        let unnamed = list
            .iter()
            .filter(|id| !self.public.people.contains_key(id));
        let people = unnamed
            .filter_map(|id| Some((*id, self.members.get(*id)?.person.clone())))
            .collect();
        (list, people)
    }

    /// What the room holds in memory of a member, for them alone; `None` for who is none.
    pub fn held_of(&self, key: MemberKey) -> Option<Value> {
        let id = self.members.find(key)?;
        let person = &self.members.get(id)?.person;
        let public = &self.public;
        let messages = public.chat.iter().filter(|message| message.by == id);
        let items = public.current.iter().chain(&public.queue);
        let items: Vec<_> = items.filter(|item| item.by == id).collect();
        let history = self.history.iter().filter(|played| played.by == id);
        let about = |ids: [Option<MemberId>; 2]| ids.contains(&Some(id));
        let log = self.log.iter();
        let log = log.filter(|entry| about([entry.by, entry.member]));
        Some(json!({
            "id": public.room.id,
            "title": public.room.title,
            "temporary": public.room.temporary,
            "you": {"member": id, "name": person.name, "picture": person.picture, "role": person.role, "muted": person.muted},
            "messages": messages.collect::<Vec<_>>(),
            "queue": items,
            "history": history.collect::<Vec<_>>(),
            "log": log.collect::<Vec<_>>(),
        }))
    }

    /// Reactions to the current item.
    pub fn tally(&self) -> Value {
        json!(self.audience.tally())
    }

    /// The events after `seq`, encoded, while they are all there, and no more than half of what
    /// may wait for a connection: a longer gap would close it again, and again.
    pub fn events_after(&self, seq: u64) -> Option<Vec<Bytes>> {
        let events = self.ring.after_within(seq, self.reply_bytes())?;
        Some(events.cloned().collect())
    }

    /// Bytes that one reply may have.
    fn reply_bytes(&self) -> usize {
        self.rules.limits.outbox_bytes as usize / 2
    }

    /// Answers a request that changes nothing, as JSON.
    ///
    /// # Errors
    /// `conflict`, when events are gone; `not_found` for a page after nothing; `not_allowed`.
    pub fn read(
        &self,
        member: MemberId,
        command: &Command,
        now: Ms,
    ) -> Result<String, ErrorObject> {
        self.require_present(member)?;
        match command {
            Command::Events(wanted) => self.read_events(wanted.epoch, wanted.after),
            Command::Queue(page) => self.read_queue(page.after, page.limit),
            Command::Members(page) => Ok(self.read_members(page.after, page.limit)),
            Command::History(_) => {
                let fits = fitting(self.history.iter().rev(), self.reply_bytes());
                let latest: Vec<_> = self
                    .history
                    .iter()
                    .skip(self.history.len() - fits)
                    .collect();
                let named: Vec<MemberId> = latest.iter().map(|played| played.by).collect();
                Ok(self.with_people(json!({"history": latest}), named.into_iter()))
            }
            Command::Log(_) => {
                let named = self
                    .log
                    .iter()
                    .flat_map(|entry| entry.by.into_iter().chain(entry.member));
                Ok(self.with_people(json!({"log": self.log}), named))
            }
            Command::Bans(_) => self.read_bans(member, now),
            Command::Invites(_) => self.read_invites(member, now),
            other => Err(ErrorObject::new(
                ErrorKind::Invalid,
                format!("{} cannot be read", other.method()),
            )),
        }
    }

    fn read_events(&self, epoch: Epoch, after: u64) -> Result<String, ErrorObject> {
        let events = (epoch == self.epoch)
            .then(|| self.events_after(after))
            .flatten();
        let Some(events) = events else {
            return Err(ErrorObject::new(
                ErrorKind::Conflict,
                "those events are not kept any more: take a snapshot",
            ));
        };
        Ok(format!(
            "{{\"epoch\":\"{}\",\"seq\":{},\"events\":{}}}",
            self.epoch,
            self.seq,
            list(&events)
        ))
    }

    fn read_queue(&self, after: Option<ItemId>, limit: Option<u32>) -> Result<String, ErrorObject> {
        let start = match after {
            None => 0,
            Some(item) if self.is_current(item) => 0,
            Some(item) => match self.public.position_of(item) {
                Some(place) => place + 1,
                None => {
                    return Err(ErrorObject::new(
                        ErrorKind::NotFound,
                        "that item is not in the queue any more",
                    )
                    .with_field("after"));
                }
            },
        };
        let items: Vec<_> = self
            .public
            .queue
            .iter()
            .skip(start)
            .take(page(limit))
            .collect();
        let items = &items[..fitting(items.iter(), self.reply_bytes())];
        let named: Vec<MemberId> = items.iter().map(|item| item.by).collect();
        let value = json!({"seq": self.seq, "items": items, "count": self.public.queue.len()});
        Ok(self.with_people(value, named.into_iter()))
    }

    fn read_members(&self, after: Option<MemberId>, limit: Option<u32>) -> String {
        let members: Vec<MemberId> = self
            .members
            .present_after(after)
            .map(|(id, _)| id)
            .take(page(limit))
            .collect();
        let value = json!({"members": members, "count": self.members.present()});
        self.with_people(value, members.clone().into_iter())
    }

    fn read_bans(&self, member: MemberId, now: Ms) -> Result<String, ErrorObject> {
        self.require_role(member, Role::Collaborator, "see bans")?;
        let bans = self.bans.iter().filter(|ban| ban.until > now);
        let listed: Vec<Value> = bans
            .clone()
            .map(|ban| json!({"id": ban.id, "member": ban.member, "ends_ms": ban.until - now}))
            .collect();
        Ok(self.with_people(json!({"bans": listed}), bans.map(|ban| ban.member)))
    }

    fn read_invites(&self, member: MemberId, now: Ms) -> Result<String, ErrorObject> {
        self.require_role(
            member,
            self.public.room.permissions.invite,
            "see invitations",
        )?;
        let invites = self.invites.iter().filter(|invite| invite.holds(now));
        let listed: Vec<Value> = invites
            .map(|invite| json!({"id": invite.id, "role": invite.role, "uses": invite.uses_left, "ends_ms": invite.until.map(|until| until - now)}))
            .collect();
        Ok(json!({"invites": listed}).to_string())
    }

    /// Adds the names of `named`; those who were erased have none.
    fn with_people(&self, mut value: Value, named: impl Iterator<Item = MemberId>) -> String {
        let people: People = named
            .filter_map(|id| Some((id, self.person(id)?)))
            .collect();
        value["people"] = json!(people);
        value.to_string()
    }

    fn person(&self, id: MemberId) -> Option<stereo_protocol::Person> {
        let private = self.members.get(id).map(|member| &member.person);
        private.or_else(|| self.public.people.get(&id)).cloned()
    }
}

fn page(limit: Option<u32>) -> usize {
    limit.map_or(PAGE_DEFAULT, |limit| (limit as usize).clamp(1, PAGE))
}

/// How many of `entries`, in order, fit into `most` bytes of JSON; at least one, so that paging
/// goes on.
fn fitting<T: serde::Serialize>(entries: impl Iterator<Item = T>, most: usize) -> usize {
    let mut bytes = 0;
    let mut count = 0;
    for entry in entries {
        bytes += serde_json::to_string(&entry).map_or(0, |json| json.len() + 1);
        if bytes > most && count > 0 {
            break;
        }
        count += 1;
    }
    count
}

/// Encoded events as a JSON array.
fn list(events: &[Bytes]) -> String {
    let mut text =
        String::with_capacity(events.iter().map(|event| event.len() + 1).sum::<usize>() + 2);
    text.push('[');
    for (place, event) in events.iter().enumerate() {
        let comma = if place > 0 { "," } else { "" };
        let _ = write!(
            text,
            "{comma}{}",
            std::str::from_utf8(event).unwrap_or("null")
        );
    }
    text.push(']');
    text
}
