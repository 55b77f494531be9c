//! A room out of its rows.

use super::super::super::room::{
    ListedRooms, StoredBan, StoredInvite, StoredMember, StoredPlay, StoredRoom, StoredTrack,
};
use super::super::accounts::preferences_of;
use super::super::fault::Fault;
use super::super::rows::{account_id, key_of};
use super::list::{HISTORY, LOG, from_json};
use super::people::{self, Guests};
use crate::keystore::{FieldKey, KeyId, KeyStore, Place};
use rusqlite::{Connection, OptionalExtension, ToSql};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use stereo_protocol::{
    ItemId, MemberId, Playback, QueueItem, RoomId, RoomSettings, Track, Visibility,
};

/// What of a room is sealed, for looking for it.
pub(super) const SEALED: [&str; 4] = [
    "SELECT settings FROM rooms WHERE id = ?1",
    "SELECT key, person FROM room_members WHERE room = ?1",
    "SELECT key, banned FROM room_bans WHERE room = ?1",
    "SELECT key, content FROM room_tracks WHERE room = ?1",
];

/// What is sealed with the owner's key.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Behind {
    pub(super) settings: RoomSettings,
    pub(super) password: Option<Box<str>>,
    pub(super) password_version: u32,
    pub(super) host: Option<MemberId>,
    pub(super) invites: Vec<StoredInvite>,
}

/// What plays.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Playing {
    pub(super) current: Option<QueueItem>,
    pub(super) playback: Option<Playback>,
}

/// What is kept of an item of the queue.
#[derive(Serialize, Deserialize)]
pub(super) struct Item {
    pub(super) track: Arc<Track>,
    pub(super) by: MemberId,
    pub(super) pinned: bool,
}

/// A room, and where its lists and keys are.
pub(super) struct Loaded {
    pub(super) room: StoredRoom,
    pub(super) history_from: i64,
    pub(super) log_from: i64,
    pub(super) guests: Guests,
}

/// The tracks that others serve, as far as the keys of those who added them are there.
struct Elsewhere(HashMap<String, Arc<Track>>);

impl Elsewhere {
    fn of(tracks: Vec<(String, StoredTrack)>) -> Self {
        let tracks = tracks.into_iter();
        Self(tracks.map(|(id, stored)| (id, stored.track)).collect())
    }

    /// Puts a track where only its name stands. Without one, it stays withheld.
    fn fill(&self, track: &mut Arc<Track>) {
        if track.is_elsewhere()
            && let Some(found) = self.0.get(&*track.id.0)
        {
            *track = found.clone();
        }
    }
}

/// `None` when it is not kept, or its owner's key is destroyed.
pub(super) fn load(db: &Connection, keys: &KeyStore, id: RoomId) -> Result<Option<Loaded>, Fault> {
    let name = id.to_string();
    let select = "SELECT owner, settings, playing, play_order FROM rooms WHERE id = ?1";
    let mut select = db.prepare_cached(select)?;
    let columns = select.query_row([&name], |row| {
        let sealed: Vec<u8> = row.get(1)?;
        let (playing, order): (String, Vec<u8>) = (row.get(2)?, row.get(3)?);
        Ok((account_id(row.get(0)?), sealed, playing, order))
    });
    let Some((owner, sealed, playing, order)) = columns.optional()? else {
        return Ok(None);
    };
    let Some(key) = key_of(db, keys, owner)? else {
        return Ok(None);
    };
    let behind = open(&key, &name, &sealed)?;
    let playing: Playing = from_json(&playing)?;
    let mut guests = Guests::new();
    let members: Vec<(String, StoredMember)> = people::load(db, keys, &name, &mut guests)?;
    let bans: Vec<(String, StoredBan)> = people::load(db, keys, &name, &mut guests)?;
    let tracks: Vec<(String, StoredTrack)> = people::load(db, keys, &name, &mut guests)?;
    let tracks = Elsewhere::of(tracks);
    let (mut history, history_from) = HISTORY.load::<StoredPlay>(db, &name)?;
    for play in &mut history {
        tracks.fill(&mut play.track);
    }
    let (mut current, mut queue) = (playing.current, queue(db, &name, &order)?);
    for item in queue.iter_mut().chain(&mut current) {
        tracks.fill(&mut item.track);
    }
    let (log, log_from) = LOG.load(db, &name)?;
    let members = members.into_iter();
    let room = StoredRoom {
        owner,
        settings: behind.settings,
        password: behind.password,
        password_version: behind.password_version,
        host: behind.host,
        current,
        playback: playing.playback,
        queue,
        members: members
            .map(|(id, one)| (MemberId::parse(&id), one))
            .collect(),
        bans: bans.into_iter().map(|(_, ban)| ban).collect(),
        invites: behind.invites,
        history,
        log,
    };
    Ok(Some(Loaded {
        room,
        history_from,
        log_from,
        guests,
    }))
}

