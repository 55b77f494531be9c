//! Reads an export back in: what a person took along from another server, or from this one. Pure:
//! bytes go in; what of them this server can use, and what not and why, comes out. Nothing is
//! unpacked into files, and nothing beyond its bounds.
//!
//! What is not read in: sessions, tokens and passkeys (they are good on the server that gave them),
//! e-mail addresses and providers' subjects (they need proof anew), passwords and invitations of
//! rooms (only hashes of them exist), other people's names, roles and bans (they are theirs),
//! correspondence (it was with whoever runs the other server), and what a room's log says.

use super::export::{DOCUMENT, FORMAT, PICTURE, VERSION};
use crate::auth::check_handle;
use crate::media::Library;
use crate::media::picture::LARGEST;
use crate::room::{Rules, apply_update};
use crate::store::{AccountId, Preferences, StoredKey, StoredMember, StoredPlay, StoredRoom};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::Arc;
use stereo_protocol::{
    EndReason, ErrorKind, ErrorObject, ItemId, MemberId, PermissionsUpdate, Playback, Role, RoomId,
    RoomSettings, RoomUpdate, Track,
};
use zip::ZipArchive;

/// Bytes of a zip file that is taken.
pub const LARGEST_ZIP: usize = 16 << 20;
/// Bytes of the document in it, unpacked.
const LARGEST_DOCUMENT: usize = 64 << 20;
/// Files in it. An export has three.
const MOST_FILES: usize = 64;
/// What each file in a zip has in the list at its end (APPNOTE 4.3.12).
const LISTED: &[u8] = b"PK\x01\x02";

/// An export as it was read.
#[derive(Clone, PartialEq)]
pub struct Import {
    document: Document,
    /// The picture's bytes: of whatever kind, not looked at yet.
    pub picture: Option<Box<[u8]>>,
}

crate::telemetry::closed!(Import);

/// What of the document is used; more may stand in it.
#[derive(Clone, PartialEq, Deserialize)]
struct Document {
    format: Box<str>,
    version: u32,
    handle: Box<str>,
    preferences: Preferences,
    #[serde(default)]
    picture: Option<Box<str>>,
    #[serde(default)]
    rooms: Vec<Room>,
}

#[derive(Clone, PartialEq, Deserialize)]
struct Room {
    owner: bool,
    #[serde(default)]
    settings: Option<RoomSettings>,
    #[serde(default)]
    password: bool,
    #[serde(default)]
    you: Option<You>,
    #[serde(default)]
    current: Option<Item>,
    #[serde(default)]
    playback: Option<Playback>,
    #[serde(default)]
    queue: Vec<Item>,
    #[serde(default)]
    history: Vec<Play>,
}

#[derive(Clone, PartialEq, Deserialize)]
struct You {
    member: MemberId,
    name: Box<str>,
}

#[derive(Clone, PartialEq, Deserialize)]
struct Item {
    track: Track,
    by: MemberId,
    #[serde(default)]
    pinned: bool,
}

#[derive(Clone, PartialEq, Deserialize)]
struct Play {
    track: Track,
    by: MemberId,
    reason: EndReason,
}

/// What a person is given of their export: checked, not taken yet.
pub struct Taken {
    /// The chosen name, if it is free.
    pub handle: Box<str>,
    /// Language and mails; whether the account was frozen stays behind.
    pub preferences: Preferences,
    /// Their rooms, under new ids.
    pub rooms: Vec<TakenRoom>,
}

crate::telemetry::closed!(Taken);

/// A room to keep.
pub struct TakenRoom {
    /// As it is kept.
    pub room: StoredRoom,
    /// Tracks that this server has not got.
    pub missing: usize,
    /// Whether it had a password, which is to be chosen anew.
    pub had_password: bool,
}

crate::telemetry::closed!(TakenRoom);

