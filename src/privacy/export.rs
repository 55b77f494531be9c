//! Everything that is kept of a person, for them to take along: one document by the inventory, the
//! picture, and a page to read it. Of other people in their rooms only what the rooms need: ids
//! and roles, not names. The schema is `export.schema.json`, which the server publishes.

use crate::store::{
    Account, AccountId, Day, Identity, PictureSize, Session, SessionKind, Store, StoreError,
    StoredKey, StoredPlay, StoredRoom, Thread, WaitingMail, Whom,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use std::sync::Arc;
use stereo_protocol::{QueueItem, Track};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// What the document says that it is.
pub(super) const FORMAT: &str = "stereo-export";
/// The version of its schema.
pub(super) const VERSION: u32 = 1;
/// The document in the zip file.
pub(super) const DOCUMENT: &str = "stereo-export.json";
/// The picture in the zip file.
pub(super) const PICTURE: &str = "picture.jpg";

/// What the document looks like: JSON Schema, 2020-12. The server publishes it.
pub const SCHEMA: &str = include_str!("export.schema.json");

/// An export.
pub struct Export {
    /// The document.
    pub document: Value,
    /// A JPEG.
    pub picture: Option<Box<[u8]>>,
}

/// Gathers everything that is kept of an account; `None` when there is none.
///
/// # Errors
/// When the store cannot be read.
pub async fn export(
    store: &dyn Store,
    id: AccountId,
    today: Day,
) -> Result<Option<Export>, StoreError> {
    let Some(account) = store.account(id).await? else {
        return Ok(None);
    };
    let picture = match account.picture.clone() {
        Some(name) => store.picture(name, PictureSize::Large).await?,
        None => None,
    };
    let passkeys = store.passkeys(id).await?;
    let passkeys: Vec<Value> = passkeys
        .iter()
        .map(|passkey| {
            json!({
                "label": passkey.label,
                "credential_id": URL_SAFE_NO_PAD.encode(&passkey.credential_id),
                "credential": URL_SAFE_NO_PAD.encode(&passkey.credential),
            })
        })
        .collect();
    let sessions = store.sessions(id, today).await?;
    let sessions: Vec<Value> = sessions.iter().map(session).collect();
    let mut document = personal(&account);
    document["picture"] = json!(picture.as_ref().map(|_| PICTURE));
    document["passkeys"] = json!(passkeys);
    document["sessions"] = json!(sessions);
    let threads = store.threads(id).await?;
    let threads: Vec<Value> = threads.iter().map(thread).collect();
    document["correspondence"] = json!(threads);
    let mails = store.mails_of(id).await?;
    document["mails"] = mails.iter().map(mail).collect();
    document["policy_told"] = json!(store.policy_told(id).await?);
    document["rooms"] = json!(rooms(store, id).await?);
    Ok(Some(Export { document, picture }))
}

fn personal(account: &Account) -> Value {
    let (mut emails, mut subjects) = (Vec::new(), Vec::new());
    for identity in &account.identities {
        match identity {
            Identity::Email(address) => emails.push(json!(address)),
            Identity::Subject { provider, subject } => {
                subjects.push(json!({"provider": provider, "subject": subject}));
            }
        }
    }
    json!({
        "format": FORMAT,
        "version": VERSION,
        "handle": account.handle,
        "emails": emails,
        "contact": account.contact,
        "subjects": subjects,
        "preferences": account.preferences,
    })
}

fn session(session: &Session) -> Value {
    let kind = match session.kind {
        SessionKind::Browser => "browser",
        SessionKind::Token => "token",
    };
    json!({
        "id": format!("{:x}", session.id.0),
        "kind": kind,
        "label": session.label,
        "ends": session.ends.date(),
    })
}

fn thread(thread: &Thread) -> Value {
    let letters = thread.letters.iter().map(|letter| {
        json!({
            "id": format!("{:x}", letter.id.0),
            "by": letter.by,
            "day": letter.day.date(),
            "text": letter.text,
        })
    });
    let read = thread.looks.iter();
    let read = read.map(|look| json!({"what": look.what, "day": Day(look.day).date()}));
    json!({
        "id": format!("{:x}", thread.id.0),
        "subject": thread.subject,
        "closed": thread.closed,
        "letters": letters.collect::<Vec<_>>(),
        "read": read.collect::<Vec<_>>(),
    })
}

/// A mail that waits to be sent.
fn mail(mail: &WaitingMail) -> Value {
    let about = match &mail.whom {
        Whom::Asker(link) => json!({"sign_in": {"address": link.address, "link": link.link}}),
        Whom::Account(_, topic) => json!(topic),
        Whom::Operator => Value::Null,
    };
    json!({"about": about, "tries": mail.tries})
}

async fn rooms(store: &dyn Store, id: AccountId) -> Result<Vec<Value>, StoreError> {
    let mut ids = store.rooms_of(id).await?;
    ids.extend(store.rooms_about(id).await?);
    ids.sort_unstable();
    ids.dedup();
    let mut rooms = Vec::new();
    for room in ids {
        if let Some(room) = store.room(room).await? {
            rooms.push(shown(&room, id));
        }
    }
    Ok(rooms)
}

/// A room as far as it is about the account: all of it when it is theirs.
fn shown(room: &StoredRoom, id: AccountId) -> Value {
    let own = StoredKey::Account(id);
    let is_owner = room.owner == id;
    let me = room.members.iter().find(|(_, member)| member.key == own);
    let you = me.map(|(id, member)| {
        json!({
            "member": id,
            "name": member.name,
            "picture": member.picture,
            "role": member.role,
            "muted": member.muted,
        })
    });
    let banned: Vec<Value> = (room.bans.iter().filter(|ban| is_owner || ban.key == own))
        .map(|ban| json!({"id": ban.id, "member": ban.member, "until_ms": ban.until_ms}))
        .collect();
    let mut shown = json!({
        "id": room.id(),
        "title": room.settings.title,
        "owner": is_owner,
        "you": you,
        "bans": banned,
    });
    let member = me.map(|(id, _)| *id);
    let mine = |by| is_owner || Some(by) == member;
    // Of their own room they see what plays apart.
    let playing = room.current.iter().filter(|_| !is_owner);
    let items = playing.chain(&room.queue);
    // What others added from elsewhere is their own words: in the room they are told, not taken along.
    let told = |track: &Arc<Track>, by| match track.is_elsewhere() && Some(by) != member {
        true => Arc::new(track.withheld()),
        false => track.clone(),
    };
    let item = |item: &QueueItem| QueueItem {
        track: told(&item.track, item.by),
        ..item.clone()
    };
    shown["queue"] = items
        .filter(|item| mine(item.by))
        .map(|one| json!(item(one)))
        .collect();
    let history = room.history.iter().filter(|play| mine(play.by));
    let history = history.map(|play| StoredPlay {
        track: told(&play.track, play.by),
        ..play.clone()
    });
    shown["history"] = history.map(|play| json!(play)).collect();
    let log = room.log.iter();
    let about = |entry: &&crate::store::StoredEntry| {
        is_owner || (member.is_some() && (entry.by == member || entry.member == member))
    };
    shown["log"] = log.filter(about).map(|entry| json!(entry)).collect();
    if is_owner {
        let members = room.members.iter();
        let members: serde_json::Map<String, Value> = members
            .map(|(id, member)| {
                (
                    id.to_string(),
                    json!({"role": member.role, "muted": member.muted}),
                )
            })
            .collect();
        shown["settings"] = json!(room.settings);
        shown["password"] = json!(room.password.is_some());
        shown["host"] = json!(room.host);
        shown["current"] = json!(room.current.as_ref().map(item));
        shown["playback"] = json!(room.playback);
        shown["members"] = members.into();
        let invites = room.invites.iter().map(|invite| {
            json!({"role": invite.role, "uses_left": invite.uses_left, "until_ms": invite.until_ms})
        });
        shown["invites"] = invites.collect();
    }
    shown
}

impl Export {
    /// As a zip file: `stereo-export.json`, `index.html` and the picture. Its entries carry no date.
    ///
    /// # Errors
    /// When it cannot be written: it would be too large for memory.
    pub fn zip(&self) -> zip::result::ZipResult<Vec<u8>> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o600);
        let text = serde_json::to_vec_pretty(&self.document).map_err(std::io::Error::other)?;
        archive.start_file(DOCUMENT, options)?;
        archive.write_all(&text)?;
        archive.start_file("index.html", options)?;
        archive.write_all(self.page().as_bytes())?;
        if let Some(picture) = &self.picture {
            archive.start_file(PICTURE, options)?;
            archive.write_all(picture)?;
        }
        Ok(archive.finish()?.into_inner())
    }

    /// The document as a page that any browser shows, without anything from elsewhere.
    fn page(&self) -> String {
        let mut page = String::from(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Your Stereo export</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:52em;margin:2em auto;padding:0 1em;color-scheme:light dark}dt{font-weight:600;margin-top:.6em}dd{margin:0 0 0 1.2em;overflow-wrap:anywhere}img{border-radius:50%;width:128px}</style><h1>Everything that was kept of you</h1>",
        );
        if self.picture.is_some() {
            page.push_str("<p><img src=\"picture.jpg\" alt=\"Your picture\"></p>");
        }
        write_value(&mut page, &self.document);
        page.push_str("</html>\n");
        page
    }
}

