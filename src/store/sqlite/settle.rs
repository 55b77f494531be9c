//! At the start: asks the data about entries of the key store that a crash left unsettled.

use super::super::AccountId;
use super::fault::Fault;
use super::rows::key_of;
use super::{accounts, mails, passkeys, rooms};
use crate::keystore::{EntryId, KeyStore, LookupHash};
use rusqlite::Connection;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Keeps what the data name, destroys the rest.
pub(super) fn settle(db: &Connection, keys: &KeyStore) -> Result<(), Fault> {
    let (mut stay, mut go) = (Vec::new(), Vec::new());
    let mut known = Known::default();
    for entry in keys.unsettled() {
        match is_named(db, keys, entry, &mut known)? {
            true => stay.push(entry),
            false => go.push(entry),
        }
    }
    keys.settle(&stay)?;
    keys.destroy(&go)?;
    Ok(())
}

/// Lookups of accounts, worked out once each.
type Known = HashMap<AccountId, Vec<LookupHash>>;

fn is_named(
    db: &Connection,
    keys: &KeyStore,
    entry: EntryId,
    known: &mut Known,
) -> Result<bool, Fault> {
    match entry {
        EntryId::Key(id) => {
            let mut named = db.prepare_cached("SELECT 1 FROM accounts WHERE key = ?1")?;
            Ok(named.exists([id.0])? || rooms::named_guest(db, id)? || mails::names_key(db, id)?)
        }
        EntryId::Attempt(id) => {
            let mut named = db.prepare_cached("SELECT 1 FROM attempts WHERE id = ?1")?;
            Ok(named.exists([id.0])?)
        }
        EntryId::Lookup(hash) => {
            let Some(account) = keys.find(hash).map(AccountId::from_bits) else {
                return Ok(false);
            };
            let lookups = match known.entry(account) {
                Entry::Occupied(worked_out) => worked_out.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(lookups_of(db, keys, account)?),
            };
            Ok(lookups.contains(&hash))
        }
    }
}

/// Everything that leads to an account, by the data.
pub(super) fn lookups_of(
    db: &Connection,
    keys: &KeyStore,
    account: AccountId,
) -> Result<Vec<LookupHash>, Fault> {
    let Some(key) = key_of(db, keys, account)? else {
        return Ok(Vec::new());
    };
    let mut lookups = accounts::lookups(db, keys, account, &key)?;
    lookups.extend(passkeys::lookups(db, keys, account, &key)?);
    Ok(lookups)
}
