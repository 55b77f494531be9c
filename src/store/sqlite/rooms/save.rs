//! Saving a room: what differs from what was saved last is written, and nothing else.

use super::super::super::room::{
    StoredBan, StoredEntry, StoredKey, StoredMember, StoredPlay, StoredRoom,
};
use super::super::fault::Fault;
use super::super::rows::{key_of_existing, row_id};
use super::super::search::Needles;
use super::super::writer::Work;
use super::list::{HISTORY, LOG, to_json};
use super::load::{self, Behind, Item, Loaded, Playing};
use super::people::{self, Guests};
use crate::keystore::{EntryId, KeyId};
use rusqlite::params;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use stereo_protocol::{BanId, ItemId, QueueItem, RoomId, Track};

/// Rooms of which the last saved state is remembered; beyond, it is read again.
const MOST: usize = 1_024;

/// What was saved last, of rooms that change. Only what has committed may stay in here.
#[derive(Default)]
pub(in super::super) struct Kept(HashMap<RoomId, Saved>);

struct Saved {
    room: Arc<StoredRoom>,
    history_from: i64,
    log_from: i64,
    guests: Guests,
}

impl Kept {
    /// Something did not commit, or rows went otherwise.
    pub(in super::super) fn forget_all(&mut self) {
        self.0.clear();
    }

    pub(super) fn forget(&mut self, room: RoomId) {
        self.0.remove(&room);
    }

    fn keep(&mut self, saved: Saved) {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(saved.room.id(), saved);
    }
}

pub(super) fn save(
    work: &mut Work<'_>,
    needles: &mut Needles,
    room: Arc<StoredRoom>,
) -> Result<(), Fault> {
    let before = match work.rooms.0.remove(&room.id()) {
        Some(saved) => Some(saved),
        None => load::load(work.db, work.keys, room.id())?.map(Saved::from),
    };
    let saved = Saving {
        name: room.id().to_string(),
        before: before.as_ref(),
        after: &room,
    };
    let guests = before.as_ref().map(|before| before.guests.clone());
    let mut guests = guests.unwrap_or_default();
    saved.room(work, needles)?;
    saved.items(work, needles)?;
    saved.members(work, &mut guests, needles)?;
    saved.bans(work, &mut guests, needles)?;
    saved.tracks(work, &mut guests, needles)?;
    saved.drop_guests(work, &mut guests, needles)?;
    let (history_from, log_from) = saved.lists(work)?;
    work.rooms.keep(Saved {
        room,
        history_from,
        log_from,
        guests,
    });
    Ok(())
}

impl From<Loaded> for Saved {
    fn from(loaded: Loaded) -> Self {
        Self {
            room: Arc::new(loaded.room),
            history_from: loaded.history_from,
            log_from: loaded.log_from,
            guests: loaded.guests,
        }
    }
}

struct Saving<'a> {
    name: String,
    before: Option<&'a Saved>,
    after: &'a StoredRoom,
}