impl Import {
    /// Reads a zip file. Slow for a large one: not for a task that others wait for.
    ///
    /// # Errors
    /// `invalid` or `too_large`, with the file or the field and what was expected.
    pub fn read(bytes: &[u8]) -> Result<Self, ErrorObject> {
        let listed = bytes.windows(LISTED.len());
        if listed.filter(|four| *four == LISTED).count() > MOST_FILES {
            let expected = format!("expected a zip file of at most {MOST_FILES} files");
            return Err(ErrorObject::invalid("", expected));
        }
        let archive = ZipArchive::new(Cursor::new(bytes));
        let not_a_zip = |_| ErrorObject::invalid("", "expected an export: a zip file");
        let mut archive = archive.map_err(not_a_zip)?;
        let document = unpacked(&mut archive, DOCUMENT, LARGEST_DOCUMENT)?;
        let missing = || ErrorObject::invalid(DOCUMENT, "expected this file in the zip file");
        let document = document.ok_or_else(missing)?;
        let document: Document = stereo_protocol::decode_params(&document)?;
        if (&*document.format, document.version) != (FORMAT, VERSION) {
            let field = match &*document.format == FORMAT {
                true => "version",
                false => "format",
            };
            let expected = format!("expected {FORMAT} of version {VERSION}");
            return Err(ErrorObject::invalid(field, expected));
        }
        let picture = match document.picture.as_deref() {
            None => None,
            Some(PICTURE) => unpacked(&mut archive, PICTURE, LARGEST)?,
            Some(_) => {
                let expected = format!("expected null or {PICTURE}");
                return Err(ErrorObject::invalid("picture", expected));
            }
        };
        Ok(Self {
            document,
            picture: picture.map(Vec::into_boxed_slice),
        })
    }

    /// What this server can use of it, for an account.
    ///
    /// # Errors
    /// `invalid`, `too_large` or `too_many`, with the field and what was expected.
    pub fn checked(
        self,
        account: AccountId,
        library: &Library,
        rules: &Rules,
    ) -> Result<Taken, ErrorObject> {
        let handle = check_handle(&self.document.handle)?;
        let rooms = self.document.rooms.into_iter().enumerate();
        let rooms = rooms.filter(|(_, room)| room.owner).map(|(place, room)| {
            let at = |error: ErrorObject| within(&format!("rooms[{place}]"), error);
            room.checked(account, library, rules).map_err(at)
        });
        Ok(Taken {
            handle,
            preferences: Preferences {
                frozen: false,
                ..self.document.preferences
            },
            rooms: rooms.collect::<Result<_, _>>()?,
        })
    }
}

/// A file of an archive, by its exact name; `None` when it is not there.
fn unpacked(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    name: &str,
    most: usize,
) -> Result<Option<Vec<u8>>, ErrorObject> {
    let broken = || ErrorObject::invalid(name, "expected a file that is whole and not encrypted");
    let file = match archive.by_name(name) {
        Ok(file) => file,
        Err(zip::result::ZipError::FileNotFound) => return Ok(None),
        Err(_) => return Err(broken()),
    };
    let mut content = Vec::new();
    // What the archive says of its size is not believed.
    let read = file.take(most as u64 + 1).read_to_end(&mut content);
    read.map_err(|_| broken())?;
    if content.len() > most {
        let message = format!("{name}: expected at most {most} bytes");
        return Err(ErrorObject::new(ErrorKind::TooLarge, message).with_field(name));
    }
    Ok(Some(content))
}

/// The error of something that lies within something else.
fn within(outer: &str, mut error: ErrorObject) -> ErrorObject {
    let field = error.data.field.take().unwrap_or_default();
    error.message = format!("{outer}.{}", error.message);
    error.with_field(format!("{outer}.{field}"))
}

