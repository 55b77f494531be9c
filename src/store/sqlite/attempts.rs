//! Sign-ins under way, in SQLite. The attempt's key is sealed twice, with what the link says and
//! with what the browser holds; neither is kept.

use super::super::account::canonical_email;
use super::super::attempt::{
    Attempts, CodeAnswer, Confirmed, LONGEST_MS, LinkAnswer, MOST_ATTEMPTS, MOST_OF_ASKER,
    MOST_WRONG_CODES, NewAttempt,
};
use super::super::error::StoreError;
use super::super::{AccountId, Call};
use super::SqliteStore;
use super::fault::Fault;
use super::mails;
use super::rows::row_id;
use super::search::Needles;
use super::writer::Work;
use crate::keystore::{
    AttemptId, EntryId, FieldKey, KeyStore, LookupHash, LookupKind, NewEntry, Place,
};
use crate::secret;
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use zeroize::Zeroizing;

/// When attempts end and who asked for them, as far as this run of the server knows; never on the
/// disk.
#[derive(Default)]
pub(super) struct Ends(Mutex<HashMap<AttemptId, Known>>);

#[derive(Clone, Copy)]
struct Known {
    ends_ms: u64,
    /// `None`: asked for in an earlier run.
    asker: Option<u64>,
}

/// What is sealed with the attempt's key.
#[derive(Serialize, Deserialize)]
struct Content {
    email: Box<str>,
    code: Box<str>,
    ends_ms: u64,
    then: Box<str>,
}

impl Attempts for SqliteStore {
    fn begin_attempt(&self, new: NewAttempt) -> Call<'_, ()> {
        let shared = self.shared().clone();
        Box::pin(self.change(move |work| {
            let address = lookup(work.keys, &new.email);
            make_room(work, address, new.asker, &shared.ends)?;
            let id = AttemptId::random();
            work.add_entries(&[NewEntry::Attempt(id, address)])?;
            insert(work.db, id, &new)?;
            let known = Known {
                ends_ms: new.ends_ms,
                asker: Some(new.asker),
            };
            shared.ends.0.lock().insert(id, known);
            Ok(())
        }))
    }

    fn confirm_link(
        &self,
        link: Box<str>,
        browser: Option<Box<str>>,
        now_ms: u64,
    ) -> Call<'_, LinkAnswer> {
        Box::pin(self.change(move |work| {
            let select =
                "SELECT id, link_key, code, wrong, content, browser, shown FROM attempts WHERE link = ?1";
            let Some(kept) = Kept::find(work.db, select, &link)? else {
                return Ok(LinkAnswer::Nothing);
            };
            let content = kept.content(&kept.key("link_key", &link)?)?;
            let asked_here = browser.is_some_and(|browser| secret::hash(&browser) == kept.browser);
            if now_ms >= content.ends_ms {
                end(work, kept.id)?;
                return Ok(LinkAnswer::Nothing);
            }
            if !asked_here {
                let show = "UPDATE attempts SET shown = 1 WHERE id = ?1";
                (work.db.prepare_cached(show)?).execute([kept.id.0])?;
                return Ok(LinkAnswer::Elsewhere { code: content.code });
            }
            end(work, kept.id)?;
            Ok(LinkAnswer::Confirmed(content.confirmed()))
        }))
    }

    fn confirm_code(&self, browser: Box<str>, code: Box<str>, now_ms: u64) -> Call<'_, CodeAnswer> {
        Box::pin(self.change(move |work| {
            let select =
                "SELECT id, browser_key, code, wrong, content, browser, shown FROM attempts WHERE browser = ?1";
            let Some(kept) = Kept::find(work.db, select, &browser)? else {
                return Ok(CodeAnswer::Nothing);
            };
            let key = kept.key("browser_key", &browser)?;
            let Some(confirmed) = kept.confirmed(&key, now_ms)? else {
                end(work, kept.id)?;
                return Ok(CodeAnswer::Nothing);
            };
            // A code that the link has shown to nobody is guessed, even when it is the one.
            if kept.shown && code_hash(&key, &code) == kept.code {
                end(work, kept.id)?;
                return Ok(CodeAnswer::Right(confirmed));
            }
            wrong_code(work, &kept)
        }))
    }
}