impl Saving<'_> {
    /// The row of the room itself.
    fn room(&self, work: &mut Work<'_>, needles: &mut Needles) -> Result<(), Fault> {
        let (after, before) = (self.after, self.before.map(|saved| &*saved.room));
        let owner = row_id(after.owner);
        let Some(before) = before else {
            let columns = (self.sealed(work)?, playing(after)?, order(&after.queue));
            let insert = "INSERT INTO rooms (id, owner, settings, playing, play_order) VALUES (?1, ?2, ?3, ?4, ?5)";
            let (settings, playing, order) = columns;
            (work.db.prepare_cached(insert)?)
                .execute(params![self.name, owner, settings, playing, order])?;
            return Ok(());
        };
        if before.owner != after.owner || behind(before) != behind(after) {
            // A former title, password or invitation goes as what is deleted does.
            let former = "SELECT settings FROM rooms WHERE id = ?1";
            needles.add_columns(work.db, former, [&self.name])?;
            let update = "UPDATE rooms SET owner = ?2, settings = ?3 WHERE id = ?1";
            let settings = self.sealed(work)?;
            (work.db.prepare_cached(update)?).execute(params![self.name, owner, settings])?;
        }
        if (&before.current, before.playback) != (&after.current, after.playback) {
            let update = "UPDATE rooms SET playing = ?2 WHERE id = ?1";
            (work.db.prepare_cached(update)?).execute(params![self.name, playing(after)?])?;
        }
        let (was, is) = (order(&before.queue), order(&after.queue));
        if was != is {
            let update = "UPDATE rooms SET play_order = ?2 WHERE id = ?1";
            (work.db.prepare_cached(update)?).execute(params![self.name, is])?;
        }
        Ok(())
    }

    fn sealed(&self, work: &Work<'_>) -> Result<Vec<u8>, Fault> {
        let key = key_of_existing(work.db, work.keys, self.after.owner)?;
        let json = to_json(&behind(self.after))?;
        Ok(key.seal(load::place(&self.name), json.as_bytes()))
    }

    fn items(&self, work: &Work<'_>, needles: &mut Needles) -> Result<(), Fault> {
        let before = self.before.map_or(&[][..], |saved| &saved.room.queue);
        let mut before: HashMap<ItemId, &QueueItem> =
            before.iter().map(|item| (item.id, item)).collect();
        for item in &self.after.queue {
            let was = before.remove(&item.id);
            // An item's track and who added it never change.
            if was.is_some_and(|was| was.pinned == item.pinned) {
                continue;
            }
            let content = to_json(&Item {
                track: named(&item.track),
                by: item.by,
                pinned: item.pinned,
            })?;
            let upsert =
                "INSERT OR REPLACE INTO room_items (room, item, content) VALUES (?1, ?2, ?3)";
            (work.db.prepare_cached(upsert)?).execute(params![
                self.name,
                item.id.bits().to_be_bytes(),
                content
            ])?;
        }
        let current = self.after.current.as_ref().map(|item| item.id);
        for gone in before.into_keys() {
            let item = gone.bits().to_be_bytes();
            // One that plays is not deleted: it goes on to the history.
            if Some(gone) != current {
                self.add_item(work, needles, &item)?;
            }
            let delete = "DELETE FROM room_items WHERE room = ?1 AND item = ?2";
            (work.db.prepare_cached(delete)?).execute(params![self.name, item])?;
        }
        Ok(())
    }

    /// A row of an item begins with three columns that lie behind each other (file format, 2.1):
    /// together they are found nowhere else, though the same track may be in the queue once more.
    fn add_item(
        &self,
        work: &Work<'_>,
        needles: &mut Needles,
        item: &[u8; 8],
    ) -> Result<(), Fault> {
        let select = "SELECT content FROM room_items WHERE room = ?1 AND item = ?2";
        let mut select = work.db.prepare_cached(select)?;
        let mut rows = select.query(params![self.name, item])?;
        while let Some(row) = rows.next()? {
            let content = row.get_ref(0)?.as_bytes().unwrap_or_default();
            let start = &content[..content.len().min(ITEM_START)];
            needles.add(&[self.name.as_bytes(), item, start].concat());
        }
        Ok(())
    }

    fn members(
        &self,
        work: &mut Work<'_>,
        guests: &mut Guests,
        needles: &mut Needles,
    ) -> Result<(), Fault> {
        let none = BTreeMap::new();
        let before = self.before.map_or(&none, |saved| &saved.room.members);
        for (id, member) in &self.after.members {
            let was: Option<&StoredMember> = before.get(id);
            if was == Some(member) {
                continue;
            }
            let id = id.to_string();
            // A name that was changed goes as one that was erased does.
            if was.is_some_and(|was| was.name != member.name || was.key != member.key) {
                self.add_needles(work, needles, MEMBER, &id)?;
            }
            people::write(work, guests, &self.name, &id, member)?;
        }
        for id in before
            .keys()
            .filter(|id| !self.after.members.contains_key(id))
        {
            let id = id.to_string();
            self.add_needles(work, needles, MEMBER, &id)?;
            let delete = "DELETE FROM room_members WHERE room = ?1 AND member = ?2";
            (work.db.prepare_cached(delete)?).execute([&self.name, &id])?;
        }
        Ok(())
    }

    fn bans(
        &self,
        work: &mut Work<'_>,
        guests: &mut Guests,
        needles: &mut Needles,
    ) -> Result<(), Fault> {
        let before = self.before.map_or(&[][..], |saved| &saved.room.bans);
        let mut before: HashMap<BanId, &StoredBan> =
            before.iter().map(|ban| (ban.id, ban)).collect();
        for ban in &self.after.bans {
            if before.remove(&ban.id) != Some(ban) {
                people::write(work, guests, &self.name, "", ban)?;
            }
        }
        for gone in before.into_keys() {
            let id = gone.to_string();
            self.add_needles(work, needles, BAN, &id)?;
            let delete = "DELETE FROM room_bans WHERE room = ?1 AND ban = ?2";
            (work.db.prepare_cached(delete)?).execute([&self.name, &id])?;
        }
        Ok(())
    }

    /// Tracks elsewhere that stand in the room no more go as what is deleted does.
    fn tracks(
        &self,
        work: &mut Work<'_>,
        guests: &mut Guests,
        needles: &mut Needles,
    ) -> Result<(), Fault> {
        let mut before = self
            .before
            .map_or_else(BTreeMap::new, |saved| saved.room.elsewhere());
        for (id, track) in self.after.elsewhere() {
            let was = before.remove(&id);
            // What a track is never changes; whose it is does, when a guest signs in.
            if was.as_ref() == Some(&track) {
                continue;
            }
            if was.is_some() {
                self.add_needles(work, needles, TRACK, &id.0)?;
            }
            people::write(work, guests, &self.name, "", &track)?;
        }
        for gone in before.into_keys() {
            self.add_needles(work, needles, TRACK, &gone.0)?;
            let delete = "DELETE FROM room_tracks WHERE room = ?1 AND track = ?2";
            (work.db.prepare_cached(delete)?).execute([&*self.name, &*gone.0])?;
        }
        Ok(())
    }

    fn add_needles(
        &self,
        work: &Work<'_>,
        needles: &mut Needles,
        select: &str,
        id: &str,
    ) -> Result<(), Fault> {
        Ok(needles.add_columns(work.db, select, [&self.name, id])?)
    }

    /// Destroys the keys of guests whom nothing in the room names any more.
    fn drop_guests(
        &self,
        work: &mut Work<'_>,
        guests: &mut Guests,
        needles: &mut Needles,
    ) -> Result<(), Fault> {
        let members = self.after.members.values().map(|member| member.key);
        let bans = self.after.bans.iter().map(|ban| ban.key);
        let named: HashSet<StoredKey> = members.chain(bans).collect();
        let gone: Vec<KeyId> = guests
            .extract_if(|hash, _| !named.contains(&StoredKey::Guest(*hash)))
            .map(|(_, key)| key)
            .collect();
        for key in &gone {
            needles.add_traces(work, EntryId::Key(*key))?;
        }
        let gone: Vec<EntryId> = gone.into_iter().map(EntryId::Key).collect();
        work.remove_entries(&gone)
    }

    fn lists(&self, work: &Work<'_>) -> Result<(i64, i64), Fault> {
        let before = self.before;
        let history = before.map_or((&[][..], 0), |saved| {
            (&saved.room.history[..], saved.history_from)
        });
        let log = before.map_or((&[][..], 0), |saved| (&saved.room.log[..], saved.log_from));
        let (db, name) = (work.db, &self.name);
        let played = |play: &StoredPlay| StoredPlay {
            track: named(&play.track),
            ..play.clone()
        };
        let history = HISTORY.save(db, name, history, &self.after.history, played)?;
        let log = LOG.save(db, name, log, &self.after.log, StoredEntry::clone)?;
        Ok((history, log))
    }
}

