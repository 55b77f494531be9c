//! Accounts and their identities, in SQLite.

use super::super::account::{
    Account, Accounts, Identity, NewAccount, Preferences, canonical_email, skeleton,
};
use super::super::error::StoreError;
use super::super::{AccountId, Call};
use super::fault::Fault;
use super::readers::Reading;
use super::rows::{Sealed, fresh_row, key_of, key_of_existing, row_id};
use super::search::Needles;
use super::writer::Work;
use super::{SqliteStore, mails};
use crate::keystore::{EntryId, FieldKey, KeyId, KeyStore, LookupHash, LookupKind, NewEntry};
use rusqlite::{Connection, OptionalExtension, params};

const HANDLE: Sealed = Sealed {
    table: "accounts",
    column: "handle",
};
const PICTURE: Sealed = Sealed {
    table: "accounts",
    column: "picture",
};
const PREFERENCES: Sealed = Sealed {
    table: "accounts",
    column: "preferences",
};
const EMAIL: Sealed = Sealed {
    table: "emails",
    column: "address",
};
const SUBJECT: Sealed = Sealed {
    table: "subjects",
    column: "subject",
};

impl Accounts for SqliteStore {
    fn create_account(&self, new: NewAccount) -> Call<'_, AccountId> {
        Box::pin(self.change(move |work| create(work, &new)))
    }

    fn account(&self, id: AccountId) -> Call<'_, Option<Account>> {
        Box::pin(self.ask(move |reading| read(reading, id)))
    }

    fn account_of(&self, identity: Identity) -> Call<'_, Option<AccountId>> {
        Box::pin(self.ask(move |reading| {
            let hash = lookup_of(reading.keys, &identity);
            owner_of(reading.db, reading.keys, hash)
        }))
    }

    fn set_handle(&self, id: AccountId, handle: Box<str>) -> Call<'_, ()> {
        Box::pin(self.delete(move |work, needles| {
            rename(work, needles, id, &handle)?;
            replace(work, needles, HANDLE, id, Some(handle.as_bytes()))
        }))
    }

    fn set_preferences(&self, id: AccountId, preferences: Preferences) -> Call<'_, ()> {
        Box::pin(self.delete(move |work, needles| set_preferences(work, needles, id, &preferences)))
    }

    fn add_identity(&self, id: AccountId, identity: Identity) -> Call<'_, ()> {
        Box::pin(self.change(move |work| {
            let key = key_of_existing(work.db, work.keys, id)?;
            add(work, id, &key, &identity)
        }))
    }

    fn add_contact(&self, id: AccountId, address: Box<str>) -> Call<'_, ()> {
        Box::pin(self.change(move |work| {
            let key = key_of_existing(work.db, work.keys, id)?;
            if contact(work.db, id, &key)?.is_some() {
                return Err(StoreError::Taken.into());
            }
            let row = fresh_row();
            let insert =
                "INSERT INTO emails (id, account, address, confirmed) VALUES (?1, ?2, ?3, 0)";
            let sealed = EMAIL.seal(&key, row, address.as_bytes());
            (work.db.prepare_cached(insert)?).execute(params![row, row_id(id), sealed])?;
            Ok(())
        }))
    }

    fn remove_contact(&self, id: AccountId) -> Call<'_, bool> {
        Box::pin(self.delete(move |work, needles| {
            let select = "SELECT address FROM emails WHERE account = ?1 AND confirmed = 0";
            needles.add_columns(work.db, select, [row_id(id)])?;
            let delete = "DELETE FROM emails WHERE account = ?1 AND confirmed = 0";
            Ok((work.db.prepare_cached(delete)?).execute([row_id(id)])? > 0)
        }))
    }

    fn remove_identity(&self, id: AccountId, identity: Identity) -> Call<'_, bool> {
        Box::pin(self.delete(move |work, needles| remove(work, needles, id, &identity)))
    }
}

/// Replaces a sealed field of an account; leaves no trace of the former one.
fn replace(
    work: &mut Work<'_>,
    needles: &mut Needles,
    field: Sealed,
    id: AccountId,
    plain: Option<&[u8]>,
) -> Result<(), Fault> {
    let key = key_of_existing(work.db, work.keys, id)?;
    let column = field.column;
    let select = format!("SELECT {column} FROM accounts WHERE id = ?1");
    needles.add_columns(work.db, &select, [row_id(id)])?;
    let sealed = plain.map(|plain| field.seal(&key, row_id(id), plain));
    let set = format!("UPDATE accounts SET {column} = ?2 WHERE id = ?1");
    (work.db.prepare_cached(&set)?).execute(params![row_id(id), sealed])?;
    Ok(())
}

