//! Passkeys, in SQLite.

use super::super::passkey::{NewPasskey, Passkey, PasskeyId, Passkeys};
use super::super::{AccountId, Call};
use super::SqliteStore;
use super::accounts::{claim, keep_a_way, owner_of};
use super::fault::Fault;
use super::rows::{Sealed, fresh_row, key_of, key_of_existing, row_id};
use crate::keystore::{EntryId, FieldKey, KeyStore, LookupHash, LookupKind};
use crate::store::StoreError;
use rusqlite::{Connection, params};

const ID: Sealed = Sealed {
    table: "passkeys",
    column: "credential_id",
};
const CREDENTIAL: Sealed = Sealed {
    table: "passkeys",
    column: "credential",
};
const LABEL: Sealed = Sealed {
    table: "passkeys",
    column: "label",
};

impl Passkeys for SqliteStore {
    fn add_passkey(&self, new: NewPasskey) -> Call<'_, PasskeyId> {
        Box::pin(self.change(move |work| {
            let key = key_of_existing(work.db, work.keys, new.account)?;
            let hash = lookup(work.keys, &new.credential_id);
            if !claim(work, hash, new.account)? {
                return Err(StoreError::Taken.into());
            }
            let row = fresh_row();
            let insert = "INSERT INTO passkeys (id, account, credential_id, credential, label) VALUES (?1, ?2, ?3, ?4, ?5)";
            (work.db.prepare_cached(insert)?).execute(params![
                row,
                row_id(new.account),
                ID.seal(&key, row, &new.credential_id),
                CREDENTIAL.seal(&key, row, &new.credential),
                LABEL.seal(&key, row, new.label.as_bytes()),
            ])?;
            Ok(PasskeyId(row as u64))
        }))
    }

    fn passkeys(&self, account: AccountId) -> Call<'_, Vec<Passkey>> {
        Box::pin(self.ask(
            move |reading| match key_of(reading.db, reading.keys, account)? {
                Some(key) => read(reading.db, account, &key),
                None => Ok(Vec::new()),
            },
        ))
    }

    fn account_of_passkey(&self, credential_id: Box<[u8]>) -> Call<'_, Option<AccountId>> {
        Box::pin(self.ask(move |reading| {
            let hash = lookup(reading.keys, &credential_id);
            owner_of(reading.db, reading.keys, hash)
        }))
    }

    fn update_passkey(
        &self,
        account: AccountId,
        id: PasskeyId,
        credential: Box<[u8]>,
    ) -> Call<'_, bool> {
        Box::pin(self.change(move |work| {
            let Some(key) = key_of(work.db, work.keys, account)? else {
                return Ok(false);
            };
            let row = id.0 as i64;
            let sealed = CREDENTIAL.seal(&key, row, &credential);
            let update = "UPDATE passkeys SET credential = ?3 WHERE id = ?1 AND account = ?2";
            let updated =
                (work.db.prepare_cached(update)?).execute(params![row, row_id(account), sealed])?;
            Ok(updated > 0)
        }))
    }

    fn remove_passkey(&self, account: AccountId, id: PasskeyId) -> Call<'_, bool> {
        Box::pin(self.delete(move |work, needles| {
            let Some(key) = key_of(work.db, work.keys, account)? else {
                return Ok(false);
            };
            let kept = read(work.db, account, &key)?;
            let Some(passkey) = kept.into_iter().find(|kept| kept.id == id) else {
                return Ok(false);
            };
            keep_a_way(work.db, account)?;
            let select = "SELECT credential_id, credential, label FROM passkeys WHERE id = ?1";
            needles.add_columns(work.db, select, [id.0 as i64])?;
            let delete = "DELETE FROM passkeys WHERE id = ?1";
            (work.db.prepare_cached(delete)?).execute([id.0 as i64])?;
            let lookup = EntryId::Lookup(lookup(work.keys, &passkey.credential_id));
            needles.add_traces(work, lookup)?;
            work.remove_entries(&[lookup])?;
            Ok(true)
        }))
    }
}

fn lookup(keys: &KeyStore, credential_id: &[u8]) -> LookupHash {
    keys.lookup(LookupKind::Passkey, credential_id)
}

fn read(db: &Connection, account: AccountId, key: &FieldKey) -> Result<Vec<Passkey>, Fault> {
    let select = "SELECT id, credential_id, credential, label FROM passkeys WHERE account = ?1";
    let mut select = db.prepare_cached(select)?;
    let mut rows = select.query([row_id(account)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        let sealed: [Vec<u8>; 3] = [row.get(1)?, row.get(2)?, row.get(3)?];
        found.push(Passkey {
            id: PasskeyId(number as u64),
            credential_id: ID.open(key, number, &sealed[0])?,
            credential: CREDENTIAL.open(key, number, &sealed[1])?,
            label: LABEL.open_text(key, number, &sealed[2])?,
        });
    }
    Ok(found)
}

/// The lookups that the passkeys of an account stand for.
pub(super) fn lookups(
    db: &Connection,
    keys: &KeyStore,
    account: AccountId,
    key: &FieldKey,
) -> Result<Vec<LookupHash>, Fault> {
    let passkeys = read(db, account, key)?;
    let hashes = passkeys.iter().map(|one| lookup(keys, &one.credential_id));
    Ok(hashes.collect())
}