/// Bytes of an item's content that are looked for, behind its name.
const ITEM_START: usize = 64;

/// What goes with a row. The key does so with its owner alone: then `drop_guests` looks for it.
const MEMBER: &str = "SELECT person FROM room_members WHERE room = ?1 AND member = ?2";
const TRACK: &str = "SELECT content FROM room_tracks WHERE room = ?1 AND track = ?2";
const BAN: &str = "SELECT banned FROM room_bans WHERE room = ?1 AND ban = ?2";

/// A track as it stands in the clear: of one elsewhere, its random name.
fn named(track: &Arc<Track>) -> Arc<Track> {
    match track.is_elsewhere() {
        true => Arc::new(track.withheld()),
        false => track.clone(),
    }
}

fn behind(room: &StoredRoom) -> Behind {
    Behind {
        settings: room.settings.clone(),
        password: room.password.clone(),
        password_version: room.password_version,
        host: room.host,
        invites: room.invites.clone(),
    }
}

fn playing(room: &StoredRoom) -> Result<String, Fault> {
    let current = room.current.as_ref();
    to_json(&Playing {
        current: current.map(|item| QueueItem {
            track: named(&item.track),
            ..item.clone()
        }),
        playback: room.playback,
    })
}

fn order(queue: &[QueueItem]) -> Vec<u8> {
    let ids = queue.iter().flat_map(|item| item.id.bits().to_be_bytes());
    ids.collect()
}