/// Changes what was chosen; what waits to be sent and is not wished any more is dropped.
pub(super) fn set_preferences(
    work: &mut Work<'_>,
    needles: &mut Needles,
    id: AccountId,
    preferences: &Preferences,
) -> Result<(), Fault> {
    let json = serde_json::to_vec(preferences).map_err(|_| Fault::Unreadable("preferences"))?;
    replace(work, needles, PREFERENCES, id, Some(&json))?;
    mails::drop_unwished(work, needles, id, preferences)
}

/// Whether mails to an account have somewhere to go.
pub(super) fn has_address(db: &Connection, id: AccountId) -> Result<bool, Fault> {
    let mut select = db.prepare_cached("SELECT 1 FROM emails WHERE account = ?1")?;
    Ok(select.exists([row_id(id)])?)
}

/// Says which picture an account has.
pub(super) fn name_picture(
    work: &mut Work<'_>,
    needles: &mut Needles,
    id: AccountId,
    name: Option<&str>,
) -> Result<(), Fault> {
    replace(work, needles, PICTURE, id, name.map(str::as_bytes))
}

/// Lets another handle lead to an account, and the former one to nobody.
fn rename(
    work: &mut Work<'_>,
    needles: &mut Needles,
    id: AccountId,
    handle: &str,
) -> Result<(), Fault> {
    let key = key_of_existing(work.db, work.keys, id)?;
    let former = handle_of(work.db, id, &key)?;
    let former = former.map(|former| handle_lookup(work.keys, &former));
    let next = handle_lookup(work.keys, handle);
    if former == Some(next) {
        return Ok(());
    }
    claim_handle(work, next, id)?;
    if let Some(former) = former.map(EntryId::Lookup) {
        needles.add_traces(work, former)?;
        work.remove_entries(&[former])?;
    }
    Ok(())
}

fn claim_handle(work: &mut Work<'_>, hash: LookupHash, id: AccountId) -> Result<(), Fault> {
    match owner_of(work.db, work.keys, hash)? {
        Some(owner) if owner != id => Err(StoreError::HandleTaken.into()),
        _ => claim(work, hash, id).map(|_| ()),
    }
}

fn handle_lookup(keys: &KeyStore, handle: &str) -> LookupHash {
    keys.lookup(LookupKind::Handle, skeleton(handle).as_bytes())
}

fn handle_of(db: &Connection, id: AccountId, key: &FieldKey) -> Result<Option<Box<str>>, Fault> {
    let mut select = db.prepare_cached("SELECT handle FROM accounts WHERE id = ?1")?;
    let sealed: Option<Vec<u8>> = (select.query_row([row_id(id)], |row| row.get(0))).optional()?;
    let handle = sealed.map(|sealed| HANDLE.open_text(key, row_id(id), &sealed));
    handle.transpose()
}

fn create(work: &mut Work<'_>, new: &NewAccount) -> Result<AccountId, Fault> {
    let (id, key_id) = (AccountId::random(), KeyId::random());
    work.add_entries(&[NewEntry::Key(key_id)])?;
    let key = work.keys.key(key_id)?;
    let key = key.ok_or(Fault::Unreadable("key"))?;
    let handle = HANDLE.seal(&key, row_id(id), new.handle.as_bytes());
    let insert = "INSERT INTO accounts (id, key, handle) VALUES (?1, ?2, ?3)";
    (work.db.prepare_cached(insert)?).execute(params![row_id(id), key_id.0, handle])?;
    let lookup = handle_lookup(work.keys, &new.handle);
    claim_handle(work, lookup, id)?;
    for identity in &new.identities {
        add(work, id, &key, identity)?;
    }
    Ok(id)
}

