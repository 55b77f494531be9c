//! Rooms that stay, in SQLite: saved by difference, because a room changes little at a time and
//! often.

mod list;
mod load;
mod people;
mod save;

pub(super) use load::{guest_keys, named_guest};
pub(super) use save::Kept;

use super::super::room::{ListedRooms, Rooms, StoredRoom};
use super::super::{AccountId, Call};
use super::SqliteStore;
use super::rows::row_id;
use crate::keystore::EntryId;
use rusqlite::{Connection, OptionalExtension};
use std::sync::Arc;
use stereo_protocol::RoomId;

impl Rooms for SqliteStore {
    fn save_room(&self, room: Arc<StoredRoom>) -> Call<'_, ()> {
        Box::pin(self.delete(move |work, needles| save::save(work, needles, room)))
    }

    fn room(&self, id: RoomId) -> Call<'_, Option<StoredRoom>> {
        Box::pin(self.ask(move |reading| {
            let loaded = load::load(reading.db, reading.keys, id)?;
            Ok(loaded.map(|loaded| loaded.room))
        }))
    }

    fn rooms(&self) -> Call<'_, Vec<StoredRoom>> {
        Box::pin(self.ask(|reading| {
            let mut select = reading.db.prepare_cached("SELECT id FROM rooms")?;
            let ids = select.query_map([], |row| row.get::<_, String>(0))?;
            let mut rooms = Vec::new();
            for id in ids {
                let loaded = load::load(reading.db, reading.keys, RoomId::parse(&id?))?;
                rooms.extend(loaded.map(|loaded| loaded.room));
            }
            Ok(rooms)
        }))
    }

    fn listed_rooms(&self) -> Call<'_, ListedRooms> {
        Box::pin(self.ask(|reading| load::listed(reading.db, reading.keys)))
    }

    fn rooms_of(&self, owner: AccountId) -> Call<'_, Vec<RoomId>> {
        let select = "SELECT id FROM rooms WHERE owner = ?1";
        Box::pin(self.ask(move |reading| Ok(ids(reading.db, select, owner)?)))
    }

    fn rooms_about(&self, account: AccountId) -> Call<'_, Vec<RoomId>> {
        let select = "SELECT room FROM room_members WHERE account = ?1 UNION SELECT room FROM room_bans WHERE account = ?1 UNION SELECT room FROM room_tracks WHERE account = ?1";
        Box::pin(self.ask(move |reading| Ok(ids(reading.db, select, account)?)))
    }

    fn delete_room(&self, id: RoomId) -> Call<'_, bool> {
        Box::pin(self.delete(move |work, needles| {
            let name = id.to_string();
            let exists = "SELECT 1 FROM rooms WHERE id = ?1";
            let exists = (work.db.query_row(exists, [&name], |_| Ok(()))).optional()?;
            if exists.is_none() {
                return Ok(false);
            }
            needles.add(name.as_bytes());
            for select in load::SEALED {
                needles.add_columns(work.db, select, [&name])?;
            }
            let keys = guest_keys(work.db, "room = ?1", &name)?;
            for key in &keys {
                needles.add_traces(work, EntryId::Key(*key))?;
            }
            (work.db.prepare_cached("DELETE FROM rooms WHERE id = ?1")?).execute([&name])?;
            work.rooms.forget(id);
            let keys: Vec<EntryId> = keys.into_iter().map(EntryId::Key).collect();
            work.remove_entries(&keys)?;
            Ok(true)
        }))
    }
}

fn ids(db: &Connection, select: &str, account: AccountId) -> rusqlite::Result<Vec<RoomId>> {
    let mut select = db.prepare_cached(select)?;
    let ids = select.query_map([row_id(account)], |row| row.get::<_, String>(0))?;
    ids.map(|id| Ok(RoomId::parse(&id?))).collect()
}
