//! Members and bans of a room, and the tracks elsewhere that they added, sealed: an account's with
//! the account's key, a guest's with a key that the guest has for this room.

use super::super::super::AccountId;
use super::super::super::room::{StoredBan, StoredKey, StoredMember, StoredTrack};
use super::super::fault::Fault;
use super::super::rows::{account_id, key_of, row_id};
use super::super::writer::Work;
use super::list::{from_json, to_json};
use crate::keystore::{FieldKey, KeyId, KeyStore, NewEntry, Place};
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use stereo_protocol::{BanId, MemberId, Role, Track};

/// The keys of the guests of one room, by the hash of their token.
pub(super) type Guests = HashMap<[u8; 32], KeyId>;

/// A kind of row about somebody.
pub(super) trait About: Sized + PartialEq {
    const TABLE: &'static str;
    const COLUMN: &'static str;
    const SELECT: &'static str;
    const UPSERT: &'static str;

    fn name(&self, id: &str) -> String;
    fn key(&self) -> StoredKey;
    fn write(&self) -> Result<String, Fault>;
    fn read(json: &str, id: &str, key: StoredKey) -> Result<Self, Fault>;
}

#[derive(Serialize, Deserialize)]
struct SealedMember {
    guest: Option<[u8; 32]>,
    name: Box<str>,
    #[serde(default)]
    by_handle: bool,
    picture: Option<Box<str>>,
    role: Role,
    muted: bool,
    password_version: u32,
}

impl About for StoredMember {
    const TABLE: &'static str = "room_members";
    const COLUMN: &'static str = "person";
    const SELECT: &'static str =
        "SELECT member, account, key, person FROM room_members WHERE room = ?1";
    const UPSERT: &'static str = "INSERT OR REPLACE INTO room_members (room, member, account, key, person) VALUES (?1, ?2, ?3, ?4, ?5)";

    fn name(&self, id: &str) -> String {
        id.to_owned()
    }

    fn key(&self) -> StoredKey {
        self.key
    }

    fn write(&self) -> Result<String, Fault> {
        to_json(&SealedMember {
            guest: self.key.guest(),
            name: self.name.clone(),
            by_handle: self.by_handle,
            picture: self.picture.clone(),
            role: self.role,
            muted: self.muted,
            password_version: self.password_version,
        })
    }