fn write_value(page: &mut String, value: &Value) {
    match value {
        Value::Object(fields) => {
            page.push_str("<dl>");
            for (name, value) in fields {
                page.push_str("<dt>");
                page.push_str(&escaped(&name.replace('_', " ")));
                page.push_str("</dt><dd>");
                write_value(page, value);
                page.push_str("</dd>");
            }
            page.push_str("</dl>");
        }
        Value::Array(values) if values.is_empty() => page.push_str("none"),
        Value::Array(values) => {
            page.push_str("<ol>");
            for value in values {
                page.push_str("<li>");
                write_value(page, value);
                page.push_str("</li>");
            }
            page.push_str("</ol>");
        }
        Value::Null => page.push_str("none"),
        Value::String(text) => page.push_str(&escaped(text)),
        other => page.push_str(&other.to_string()),
    }
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn unzipped(bytes: Vec<u8>, name: &str) -> Vec<u8> {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut content = Vec::new();
        archive
            .by_name(name)
            .unwrap()
            .read_to_end(&mut content)
            .unwrap();
        content
    }

    #[test]
    fn an_export_is_a_document_a_page_and_a_picture() {
        let export = Export {
            document: json!({"handle": "ada", "note": "<script>alert(1)</script>"}),
            picture: Some((*b"jpeg").into()),
        };
        let bytes = export.zip().unwrap();
        assert_eq!(unzipped(bytes.clone(), "picture.jpg"), b"jpeg");
        let page = String::from_utf8(unzipped(bytes.clone(), "index.html")).unwrap();
        assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
        let document = unzipped(bytes, "stereo-export.json");
        let document: Value = serde_json::from_slice(&document).unwrap();
        assert_eq!(document, export.document);
    }
}