impl Room {
    fn checked(
        self,
        owner: AccountId,
        library: &Library,
        rules: &Rules,
    ) -> Result<TakenRoom, ErrorObject> {
        let given = self.settings.as_ref();
        let given = given.ok_or_else(|| ErrorObject::invalid("settings", "expected an object"))?;
        let id = RoomId::from_bits(u128::from_ne_bytes(crate::secret::random()));
        let mut settings = RoomSettings::new(id, "");
        settings.temporary = false;
        let within_settings = |error| within("settings", error);
        apply_update(&mut settings, &update(given), &rules.limits).map_err(within_settings)?;
        for (field, length, most) in [
            ("queue", self.queue.len(), rules.limits.queue),
            ("history", self.history.len(), rules.limits.history),
        ] {
            if length > most as usize {
                let message = format!("{field}: expected at most {most} entries");
                return Err(ErrorObject::new(ErrorKind::TooMany, message).with_field(field));
            }
        }
        let host = random_member();
        let you = self.you.as_ref();
        // Who has never been in their room has no name there.
        let name = you.filter(|you| !you.name.is_empty());
        let name =
            name.map(|you| crate::text::clean_line("you.name", &you.name, rules.limits.name));
        let me = you.map(|you| you.member);
        let mut members = Members { me, host };
        let mut tracks = Tracks {
            library,
            longest_url: rules.limits.url as usize,
            missing: 0,
        };
        let current = self
            .current
            .and_then(|item| tracks.item(item, &mut members));
        let playback = current.as_ref().map(|item| Playback {
            item: item.id,
            // Where it was, and still: when the other server stopped is not known.
            position_ms: self.playback.map_or(0, |playback| playback.position_ms),
            at_ms: 0,
            paused: true,
        });
        let queue = self.queue.into_iter();
        let queue = queue.filter_map(|item| tracks.item(item, &mut members));
        let queue = queue.collect();
        let history = self.history.into_iter();
        let history = history.filter_map(|play| {
            let track = tracks.track(&play.track)?;
            Some(StoredPlay {
                by: members.adder(play.by, &track),
                track,
                reason: play.reason,
            })
        });
        let history = history.collect();
        let member = StoredMember {
            key: StoredKey::Account(owner),
            name: name.transpose()?.unwrap_or_default(),
            by_handle: false,
            picture: None,
            role: Role::Host,
            muted: false,
            password_version: 0,
        };
        Ok(TakenRoom {
            room: StoredRoom {
                owner,
                settings,
                password: None,
                password_version: 0,
                host: Some(host),
                current,
                playback,
                queue,
                members: BTreeMap::from([(host, member)]),
                bans: Vec::new(),
                invites: Vec::new(),
                history,
                log: Vec::new(),
            },
            missing: tracks.missing,
            had_password: self.password,
        })
    }
}

/// All settings that a room's people choose.
fn update(given: &RoomSettings) -> RoomUpdate {
    let permissions = given.permissions;
    RoomUpdate {
        title: Some(given.title.clone()),
        visibility: Some(given.visibility),
        password: None,
        entry: Some(given.entry),
        permissions: Some(PermissionsUpdate {
            add: Some(permissions.add),
            reorder: Some(permissions.reorder),
            skip: Some(permissions.skip),
            seek: Some(permissions.seek),
            chat: Some(permissions.chat),
            react: Some(permissions.react),
            invite: Some(permissions.invite),
        }),
        order: Some(given.order),
        vote_skip_percent: Some(given.vote_skip_percent),
        longest_track_ms: Some(given.longest_track_ms),
        items_per_person: Some(given.items_per_person),
        slow_mode_ms: Some(given.slow_mode_ms),
        host_leaves: Some(given.host_leaves),
    }
}

fn random_member() -> MemberId {
    MemberId::from_bits(u64::from_ne_bytes(crate::secret::random()))
}

/// Whose things are whose: the person's are the new host's, others' are somebody's.
struct Members {
    me: Option<MemberId>,
    host: MemberId,
}

impl Members {
    /// Who added a track. One elsewhere is somebody's words, kept under the key of whoever they are
    /// of: here that is whoever brings them along.
    fn adder(&self, by: MemberId, track: &Track) -> MemberId {
        match Some(by) == self.me || track.is_elsewhere() {
            true => self.host,
            false => by,
        }
    }
}

/// Tracks as this server has them: nothing of what an export says of one that is served here is
/// believed. One elsewhere comes along where such are taken, as far as it could be added here.
struct Tracks<'a> {
    library: &'a Library,
    /// In characters, as for who adds one by hand.
    longest_url: usize,
    missing: usize,
}