fn add(
    work: &mut Work<'_>,
    id: AccountId,
    key: &FieldKey,
    identity: &Identity,
) -> Result<(), Fault> {
    let hash = lookup_of(work.keys, identity);
    if !claim(work, hash, id)? {
        return Ok(());
    }
    // The address that a provider vouched for, confirmed now: it is kept once.
    if let Identity::Email(address) = identity
        && let Some((row, contact)) = contact(work.db, id, key)?
        && canonical_email(&contact) == canonical_email(address)
    {
        let confirm = "UPDATE emails SET confirmed = 1 WHERE id = ?1";
        (work.db.prepare_cached(confirm)?).execute([row])?;
        return Ok(());
    }
    let row = fresh_row();
    let (insert, sealed) = match identity {
        Identity::Email(address) => (
            "INSERT INTO emails (id, account, address) VALUES (?1, ?2, ?3)",
            EMAIL.seal(key, row, address.as_bytes()),
        ),
        Identity::Subject { .. } => (
            "INSERT INTO subjects (id, account, subject) VALUES (?1, ?2, ?3)",
            SUBJECT.seal(key, row, identity.canonical().as_bytes()),
        ),
    };
    (work.db.prepare_cached(insert)?).execute(params![row, row_id(id), sealed])?;
    Ok(())
}

/// Lets a lookup lead to an account. Returns whether it did not already.
pub(super) fn claim(work: &mut Work<'_>, hash: LookupHash, id: AccountId) -> Result<bool, Fault> {
    match owner_of(work.db, work.keys, hash)? {
        Some(owner) if owner == id => Ok(false),
        Some(_) => Err(StoreError::Taken.into()),
        None => {
            // It may lead to an account that is no more: from a backup older than the keys.
            if work.keys.find(hash).is_some() {
                work.keys.destroy(&[EntryId::Lookup(hash)])?;
            }
            work.add_entries(&[NewEntry::Lookup(hash, id.bits())])?;
            Ok(true)
        }
    }
}

/// The account that a lookup leads to, if it exists.
pub(super) fn owner_of(
    db: &Connection,
    keys: &KeyStore,
    hash: LookupHash,
) -> Result<Option<AccountId>, Fault> {
    let Some(id) = keys.find(hash).map(AccountId::from_bits) else {
        return Ok(None);
    };
    let mut exists = db.prepare_cached("SELECT 1 FROM accounts WHERE id = ?1")?;
    Ok(exists.exists([row_id(id)])?.then_some(id))
}

/// Refuses to go on when only one way signs in to an account.
pub(super) fn keep_a_way(db: &Connection, id: AccountId) -> Result<(), Fault> {
    let count = "SELECT (SELECT count(*) FROM emails WHERE account = ?1 AND confirmed = 1) + (SELECT count(*) FROM subjects WHERE account = ?1) + (SELECT count(*) FROM passkeys WHERE account = ?1)";
    let ways: i64 = (db.prepare_cached(count)?).query_row([row_id(id)], |row| row.get(0))?;
    match ways < 2 {
        true => Err(StoreError::LastWay.into()),
        false => Ok(()),
    }
}

fn remove(
    work: &mut Work<'_>,
    needles: &mut Needles,
    id: AccountId,
    identity: &Identity,
) -> Result<bool, Fault> {
    let Some(key) = key_of(work.db, work.keys, id)? else {
        return Ok(false);
    };
    let wanted = identity.canonical();
    let (kept, select, delete) = match identity {
        Identity::Email(_) => (
            emails(work.db, id, &key)?,
            "SELECT address FROM emails WHERE id = ?1",
            "DELETE FROM emails WHERE id = ?1",
        ),
        Identity::Subject { .. } => (
            subjects(work.db, id, &key)?,
            "SELECT subject FROM subjects WHERE id = ?1",
            "DELETE FROM subjects WHERE id = ?1",
        ),
    };
    let same = (kept.into_iter()).find(|(_, kept)| kept.canonical() == wanted);
    let Some((row, _)) = same else {
        return Ok(false);
    };
    keep_a_way(work.db, id)?;
    needles.add_columns(work.db, select, [row])?;
    (work.db.prepare_cached(delete)?).execute([row])?;
    let hash = lookup_of(work.keys, identity);
    // What waits to go to the address does not go there any more.
    if matches!(identity, Identity::Email(_)) {
        mails::drop_topics(work, needles, id, |_| true)?;
        for attempt in work.keys.attempts_of(hash) {
            mails::remove_of_attempt(work, needles, attempt)?;
        }
    }
    let lookup = EntryId::Lookup(hash);
    needles.add_traces(work, lookup)?;
    work.remove_entries(&[lookup])?;
    Ok(true)
}