fn lookup(keys: &KeyStore, email: &str) -> LookupHash {
    keys.lookup(LookupKind::Email, canonical_email(email).as_bytes())
}

/// Ends the oldest attempts of one asker for an address when there are too many; those of others
/// stay, so that nobody takes a link away from somebody else.
fn make_room(
    work: &mut Work<'_>,
    address: LookupHash,
    asker: u64,
    ends: &Ends,
) -> Result<(), Fault> {
    let attempts = work.keys.attempts_of(address);
    let known = ends.0.lock();
    let of_asker = attempts.iter().filter_map(|id| {
        let known = known.get(id)?;
        (known.asker == Some(asker)).then_some((known.ends_ms, *id))
    });
    let mut own: Vec<(u64, AttemptId)> = of_asker.collect();
    drop(known);
    own.sort_by_key(|(ends_ms, _)| *ends_ms);
    own.truncate((own.len() + 1).saturating_sub(MOST_OF_ASKER));
    if attempts.len() - own.len() >= MOST_ATTEMPTS {
        return Err(StoreError::TooMany.into());
    }
    own.into_iter().try_for_each(|(_, id)| end(work, id))
}

fn insert(db: &Connection, id: AttemptId, new: &NewAttempt) -> Result<(), Fault> {
    let bytes = Zeroizing::new(secret::random::<32>());
    let key = FieldKey::new(bytes.clone());
    let content = Content {
        email: new.email.clone(),
        code: new.code.clone(),
        ends_ms: new.ends_ms,
        then: new.then.clone(),
    };
    let content = serde_json::to_vec(&content).map_err(|_| Fault::Unreadable("content"))?;
    let insert = "INSERT INTO attempts (id, link, browser, link_key, browser_key, code, wrong, content, account) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8)";
    (db.prepare_cached(insert)?).execute(params![
        id.0,
        secret::hash(&new.link),
        secret::hash(&new.browser),
        opener(&new.link).seal(place("link_key", &id), &*bytes),
        opener(&new.browser).seal(place("browser_key", &id), &*bytes),
        code_hash(&key, &new.code),
        key.seal(place("content", &id), &content),
        new.account.map(row_id),
    ])?;
    Ok(())
}

fn place<'a>(column: &'static str, id: &'a AttemptId) -> Place<'a> {
    Place {
        table: "attempts",
        column,
        row: &id.0,
    }
}

/// The key that a secret is: another value than the hash by which its row is found.
fn opener(secret: &str) -> FieldKey {
    FieldKey::derived(secret.as_bytes(), b"stereo: open an attempt")
}

/// Guessing the few codes that there are takes the attempt's key.
fn code_hash(key: &FieldKey, code: &str) -> [u8; 32] {
    key.mac(code.as_bytes())
}

fn wrong_code(work: &mut Work<'_>, kept: &Kept) -> Result<CodeAnswer, Fault> {
    let left = MOST_WRONG_CODES.saturating_sub(kept.wrong + 1);
    if left == 0 {
        end(work, kept.id)?;
        return Ok(CodeAnswer::Nothing);
    }
    let count = "UPDATE attempts SET wrong = wrong + 1 WHERE id = ?1";
    (work.db.prepare_cached(count)?).execute([kept.id.0])?;
    Ok(CodeAnswer::Wrong { left })
}

/// Removes an attempt with its mail; what stood for them is looked for afterwards.
pub(super) fn remove(
    work: &mut Work<'_>,
    id: AttemptId,
    needles: &mut Needles,
) -> Result<(), Fault> {
    let select = "SELECT id, link, browser, link_key, browser_key, code, content FROM attempts WHERE id = ?1";
    needles.add_columns(work.db, select, [id.0])?;
    needles.add_traces(work, EntryId::Attempt(id))?;
    mails::remove_of_attempt(work, needles, id)?;
    let delete = "DELETE FROM attempts WHERE id = ?1";
    (work.db.prepare_cached(delete)?).execute([id.0])?;
    work.remove_entries(&[EntryId::Attempt(id)])
}