impl Tracks<'_> {
    fn track(&mut self, given: &Track) -> Option<Arc<Track>> {
        let hosted = (self.library.hosted(&given.id.0)).or_else(|| self.library.hosted(&given.url));
        let is_short = given.url.chars().count() <= self.longest_url;
        let direct = self.library.direct().filter(|_| is_short);
        let told = || direct?.told(given);
        let found = hosted.or_else(told);
        if found.is_none() {
            self.missing += 1;
        }
        found
    }

    fn item(&mut self, given: Item, members: &mut Members) -> Option<stereo_protocol::QueueItem> {
        let track = self.track(&given.track)?;
        Some(stereo_protocol::QueueItem {
            id: ItemId::from_bits(u64::from_ne_bytes(crate::secret::random())),
            by: members.adder(given.by, &track),
            track,
            votes: 0,
            pinned: given.pinned,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::io::Write;
    use zip::write::SimpleFileOptions;

    fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            let options = SimpleFileOptions::default();
            archive.start_file(*name, options).unwrap();
            archive.write_all(content).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn document() -> Value {
        let settings = RoomSettings::new(RoomId::from_bits(7), "Evening");
        json!({
            "format": "stereo-export", "version": 1, "handle": "ada", "picture": null,
            "preferences": {"language": "vi", "room_mails": true, "policy_mails": false, "frozen": true},
            "rooms": [{"owner": true, "settings": settings, "queue": [], "history": []}],
        })
    }

    fn read(document: &Value) -> Result<Taken, ErrorObject> {
        read_into(document, &Library::default())
    }

    fn read_into(document: &Value, library: &Library) -> Result<Taken, ErrorObject> {
        let bytes = zipped(&[(DOCUMENT, document.to_string().as_bytes())]);
        let rules = crate::config::Config::default().rules();
        Import::read(&bytes)?.checked(AccountId::from_bits(1), library, &rules)
    }

    #[test]
    fn what_is_wrong_in_an_export_is_named() {
        assert!(read(&document()).is_ok());
        let long = "x".repeat(81);
        let many: Vec<Value> = vec![json!({"track": track(), "by": "m_0", "reason": "ended"}); 501];
        for (pointer, value, field) in [
            ("/format", json!("gpx"), "format"),
            ("/version", json!(2), "version"),
            ("/version", json!("1"), "version"),
            ("/handle", json!("no spaces"), "handle"),
            ("/picture", json!("../../etc/passwd"), "picture"),
            (
                "/preferences/room_mails",
                json!(3),
                "preferences.room_mails",
            ),
            ("/rooms/0/owner", json!("yes"), "rooms[0].owner"),
            ("/rooms/0/settings", Value::Null, "rooms[0].settings"),
            (
                "/rooms/0/settings/title",
                json!(long),
                "rooms[0].settings.title",
            ),
            (
                "/rooms/0/settings/title",
                json!(""),
                "rooms[0].settings.title",
            ),
            (
                "/rooms/0/settings/vote_skip_percent",
                json!(101),
                "rooms[0].settings.vote_skip_percent",
            ),
            ("/rooms/0/history", json!(many), "rooms[0].history"),
        ] {
            let mut wrong = document();
            *wrong.pointer_mut(pointer).unwrap() = value;
            let error = read(&wrong).err().unwrap_or_else(|| panic!("{pointer}"));
            assert_eq!(error.data.field.as_deref(), Some(field), "{error:?}");
        }
    }

    fn track() -> Value {
        json!({"id": "t_1", "provider": "hosted", "title": "T", "artists": [], "duration_ms": 1, "url": "https://elsewhere.example/x.mp3", "artwork": "https://elsewhere.example/x.png"})
    }

    #[test]
    fn no_address_of_an_export_is_believed() {
        let mut document = document();
        let item = json!({"id": "q_1", "track": track(), "by": "m_0"});
        document["rooms"][0]["queue"] = json!([item]);
        document["rooms"][0]["current"] = item;
        document["rooms"][0]["history"] =
            json!([{"track": track(), "by": "m_0", "reason": "ended"}]);
        let taken = read(&document).unwrap();
        let [room] = &taken.rooms[..] else {
            panic!("one room")
        };
        assert_eq!(room.missing, 3);
        assert!(room.room.current.is_none() && room.room.playback.is_none());
        assert!(room.room.queue.is_empty() && room.room.history.is_empty());
    }

    #[test]
    fn what_others_serve_comes_along_as_the_hosts_where_it_could_be_added_by_hand() {
        let item = |name: &str, provider: &str| {
            let mut track = track();
            track["provider"] = json!(provider);
            track["duration_ms"] = json!(60_000);
            track["url"] = json!(format!("https://elsewhere.example/{name}"));
            json!({"id": "q_1", "track": track, "by": "m_0"})
        };
        let long = "x".repeat(2_048);
        let mut document = document();
        document["rooms"][0]["queue"] = json!([
            item("x.mp3", "direct"),
            item(&long, "direct"),
            item("x.mp3", "hosted"),
        ]);
        let media = crate::config::Media {
            direct: true,
            ..Default::default()
        };
        let taken = read_into(&document, &Library::new(&media)).unwrap();
        let room = &taken.rooms[0];
        assert_eq!((room.room.queue.len(), room.missing), (1, 2));
        assert_eq!(Some(room.room.queue[0].by), room.room.host);
        assert_eq!(room.room.elsewhere().len(), 1, "it can be sealed");
        assert_eq!(read(&document).unwrap().rooms[0].missing, 3);
    }

    #[test]
    fn what_was_chosen_is_read_and_nobody_is_frozen_by_it() {
        let taken = read(&document()).unwrap();
        assert_eq!(&*taken.handle, "ada");
        assert_eq!(taken.preferences.language.as_deref(), Some("vi"));
        assert!(taken.preferences.room_mails && !taken.preferences.policy_mails);
        assert!(!taken.preferences.frozen);
        let room = &taken.rooms[0].room;
        assert_eq!(&*room.settings.title, "Evening");
        assert_ne!(room.settings.id, RoomId::from_bits(7), "a room of its own");
    }

    #[test]
    fn what_is_no_export_is_refused() {
        let document = document().to_string();
        let bomb = vec![b' '; LARGEST_DOCUMENT + 1];
        let names: Vec<String> = (0..65).map(|number| number.to_string()).collect();
        let many: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &b""[..])).collect();
        for (bytes, field) in [
            (Vec::new(), None),
            (b"PK\x05\x06".to_vec(), None),
            (
                zipped(&[("other.json", document.as_bytes())]),
                Some(DOCUMENT),
            ),
            // A name that leads out is a name that is not asked for.
            (
                zipped(&[("../stereo-export.json", document.as_bytes())]),
                Some(DOCUMENT),
            ),
            (zipped(&[(DOCUMENT, &bomb[..])]), Some(DOCUMENT)),
            (zipped(&many), None),
        ] {
            let error = Import::read(&bytes).err().unwrap();
            assert_eq!(error.data.field.as_deref(), field, "{error:?}");
        }
        let whole = zipped(&[(DOCUMENT, document.as_bytes())]);
        for end in 0..whole.len() {
            assert!(Import::read(&whole[..end]).is_err(), "cut off at {end}");
        }
    }

    #[test]
    fn a_picture_of_an_export_is_bounded() {
        let mut document = document();
        document["picture"] = json!(PICTURE);
        let document = document.to_string();
        let zip = |picture: &[u8]| zipped(&[(DOCUMENT, document.as_bytes()), (PICTURE, picture)]);
        let import = Import::read(&zip(b"points")).unwrap();
        assert_eq!(import.picture.as_deref(), Some(&b"points"[..]));
        let error = Import::read(&zip(&vec![0; LARGEST + 1])).err().unwrap();
        assert_eq!(error.data.kind, ErrorKind::TooLarge);
        assert_eq!(error.data.field.as_deref(), Some(PICTURE));
    }
}