    fn read(json: &str, _: &str, key: StoredKey) -> Result<Self, Fault> {
        let sealed: SealedMember = from_json(json)?;
        Ok(Self {
            key: sealed.guest.map_or(key, StoredKey::Guest),
            name: sealed.name,
            by_handle: sealed.by_handle,
            picture: sealed.picture,
            role: sealed.role,
            muted: sealed.muted,
            password_version: sealed.password_version,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct SealedBan {
    guest: Option<[u8; 32]>,
    member: MemberId,
    until_ms: u64,
}

impl About for StoredBan {
    const TABLE: &'static str = "room_bans";
    const COLUMN: &'static str = "banned";
    const SELECT: &'static str = "SELECT ban, account, key, banned FROM room_bans WHERE room = ?1";
    const UPSERT: &'static str = "INSERT OR REPLACE INTO room_bans (room, ban, account, key, banned) VALUES (?1, ?2, ?3, ?4, ?5)";

    fn name(&self, _: &str) -> String {
        self.id.to_string()
    }

    fn key(&self) -> StoredKey {
        self.key
    }

    fn write(&self) -> Result<String, Fault> {
        to_json(&SealedBan {
            guest: self.key.guest(),
            member: self.member,
            until_ms: self.until_ms,
        })
    }

    fn read(json: &str, id: &str, key: StoredKey) -> Result<Self, Fault> {
        let sealed: SealedBan = from_json(json)?;
        Ok(Self {
            id: BanId::parse(id),
            member: sealed.member,
            key: sealed.guest.map_or(key, StoredKey::Guest),
            until_ms: sealed.until_ms,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct SealedTrack {
    guest: Option<[u8; 32]>,
    track: Arc<Track>,
}

impl About for StoredTrack {
    const TABLE: &'static str = "room_tracks";
    const COLUMN: &'static str = "content";
    const SELECT: &'static str =
        "SELECT track, account, key, content FROM room_tracks WHERE room = ?1";
    const UPSERT: &'static str = "INSERT OR REPLACE INTO room_tracks (room, track, account, key, content) VALUES (?1, ?2, ?3, ?4, ?5)";

    fn name(&self, _: &str) -> String {
        self.track.id.0.clone().into()
    }

    fn key(&self) -> StoredKey {
        self.key
    }

    fn write(&self) -> Result<String, Fault> {
        to_json(&SealedTrack {
            guest: self.key.guest(),
            track: self.track.clone(),
        })
    }

    fn read(json: &str, _: &str, key: StoredKey) -> Result<Self, Fault> {
        let sealed: SealedTrack = from_json(json)?;
        Ok(Self {
            key: sealed.guest.map_or(key, StoredKey::Guest),
            track: sealed.track,
        })
    }
}

impl StoredKey {
    fn guest(self) -> Option<[u8; 32]> {
        match self {
            Self::Guest(hash) => Some(hash),
            Self::Account(_) => None,
        }
    }
}

/// Writes one row. An account that is gone is left out.
pub(super) fn write<A: About>(
    work: &mut Work<'_>,
    guests: &mut Guests,
    room: &str,
    id: &str,
    about: &A,
) -> Result<(), Fault> {
    let (account, key_id, key) = match about.key() {
        StoredKey::Account(account) => {
            let key = key_of(work.db, work.keys, account)?;
            (Some(row_id(account)), None, key)
        }
        StoredKey::Guest(hash) => {
            let key_id = guest_key(work, guests, hash)?;
            (None, Some(key_id.0), work.keys.key(key_id)?)
        }
    };
    let Some(key) = key else { return Ok(()) };
    let id = about.name(id);
    let sealed = seal::<A>(&key, room, &id, &about.write()?);
    (work.db.prepare_cached(A::UPSERT)?).execute(params![room, id, account, key_id, sealed])?;
    Ok(())
}

/// A guest's key for the room: the one there is, or a new one.
fn guest_key(work: &mut Work<'_>, guests: &mut Guests, hash: [u8; 32]) -> Result<KeyId, Fault> {
    if let Some(key) = guests.get(&hash) {
        return Ok(*key);
    }
    let key = KeyId::random();
    work.add_entries(&[NewEntry::Key(key)])?;
    guests.insert(hash, key);
    Ok(key)
}

/// All rows of one kind of a room, by id; those whose key is destroyed are not there.
pub(super) fn load<A: About>(
    db: &Connection,
    keys: &KeyStore,
    room: &str,
    guests: &mut Guests,
) -> Result<Vec<(String, A)>, Fault> {
    let mut select = db.prepare_cached(A::SELECT)?;
    let rows = select.query_map([room], Raw::read)?;
    let mut found = Vec::new();
    for raw in rows {
        let raw = raw?;
        let key = match (raw.account, raw.key) {
            (Some(account), _) => key_of(db, keys, account)?,
            (None, Some(key)) => keys.key(key)?,
            (None, None) => None,
        };
        let Some(key) = key else { continue };
        let place = sealed_row(room, &raw.id);
        let opened = key.open(place_of::<A>(&place), &raw.sealed);
        let opened = opened.ok_or(Fault::Unreadable(A::COLUMN))?;
        let json = std::str::from_utf8(&opened).map_err(|_| Fault::Unreadable(A::COLUMN))?;
        // A guest's is in what was sealed.
        let account = raw.account.unwrap_or(AccountId::from_bits(0));
        let about = A::read(json, &raw.id, StoredKey::Account(account))?;
        if let (StoredKey::Guest(hash), Some(key)) = (about.key(), raw.key) {
            guests.insert(hash, key);
        }
        found.push((raw.id, about));
    }
    Ok(found)
}

/// A row before it is opened.
struct Raw {
    id: String,
    account: Option<AccountId>,
    key: Option<KeyId>,
    sealed: Vec<u8>,
}

impl Raw {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            account: row.get::<_, Option<i64>>(1)?.map(account_id),
            key: row.get::<_, Option<[u8; 16]>>(2)?.map(KeyId),
            sealed: row.get(3)?,
        })
    }
}

fn seal<A: About>(key: &FieldKey, room: &str, id: &str, json: &str) -> Vec<u8> {
    key.seal(place_of::<A>(&sealed_row(room, id)), json.as_bytes())
}

fn sealed_row(room: &str, id: &str) -> Vec<u8> {
    [room.as_bytes(), b"/", id.as_bytes()].concat()
}

fn place_of<A: About>(row: &[u8]) -> Place<'_> {
    Place {
        table: A::TABLE,
        column: A::COLUMN,
        row,
    }
}