/// The settings of every public room, and the rooms of those who are frozen.
pub(super) fn listed(db: &Connection, keys: &KeyStore) -> Result<ListedRooms, Fault> {
    let mut select = db.prepare_cached("SELECT id, owner, settings FROM rooms")?;
    let mut rows = select.query([])?;
    let mut listed = ListedRooms::default();
    while let Some(row) = rows.next()? {
        let (id, sealed): (String, Vec<u8>) = (row.get(0)?, row.get(2)?);
        let owner = account_id(row.get(1)?);
        let Some(key) = key_of(db, keys, owner)? else {
            continue;
        };
        // What does not open is told when somebody wants to come in, and is not listed.
        if !preferences_of(db, &key, owner).is_ok_and(|chosen| !chosen.frozen) {
            listed.hidden.push(RoomId::parse(&id));
        }
        let settings = open(&key, &id, &sealed).map(|behind| behind.settings);
        listed.public.extend(settings.into_iter().filter(is_public));
    }
    Ok(listed)
}

fn is_public(settings: &RoomSettings) -> bool {
    settings.visibility == Visibility::Public
}

fn queue(db: &Connection, room: &str, order: &[u8]) -> Result<Vec<QueueItem>, Fault> {
    let select = "SELECT item, content FROM room_items WHERE room = ?1";
    let mut select = db.prepare_cached(select)?;
    let mut rows = select.query([room])?;
    let mut items = HashMap::new();
    while let Some(row) = rows.next()? {
        let id = ItemId::from_bits(u64::from_be_bytes(row.get(0)?));
        let Item { track, by, pinned } = from_json(&row.get::<_, String>(1)?)?;
        let item = QueueItem {
            id,
            track,
            by,
            votes: 0,
            pinned,
        };
        items.insert(id, item);
    }
    let ids = order.as_chunks::<8>().0.iter();
    let ids = ids.map(|bytes| ItemId::from_bits(u64::from_be_bytes(*bytes)));
    Ok(ids.filter_map(|id| items.remove(&id)).collect())
}

pub(super) fn place(room: &str) -> Place<'_> {
    Place {
        table: "rooms",
        column: "settings",
        row: room.as_bytes(),
    }
}

fn open(key: &FieldKey, room: &str, sealed: &[u8]) -> Result<Behind, Fault> {
    let opened = key.open(place(room), sealed);
    let behind = opened.and_then(|json| serde_json::from_slice(&json).ok());
    behind.ok_or(Fault::Unreadable("settings"))
}

/// The keys of guests, of the rooms for which a condition on `rooms.id` as `room` holds.
pub(in super::super) fn guest_keys(
    db: &Connection,
    condition: &str,
    of: impl ToSql,
) -> rusqlite::Result<Vec<KeyId>> {
    let select = format!(
        "SELECT key FROM room_members WHERE key IS NOT NULL AND {condition} UNION SELECT key FROM room_bans WHERE key IS NOT NULL AND {condition} UNION SELECT key FROM room_tracks WHERE key IS NOT NULL AND {condition}"
    );
    let mut select = db.prepare_cached(&select)?;
    let keys = select.query_map([of], |row| row.get(0).map(KeyId))?;
    keys.collect()
}

/// Whether a row names a guest's key.
pub(in super::super) fn named_guest(db: &Connection, key: KeyId) -> rusqlite::Result<bool> {
    Ok(!guest_keys(db, "key = ?1", key.0)?.is_empty())
}