fn read(reading: &Reading<'_>, id: AccountId) -> Result<Option<Account>, Fault> {
    let Some(key) = key_of(reading.db, reading.keys, id)? else {
        return Ok(None);
    };
    let mut wanted = (reading.db)
        .prepare_cached("SELECT handle, picture, preferences FROM accounts WHERE id = ?1")?;
    let mut rows = wanted.query([row_id(id)])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let (handle, picture): (Vec<u8>, Option<Vec<u8>>) = (row.get(0)?, row.get(1)?);
    let preferences: Option<Vec<u8>> = row.get(2)?;
    let picture = picture.map(|sealed| PICTURE.open_text(&key, row_id(id), &sealed));
    let mut identities = emails(reading.db, id, &key)?;
    identities.extend(subjects(reading.db, id, &key)?);
    let contact = contact(reading.db, id, &key)?;
    Ok(Some(Account {
        id,
        handle: HANDLE.open_text(&key, row_id(id), &handle)?,
        picture: picture.transpose()?,
        identities: identities.into_iter().map(|(_, one)| one).collect(),
        contact: contact.map(|(_, address)| address),
        preferences: opened_preferences(&key, id, preferences)?,
    }))
}

/// What an account chose, and nothing else of it.
pub(super) fn preferences_of(
    db: &Connection,
    key: &FieldKey,
    id: AccountId,
) -> Result<Preferences, Fault> {
    let mut wanted = db.prepare_cached("SELECT preferences FROM accounts WHERE id = ?1")?;
    let sealed = wanted.query_row([row_id(id)], |row| row.get(0))?;
    opened_preferences(key, id, sealed)
}

fn opened_preferences(
    key: &FieldKey,
    id: AccountId,
    sealed: Option<Vec<u8>>,
) -> Result<Preferences, Fault> {
    let Some(sealed) = sealed else {
        return Ok(Preferences::default());
    };
    let json = PREFERENCES.open_text(key, row_id(id), &sealed)?;
    serde_json::from_str(&json).map_err(|_| Fault::Unreadable("preferences"))
}

/// The address that a provider vouched for, with the number of its row.
fn contact(
    db: &Connection,
    id: AccountId,
    key: &FieldKey,
) -> Result<Option<(i64, Box<str>)>, Fault> {
    let select = "SELECT id, address FROM emails WHERE account = ?1 AND confirmed = 0";
    let kept = sealed_rows(db, select, id)?.into_iter().next();
    let opened = kept.map(|(row, sealed)| Ok((row, EMAIL.open_text(key, row, &sealed)?)));
    opened.transpose()
}

/// The addresses that sign in to an account, each with the number of its row.
fn emails(db: &Connection, id: AccountId, key: &FieldKey) -> Result<Vec<(i64, Identity)>, Fault> {
    let select = "SELECT id, address FROM emails WHERE account = ?1 AND confirmed = 1";
    let mut found = Vec::new();
    for (row, sealed) in sealed_rows(db, select, id)? {
        let address = EMAIL.open_text(key, row, &sealed)?;
        found.push((row, Identity::Email(address)));
    }
    Ok(found)
}

fn subjects(db: &Connection, id: AccountId, key: &FieldKey) -> Result<Vec<(i64, Identity)>, Fault> {
    let select = "SELECT id, subject FROM subjects WHERE account = ?1";
    let mut found = Vec::new();
    for (row, sealed) in sealed_rows(db, select, id)? {
        let text = SUBJECT.open_text(key, row, &sealed)?;
        let (provider, subject) = text.split_once('\n').ok_or(Fault::Unreadable("subject"))?;
        let (provider, subject) = (provider.into(), subject.into());
        found.push((row, Identity::Subject { provider, subject }));
    }
    Ok(found)
}

fn sealed_rows(
    db: &Connection,
    select: &str,
    id: AccountId,
) -> rusqlite::Result<Vec<(i64, Vec<u8>)>> {
    let mut select = db.prepare_cached(select)?;
    let rows = select.query_map([row_id(id)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// The lookups that an account's rows stand for, passkeys aside.
pub(super) fn lookups(
    db: &Connection,
    keys: &KeyStore,
    id: AccountId,
    key: &FieldKey,
) -> Result<Vec<LookupHash>, Fault> {
    let mut identities = emails(db, id, key)?;
    identities.extend(subjects(db, id, key)?);
    let hashes = identities.iter().map(|(_, one)| lookup_of(keys, one));
    let handle = handle_of(db, id, key)?.map(|handle| handle_lookup(keys, &handle));
    Ok(hashes.chain(handle).collect())
}

pub(super) fn lookup_of(keys: &KeyStore, identity: &Identity) -> LookupHash {
    let kind = match identity {
        Identity::Email(_) => LookupKind::Email,
        Identity::Subject { .. } => LookupKind::Subject,
    };
    keys.lookup(kind, identity.canonical().as_bytes())
}
