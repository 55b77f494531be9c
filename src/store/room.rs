//! Rooms that stay: what of a room is kept through a restart. Neither chat nor presence, votes nor
//! reactions; of people only those who have a role, are named somewhere, or were let in.

use super::{AccountId, Call};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use stereo_protocol::{
    BanId, EndReason, InviteId, MemberId, Playback, QueueItem, Role, RoomId, RoomSettings, Track,
    TrackId,
};

/// A room as it is kept: all that it needs to go on.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredRoom {
    /// The account that it belongs to, and goes with.
    pub owner: AccountId,
    /// Its settings, its id among them.
    pub settings: RoomSettings,
    /// The password's hash in PHC format.
    pub password: Option<Box<str>>,
    /// Rises with each change of the password.
    pub password_version: u32,
    /// The member who is its host, present or not.
    pub host: Option<MemberId>,
    /// What plays.
    pub current: Option<QueueItem>,
    /// Where it is.
    pub playback: Option<Playback>,
    /// What is coming, in play order. Votes are not kept.
    pub queue: Vec<QueueItem>,
    /// Its people.
    pub members: BTreeMap<MemberId, StoredMember>,
    /// Who may not come back yet.
    pub bans: Vec<StoredBan>,
    /// Ways in that were given to somebody.
    pub invites: Vec<StoredInvite>,
    /// What played, oldest first.
    pub history: Vec<StoredPlay>,
    /// What was done, oldest first.
    pub log: Vec<StoredEntry>,
}

crate::telemetry::closed!(StoredRoom);

/// What makes a member the same one next time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StoredKey {
    /// A guest, by the SHA-256 of the token that the browser keeps.
    Guest([u8; 32]),
    /// An account.
    Account(AccountId),
}

/// A person in a room.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredMember {
    /// What makes them the same next time.
    pub key: StoredKey,
    /// The name in this room.
    pub name: Box<str>,
    /// Whether that is the account's handle, because they have chosen no other here.
    pub by_handle: bool,
    /// Path of the picture on this server.
    pub picture: Option<Box<str>>,
    /// What they may do.
    pub role: Role,
    /// Whether their chat is refused.
    pub muted: bool,
    /// The version of the password that let them in.
    pub password_version: u32,
}

/// Somebody who may not come back yet.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredBan {
    /// Names it.
    pub id: BanId,
    /// Whom it concerns, by the name they had here.
    pub member: MemberId,
    /// Whom it concerns.
    pub key: StoredKey,
    /// When it ends, in Unix milliseconds.
    pub until_ms: u64,
}

/// A way in that was given to somebody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredInvite {
    /// Names it.
    pub id: InviteId,
    /// SHA-256 of its token.
    pub hash: [u8; 32],
    /// The role that it gives.
    pub role: Role,
    /// How often it can be used; `None`: any number.
    pub uses_left: Option<u32>,
    /// When it ends, in Unix milliseconds; `None`: never.
    pub until_ms: Option<u64>,
}

/// A track that somebody else serves, and by whose key it is sealed: who added it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredTrack {
    /// Who added it.
    pub key: StoredKey,
    /// What it is.
    pub track: Arc<Track>,
}

/// What played: in order, without times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPlay {
    /// What it was.
    pub track: Arc<Track>,
    /// Who added it.
    pub by: MemberId,
    /// Why it ended.
    pub reason: EndReason,
}

/// What was done: in order, without times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEntry {
    /// The number of its event, in the life of the room in which it happened.
    pub seq: u64,
    /// Who did it.
    pub by: Option<MemberId>,
    /// What.
    pub action: Box<str>,
    /// To whom.
    pub member: Option<MemberId>,
    /// The title of the track that it was about.
    pub title: Option<Box<str>>,
}

// What people are called, and what makes them the same again, is not for logs.
macro_rules! told_without_its_value {
    ($($name:ident)*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}
told_without_its_value!(StoredKey StoredMember StoredBan StoredInvite StoredTrack);

/// Rooms, as a list of them is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedRooms {
    /// The settings of all public ones.
    pub public: Vec<RoomSettings>,
    /// All rooms of accounts that are frozen, whatever their settings say.
    pub hidden: Vec<RoomId>,
}

impl StoredRoom {
    /// Names it.
    pub fn id(&self) -> RoomId {
        self.settings.id
    }

    /// Withholds every track that is not taken here any more.
    pub fn withhold(&mut self, is_taken: impl Fn(&Track) -> bool) {
        let items = self.queue.iter_mut().chain(&mut self.current);
        let tracks = items.map(|item| &mut item.track);
        let played = self.history.iter_mut().map(|play| &mut play.track);
        for track in tracks.chain(played).filter(|track| !is_taken(track)) {
            *track = Arc::new(track.withheld());
        }
    }

    /// Every track of its queue and history that somebody else serves. One of a member who is not
    /// kept is left out: nobody could ever erase it.
    pub fn elsewhere(&self) -> BTreeMap<TrackId, StoredTrack> {
        let items = self.queue.iter().chain(&self.current);
        let items = items.map(|item| (&item.track, item.by));
        let played = self.history.iter().map(|play| (&play.track, play.by));
        let all = items.chain(played);
        let elsewhere = all.filter(|(track, _)| track.is_elsewhere() && !track.is_withheld());
        let stored = elsewhere.filter_map(|(track, by)| {
            let key = self.members.get(&by)?.key;
            let track = track.clone();
            Some((track.id.clone(), StoredTrack { key, track }))
        });
        stored.collect()
    }
}

/// Rooms that stay.
pub trait Rooms: Send + Sync + 'static {
    /// Keeps a room as it is now, in the place of what was kept of it. Writes what has changed.
    /// Members whose account is gone are left out. When a person is in it no more, this returns
    /// when nothing of them is in any file.
    ///
    /// # Errors
    /// `Gone` when the owner is.
    fn save_room(&self, room: Arc<StoredRoom>) -> Call<'_, ()>;

    /// A room, if it is kept.
    fn room(&self, id: RoomId) -> Call<'_, Option<StoredRoom>>;

    /// All rooms, to be opened at the start.
    fn rooms(&self) -> Call<'_, Vec<StoredRoom>>;

    /// The rooms of an account.
    fn rooms_of(&self, owner: AccountId) -> Call<'_, Vec<RoomId>>;

    /// The rooms, whosever, in which something is kept of an account: as a member, or as banned.
    fn rooms_about(&self, account: AccountId) -> Call<'_, Vec<RoomId>>;

    /// What finds rooms while they rest, and which are not to be found.
    fn listed_rooms(&self) -> Call<'_, ListedRooms>;

    /// Deletes a room, everywhere and at once. Returns whether it was there.
    fn delete_room(&self, id: RoomId) -> Call<'_, bool>;
}