/// As [`remove`], where nobody waits until nothing is found.
fn end(work: &mut Work<'_>, id: AttemptId) -> Result<(), Fault> {
    let mut needles = Needles::default();
    remove(work, id, &mut needles)?;
    work.deleted.extend(needles);
    Ok(())
}

/// Attempts to add an address to an account.
pub(super) fn of_account(db: &Connection, account: AccountId) -> rusqlite::Result<Vec<AttemptId>> {
    let mut select = db.prepare_cached("SELECT id FROM attempts WHERE account = ?1")?;
    let ids = select.query_map([row_id(account)], |row| row.get(0).map(AttemptId))?;
    ids.collect()
}

/// Removes attempts that are over by `now_ms`; those of an earlier run get the longest time.
pub(super) fn sweep(work: &mut Work<'_>, ends: &Ends, now_ms: u64) -> Result<(), Fault> {
    let mut select = work.db.prepare_cached("SELECT id FROM attempts")?;
    let ids = select.query_map([], |row| row.get(0).map(AttemptId))?;
    let ids: Vec<AttemptId> = ids.collect::<rusqlite::Result<_>>()?;
    drop(select);
    let mut known = ends.0.lock();
    let before = std::mem::take(&mut *known);
    let mut over = Vec::new();
    for id in ids {
        let one = before.get(&id).copied().unwrap_or(Known {
            ends_ms: now_ms + LONGEST_MS,
            asker: None,
        });
        match one.ends_ms <= now_ms {
            true => over.push(id),
            false => drop(known.insert(id, one)),
        }
    }
    drop(known);
    over.into_iter().try_for_each(|id| end(work, id))
}

/// A row as it is kept.
struct Kept {
    id: AttemptId,
    /// The attempt's key, sealed with the secret by which the row was found.
    sealed_key: Vec<u8>,
    code: [u8; 32],
    wrong: u8,
    content: Vec<u8>,
    /// SHA-256 of the secret of the browser that asked.
    browser: [u8; 32],
    /// The link was opened in another browser.
    shown: bool,
}

impl Content {
    fn confirmed(self) -> Confirmed {
        Confirmed {
            email: self.email,
            then: self.then,
        }
    }
}

impl Kept {
    fn find(db: &Connection, select: &str, secret: &str) -> Result<Option<Self>, Fault> {
        let mut select = db.prepare_cached(select)?;
        let hash = secret::hash(secret);
        Ok(select.query_row([hash], Self::read).optional()?)
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: AttemptId(row.get(0)?),
            sealed_key: row.get(1)?,
            code: row.get(2)?,
            wrong: row.get(3)?,
            content: row.get(4)?,
            browser: row.get(5)?,
            shown: row.get(6)?,
        })
    }

    fn key(&self, column: &'static str, secret: &str) -> Result<FieldKey, Fault> {
        let opened = opener(secret).open(place(column, &self.id), &self.sealed_key);
        let opened = opened.ok_or(Fault::Unreadable(column))?;
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.copy_from_slice(opened.get(..32).ok_or(Fault::Unreadable(column))?);
        Ok(FieldKey::new(bytes))
    }

    fn content(&self, key: &FieldKey) -> Result<Content, Fault> {
        let opened = key.open(place("content", &self.id), &self.content);
        let content = opened.and_then(|json| serde_json::from_slice(&json).ok());
        content.ok_or(Fault::Unreadable("content"))
    }

    /// What it confirms, unless it is over.
    fn confirmed(&self, key: &FieldKey, now_ms: u64) -> Result<Option<Confirmed>, Fault> {
        let content = self.content(key)?;
        Ok((now_ms < content.ends_ms).then(|| content.confirmed()))
    }
}
